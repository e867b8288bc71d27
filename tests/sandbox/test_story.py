import asyncio
import io
from collections.abc import Sequence
from datetime import UTC, datetime, time
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from rich.console import Console

from bridge.model.errors import BridgeError
from bridge.sandbox import story as module
from bridge.sandbox.seen import Room, RoomEvent
from bridge.sandbox.stories import STORIES
from bridge.sandbox.story import Stage, Step, Story, expect, play
from bridge.sandbox.transcript import Transcript
from bridge.sandbox.world import World


class Small(Story):
    name: ClassVar = "small"
    title: ClassVar = "Small"
    intro: ClassVar = "It is 21:00."
    opening: ClassVar = time(21, 0)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.played: list[str] = []
        self.trouble: BaseException | None = None

    def steps(self) -> Sequence[Step]:
        return [Step("the first thing", self.first), Step("the second thing", self.second)]

    async def first(self) -> None:
        self.played.append("first")

    async def second(self) -> None:
        self.played.append("second")
        if self.trouble:
            raise self.trouble


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def small(output: io.StringIO) -> Small:
    world = SimpleNamespace(logs=lambda: {"Synapse": "what Synapse logged"}, people={})
    transcript = Transcript(Console(file=output, width=100), time(21, 0))
    return Small(Stage(cast("World", world), transcript))


async def test_a_story_that_is_seen_ends_with_its_count(small: Small, output: io.StringIO) -> None:
    assert await play(small, small.stage)
    assert small.played == ["first", "second"]
    assert output.getvalue().splitlines()[-1] == "story small: 2 of 2 steps seen"


@pytest.mark.parametrize("trouble", [BridgeError("nobody came"), OSError("nobody came")])
async def test_a_step_that_is_not_seen_is_named_with_the_reason_and_the_logs(
    small: Small, output: io.StringIO, trouble: Exception
) -> None:
    small.trouble = trouble
    assert not await play(small, small.stage)
    told = output.getvalue()
    assert told.splitlines()[-1] == "story small: 1 of 2 steps seen; not seen: the second thing"
    assert "nobody came" in told
    assert "what Synapse logged" in told


async def test_a_step_does_not_wait_for_ever(
    small: Small, output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_SECONDS", 0.01)
    monkeypatch.setattr(small, "first", asyncio.Event().wait)
    assert not await play(small, small.stage)
    assert "not seen: the first thing" in output.getvalue().splitlines()[-1]
    assert small.played == []


async def test_a_mistake_in_a_story_is_no_verdict(small: Small) -> None:
    small.trouble = KeyError("a typing error")
    with pytest.raises(KeyError):
        await play(small, small.stage)


def test_what_is_expected_and_is_not_so_is_told() -> None:
    expect(true=True, otherwise="not said")
    with pytest.raises(BridgeError, match="said"):
        expect(true=False, otherwise="said")


def test_an_event_that_several_people_see_is_shown_once_and_as_plain_text(
    output: io.StringIO,
) -> None:
    transcript = Transcript(Console(file=output, width=100), time(21, 0))
    room = Room("!room:sandbox.test", state={("m.room.name", ""): {"name": "Ada Lovelace"}})
    event = _message(body="[red]paid[/red]\nin full")
    for _ in range(2):
        transcript.heard(room, event)
    line, more = output.getvalue().splitlines()
    assert line.split() == ["21:00:00", "Ada", "Lovelace", "sam", "[red]paid[/red]"]
    assert more.strip() == "in full"


def test_edits_threads_and_reactions_are_told_apart(output: io.StringIO) -> None:
    transcript = Transcript(Console(file=output, width=100), time(21, 0))
    room = Room("!room:sandbox.test")
    relations = [
        {"rel_type": "m.replace"},
        {"rel_type": "m.thread"},
        {"rel_type": "m.annotation", "key": "✅"},
    ]
    for relation in relations:
        event = _message(body="said", **{"m.relates_to": {"event_id": "$root", **relation}})
        transcript.heard(room, event)
    edit, thread, reaction = output.getvalue().splitlines()
    assert edit.endswith("✎ said")
    assert thread.endswith("↳ said")
    assert reaction.endswith("reacts with ✅")


@pytest.mark.parametrize("name", STORIES)
def test_every_story_is_listed_under_its_name_and_its_steps_are_told_apart(name: str) -> None:
    telling = STORIES[name]
    assert telling.name == name
    people: dict[str, Any] = dict.fromkeys(("sam", "fin", "eva"))
    world = SimpleNamespace(stripe=None, people=people, channel=str, room="{}/{}".format)
    stage = cast("Stage", SimpleNamespace(world=world, person=people.get))
    seen = [step.seen for step in telling(stage).steps()]
    assert len(seen) == len(set(seen)) > 0


_EVENTS = iter(range(1000))


def _message(**content: Any) -> RoomEvent:
    at = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
    sender = "@sam:sandbox.test"
    return RoomEvent(
        "!room:sandbox.test", f"${next(_EVENTS)}", sender, "m.room.message", content, at
    )
