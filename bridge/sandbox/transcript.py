"""A story as it happens, in the terminal: when, where, who, and what was said."""

from datetime import UTC, datetime, time, timedelta

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bridge.sandbox.receiver import Notification
from bridge.sandbox.seen import Room, RoomEvent

_PLACE_WIDTH = 22
_WHO_WIDTH = 8


class Transcript:
    """Shows each room's event once, however many people see it. Its clock begins at `opening`."""

    def __init__(self, console: Console, opening: time) -> None:
        self._console = console
        self._opening = datetime.combine(datetime.now(UTC), opening, UTC)
        self._began = datetime.now(UTC)
        self._shown: set[str] = set()
        self._rooms: set[str] = set()

    def begin(self, title: str, intro: str) -> None:
        """From here on the story's own time runs."""
        self._began = datetime.now(UTC)
        self._console.print(Panel(Text(intro), title=Text(title, style="bold"), title_align="left"))

    def doing(self, what: str) -> None:
        """Work that is no part of the story: setting up, waiting, ending."""
        self._console.print(Text(what, style="dim"))

    def narrate(self, text: str) -> None:
        self._console.print()
        self._row("", "", Text(text, style="italic"))

    def stripe(self, what: str) -> None:
        """Something that happens at Stripe."""
        self._row("Stripe", "", Text(what), place_style="magenta")

    def notified(self, came: Notification) -> None:
        """Something that reached a place outside Matrix."""
        text = _lines(came.title, came.body.splitlines())
        self._row(f"Apprise → {came.path}", "", text, place_style="magenta")

    def heard(self, room: Room, event: RoomEvent) -> None:
        if event.event_id in self._shown:
            return
        self._shown.add(event.event_id)
        if event.reaction:
            self._row(
                room.name, _who(event), Text(f"reacts with {event.reaction}"), place_style="cyan"
            )
        elif event.kind == "m.room.message" and event.body:
            self._row(room.name, _who(event), _said(event), place_style="cyan")

    def seen(self, step: str) -> None:
        self._row("", "", Text(f"✓ {step}", style="green"))

    def unseen(self, step: str, why: str, logs: dict[str, str]) -> None:
        self._row("", "", Text(f"✗ {step}", style="bold red"))
        self._console.print(Text(why))
        for name, tail in logs.items():
            self._console.print(
                Panel(Text(tail), title=Text(f"the end of the log of {name}"), title_align="left")
            )

    def verdict(self, sentence: str) -> None:
        """A line of its own, in one piece: programs read it."""
        self._console.print()
        self._console.print(Text(sentence), soft_wrap=True)

    def _row(self, place: str, who: str, text: Text, *, place_style: str = "") -> None:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=8)
        table.add_column(width=_PLACE_WIDTH, no_wrap=True, overflow="ellipsis")
        table.add_column(width=_WHO_WIDTH, no_wrap=True, overflow="ellipsis")
        table.add_column()
        table.add_row(
            Text(self._now(), style="dim"),
            Text(place, style=place_style),
            Text(who, style="bold"),
            text,
        )
        self._console.print(table)

    def _now(self) -> str:
        passed: timedelta = datetime.now(UTC) - self._began
        return f"{self._opening + passed:%H:%M:%S}"


def _who(event: RoomEvent) -> str:
    return event.sender.partition(":")[0].removeprefix("@")


def _said(event: RoomEvent) -> Text:
    first, *rest = event.body.splitlines()
    marks = ("✎ " if event.replaces else "") + ("↳ " if event.thread else "")
    return _lines(marks + first, rest)


def _lines(first: str, rest: list[str]) -> Text:
    """The first line whole; the facts below it in a row; links as their labels."""
    below = Text(" · ", style="dim").join(_line(line) for line in rest if line.strip())
    return Text(first).append("\n").append_text(below) if below else Text(first)


def _line(line: str) -> Text:
    label, _, url = line.rpartition(": ")
    if url.startswith(("https://", "http://")):
        return Text(label, style=f"dim underline link {url}")
    return Text(line.removeprefix("- "), style="dim")
