"""`stripe-bridge demo`: a story on real parts, and a world to play in afterwards."""

import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.model.errors import BridgeError
from bridge.sandbox.cast import CAST
from bridge.sandbox.stories import STORIES
from bridge.sandbox.story import Stage, play
from bridge.sandbox.transcript import Transcript
from bridge.sandbox.world import World

SEEN, NOT_SEEN, UNKNOWN_STORY, INTERRUPTED = 0, 1, 2, 130

_LOG_WIDTH = 120


def run(story: str, once: bool) -> int:
    """Plays the story, and unless `once` stays up until Ctrl-C. Returns the exit code."""
    # Into a file or a CI's log, lines are wider than rich would guess.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    if story not in STORIES:
        console.print(f"There is no story {story!r}; there are: {', '.join(STORIES)}", markup=False)
        return UNKNOWN_STORY
    return asyncio.run(_until_stopped(story, console, once=once))


async def _until_stopped(story: str, console: Console, *, once: bool) -> int:
    """The first signal ends what is going on; what was started is then ended in peace."""
    loop = asyncio.get_running_loop()
    playing = asyncio.create_task(_play(story, console, once=once))

    def stop() -> None:
        if not playing.cancelling():
            playing.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        return await playing
    except asyncio.CancelledError:
        return INTERRUPTED


async def _play(story: str, console: Console, *, once: bool) -> int:
    telling = STORIES[story]
    transcript = Transcript(console, telling.opening)
    transcript.doing(
        "Starting Stripe's double, a Matrix homeserver and the bridge on loopback ports …"
    )
    with tempfile.TemporaryDirectory(prefix="stripe-bridge-demo-") as directory:
        try:
            async with World(
                Path(directory), heard=transcript.heard, notified=transcript.notified
            ) as world:
                stage = Stage(world, transcript)
                seen = await play(telling(stage), stage)
                if not once:
                    await _stay(world, console)
        except BridgeError as trouble:
            console.print(Text(str(trouble)))
            return NOT_SEEN
        return SEEN if seen else NOT_SEEN


async def _stay(world: World, console: Console) -> None:
    console.print()
    console.print(Text(_LOG_IN.format(homeserver=world.homeserver.url)), soft_wrap=True)
    console.print(_log_ins(world))
    console.print(Text(_HOW_TO.format(stripe=world.stripe.url)), soft_wrap=True)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        console.print(Text("Ending everything …", style="dim"))


def _log_ins(world: World) -> Table:
    table = Table("person", "user", "password", "Matrix id")
    for member in CAST:
        login = world.logins[member.name]
        table.add_row(member.title, member.name, login.password, login.user_id)
    return table


_LOG_IN = "Log in with any Matrix client. Homeserver: {homeserver}"
_HOW_TO = """\
More events from Stripe:
  curl -d '{{"amount": 4900, "currency": "eur"}}' {stripe}/_sandbox/happen/checkout_succeeds
  curl -d '{{"shuffle": true, "duplicates": 1}}' {stripe}/_sandbox/happen/renewal_fails
  curl -d '{{}}' {stripe}/_sandbox/happen/dispute_opens
All that can happen, and what Stripe knows:
  curl {stripe}/_sandbox/
  curl {stripe}/_sandbox/ledger
Ctrl-C ends everything and leaves nothing behind."""
