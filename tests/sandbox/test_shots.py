"""Pictures of rooms: what needs no client is proved here, and Chromium against a page of our own."""

import json
import os
import struct
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.sandbox.seen import Room
from bridge.sandbox.shots.__main__ import shots
from bridge.sandbox.shots.camera import LOOKS, Look, log_in, look_through, picture
from bridge.sandbox.shots.chromium import BrowserTrouble, Chromium, find_chromium
from bridge.sandbox.shots.client import ClientMissing, Kind, Served, WebClient, web_client
from bridge.sandbox.shots.tour import stops_of

HOMESERVER = "http://127.0.0.1:8008"
PAGE = """<!doctype html><title>Cinny</title>
<style>
  body { margin: 0; background: rgb(250, 250, 250) }
  @media (prefers-color-scheme: dark) { body { background: rgb(20, 20, 20) } }
</style>
<form><input name="server" readonly value="x"><input name="user"><input type="password"><button>In</button></form>
<p></p>
<script>
  const form = document.querySelector('form'), said = document.querySelector('p');
  form.onsubmit = event => {
    event.preventDefault();
    said.dataset.who = form.user.value + ':' + form.querySelector('[type=password]').value;
    form.remove();
  };
  onhashchange = () => { said.textContent = said.dataset.who + ' sees ' + location.hash; };
</script>"""


def _has_chromium() -> bool:
    try:
        return bool(find_chromium())
    except BrowserTrouble:
        return False


needs_chromium = pytest.mark.skipif(
    not os.environ.get("CI") and not _has_chromium(),
    reason="There is no Chromium here: apt-get install chromium.",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "config.json").write_text('{"homeserverList": ["example.org"]}')
    return tmp_path


@pytest.mark.parametrize(
    ("index", "named", "sentence"),
    [
        (None, "", "Say which client: CLIENT=folder"),
        (None, "nowhere", "There is no web client in"),
        ("<title>Somebody's site</title>", "", "is not known here"),
        ("no title at all", "", "is not known here"),
    ],
)
def test_a_client_that_is_not_there_is_a_sentence(
    index: str | None, named: str, sentence: str, tmp_path: Path
) -> None:
    if index:
        (tmp_path / "index.html").write_text(index)
    folder = str(tmp_path / named) if index or named else ""
    with pytest.raises(ClientMissing, match=sentence) as told:
        web_client(folder)
    assert "Cinny or Element" in str(told.value)


def test_the_command_says_so_and_starts_nothing() -> None:
    done = CliRunner().invoke(shots, ["--story", "renewal"])
    assert done.exit_code == 1
    assert done.output.startswith("Say which client: CLIENT=folder")


def test_without_a_browser_there_is_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    done = CliRunner().invoke(shots, ["--story", "renewal", "--client", str(folder)])
    assert done.exit_code == 1
    assert "apt-get install chromium" in done.output


@pytest.mark.parametrize("title", ["Cinny", " Element | friends", "ELEMENT"])
def test_a_client_is_known_by_its_title(title: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(f"<head><TITLE>{title}</TITLE></head>")
    assert web_client(str(tmp_path)).kind in title.lower()


@pytest.mark.parametrize("kind", Kind)
def test_its_only_homeserver_is_the_sandboxs(kind: Kind) -> None:
    config = json.dumps(WebClient(Path(), kind).config(HOMESERVER, "sandbox.test"))
    assert HOMESERVER in config
    assert "https://" not in config


@pytest.mark.parametrize(
    ("kind", "space", "path"),
    [
        (Kind.ELEMENT, "!space", "/room/!room:x"),
        (Kind.CINNY, "!space", "/%21space/%21room%3Ax/"),
        (Kind.CINNY, None, "/home/%21room%3Ax/"),
    ],
)
def test_a_room_has_an_address(kind: Kind, space: str | None, path: str) -> None:
    assert WebClient(Path(), kind).path_of("!room:x", space) == path


class _Anybody:
    def __init__(self, *rooms: Room) -> None:
        self.rooms = list(rooms)


def _room(room_id: str, name: str, *bodies: str, membership: str = "join") -> Room:
    room = Room(room_id, membership)
    room.take_state([{"type": "m.room.name", "state_key": "", "content": {"name": name}}])
    room.take_timeline(
        {
            "type": "m.room.message",
            "event_id": f"${room_id}{number}",
            "sender": "@stripe:x",
            "origin_server_ts": 1,
            "content": {"body": body},
        }
        for number, body in enumerate(bodies)
    )
    return room


def test_rooms_that_something_was_said_in_are_pictured() -> None:
    space = Room("!space")
    space.take_state(
        [
            {"type": "m.room.create", "state_key": "", "content": {"type": "m.space"}},
            {"type": "m.space.child", "state_key": "!a", "content": {"via": ["x"]}},
            {"type": "m.space.child", "state_key": "!b", "content": {}},
        ]
    )
    rooms = (
        _room("!b", "Zoe", "🔔 [test] Renewal failed: €49.00\n- more"),
        _room("!a", "Ada · Dispute", "old", "Paid"),
        _room("!c", "Silent"),
        _room("!d", "Left", "words", membership="leave"),
    )
    person = _Anybody(space, *rooms)
    stops = list(stops_of(person, WebClient(Path(), Kind.CINNY)))  # type: ignore[arg-type]
    assert [(one.file, one.words) for one in stops] == [("ada-dispute", "Paid"), ("zoe", "test")]
    assert [one.path.split("/")[1] for one in stops] == ["%21space", "home"]


@needs_chromium
async def test_chromium_logs_in_and_pictures_each_look(folder: Path) -> None:
    client = web_client(str(folder))
    config = client.config(HOMESERVER, "sandbox.test")
    async with Served(client, config) as served, Chromium(find_chromium()) as browser:
        page = await browser.page()
        await log_in(page, served.url, "sam", "secret'\"")
        assert await page.evaluate("fetch('/config.json').then(got => got.json())") == config
        await page.evaluate("location.hash = '/home/room/'")
        await page.until("document.body.innerText.includes('sees')", what="the room")
        assert (
            await page.evaluate("document.body.innerText.trim()")
            == "sam:secret'\" sees #/home/room/"
        )
        for look in LOOKS:
            await look_through(page, look)
            _is_of(look, await picture(page))


@needs_chromium
async def test_what_a_page_does_not_show_is_a_sentence_and_nothing_is_left_behind(
    folder: Path,
) -> None:
    async with Chromium(find_chromium()) as browser:
        page = await browser.page()
        with pytest.raises(BrowserTrouble, match="did not show a miracle within 0 s"):
            await page.until("false", what="a miracle", within=0)
        with pytest.raises(BrowserTrouble, match="The page threw"):
            await page.evaluate("nobody.knows")
        with pytest.raises(BrowserTrouble, match=r"Chromium refused Page\.fly"):
            await page.do("Page.fly")
        profile = browser.process.log.parent
        assert profile.exists()
    assert browser.process.pid is None
    assert not profile.exists()


def _is_of(look: Look, png: bytes) -> None:
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (look.width * look.scale, look.height * look.scale)
    assert _first_point(png) == ((20, 20, 20) if look.dark else (250, 250, 250))


def _first_point(png: bytes) -> tuple[int, ...]:
    """Whatever filter its line has, the first point stands there as it is."""
    data, at = b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(data)[1:4])
