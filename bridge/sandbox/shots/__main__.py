"""`python -m bridge.sandbox.shots`: plays a story, then pictures its rooms. See `make shots`."""

import asyncio
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from bridge.model.errors import BridgeError
from bridge.sandbox.cast import CAST
from bridge.sandbox.shots.chromium import find_chromium
from bridge.sandbox.shots.client import WebClient, web_client
from bridge.sandbox.shots.tour import take
from bridge.sandbox.stories import STORIES
from bridge.sandbox.story import Stage, Story, play
from bridge.sandbox.transcript import Transcript
from bridge.sandbox.world import World


@click.command()
@click.option("--client", default="", help="The folder of a built Cinny or Element.")
@click.option("--story", type=click.Choice(list(STORIES)), required=True)
@click.option("--person", type=click.Choice([one.name for one in CAST]), default=CAST[0].name)
@click.option("--to", type=click.Path(path_type=Path), default=Path("build/shots"))
def shots(client: str, story: str, person: str, to: Path) -> None:
    """Write PNG files of the rooms that a story leaves, as the person's client shows them."""
    try:
        found = web_client(client)
        find_chromium()
        written = asyncio.run(_played(STORIES[story], found, person, to))
    except BridgeError as trouble:
        click.echo(str(trouble), err=True)
        sys.exit(1)
    click.echo(f"{len(written)} pictures in {to}")


async def _played(story: type[Story], client: WebClient, person: str, to: Path) -> list[Path]:
    transcript = Transcript(Console(highlight=False, stderr=True), story.opening)
    with tempfile.TemporaryDirectory(prefix="stripe-bridge-shots-") as directory:
        async with World(Path(directory), heard=transcript.heard) as world:
            stage = Stage(world, transcript)
            if not await play(story(stage), stage):
                raise BridgeError("The story was not seen to its end: there is nothing to picture.")
            return await take(world, client, person, to)


if __name__ == "__main__":
    shots()
