"""The rooms of a story that was played, each in every look, as PNG files."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.sandbox.homeserver import SERVER_NAME
from bridge.sandbox.person import Person
from bridge.sandbox.seen import Room
from bridge.sandbox.shots.camera import LOOKS, Look, log_in, look_through, picture
from bridge.sandbox.shots.chromium import Chromium, Page, find_chromium
from bridge.sandbox.shots.client import Served, WebClient
from bridge.sandbox.world import World

_ROOM_SECONDS = 45


@dataclass(frozen=True)
class Stop:
    """`words` must be on the page before it is pictured."""

    file: str
    path: str
    words: str


async def take(world: World, client: WebClient, member: str, folder: Path) -> list[Path]:
    """What that person sees of their rooms; the files that were written."""
    program = find_chromium()
    stops = list(stops_of(world.people[member], client))
    config = client.config(world.homeserver.url, SERVER_NAME)
    async with Served(client, config) as served, Chromium(program) as browser:
        page = await browser.page()
        await log_in(page, served.url, member, world.logins[member].password)
        return [await _shot(page, stop, look, folder) for look in LOOKS for stop in stops]


async def _shot(page: Page, stop: Stop, look: Look, folder: Path) -> Path:
    await look_through(page, look)
    await page.evaluate(f"location.hash = {json.dumps(stop.path)}")
    words = json.dumps(stop.words)
    await page.until(
        f"document.body.innerText.replace(/\\s+/g, ' ').includes({words})",
        what=stop.words,
        within=_ROOM_SECONDS,
    )
    return _kept(folder / f"{stop.file}-{look.name}.png", await picture(page))


def _kept(path: Path, png: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png)
    return path


def stops_of(person: Person, client: WebClient) -> Iterator[Stop]:
    """Their rooms that somebody has said something in, by name."""
    rooms = [room for room in person.rooms if room.membership == "join"]
    spaces = [room for room in rooms if room.is_space]
    for room in sorted(rooms, key=lambda one: one.name):
        shown = [event for event in room.shown() if event.body]
        if room.is_space or not shown:
            continue
        space = next((one for one in spaces if _has(one, room)), None)
        path = client.path_of(room.room_id, space.room_id if space else None)
        yield Stop(_plain(room.name), path, _first_words(shown[-1].body))


def _has(space: Room, room: Room) -> bool:
    return bool(space.state.get(("m.space.child", room.room_id), {}).get("via"))


def _first_words(body: str) -> str:
    """What a client shows of it whatever it makes of its signs."""
    first = body.splitlines()[0]
    return " ".join(re.findall(r"[A-Za-z]+(?: [A-Za-z]+)*", first)[:1]) or first


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "room"
