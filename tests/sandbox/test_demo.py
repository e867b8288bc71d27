"""The command as a newcomer runs it, and what is left of it afterwards."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bridge.sandbox import demo
from bridge.sandbox.person import Person
from bridge.sandbox.seen import RoomEvent

_WITHIN = 120


class Running:
    """The command, with what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.printed = ""

    async def prints(self, line: str) -> None:
        assert self.process.stdout
        async with asyncio.timeout(_WITHIN):
            while line not in self.printed:
                more = await self.process.stdout.readline()
                assert more, f"it ended without {line!r}:\n{self.printed}"
                self.printed += more.decode()

    async def ends(self) -> int:
        assert self.process.stdout
        async with asyncio.timeout(_WITHIN):
            self.printed += (await self.process.stdout.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def _demo(directory: Path, *options: str) -> AsyncIterator[Running]:
    """All that it starts has `directory` on its command line."""
    command = Path(sys.executable).with_name("stripe-bridge")
    process = await asyncio.create_subprocess_exec(
        command, "demo", *options,
        stdout=asyncio.subprocess.PIPE,
        env={"TMPDIR": str(directory), "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def _is_gone(directory: Path) -> bool:
    """No file and no process is left."""
    return not list(directory.iterdir()) and not _commands_with(str(directory))


def _commands_with(word: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has just ended
    return [command for command in found if word in command]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
async def test_the_main_job_is_seen_from_the_outside_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    async with _demo(tmp_path, "--once") as running:
        assert await running.ends() == demo.SEEN, running.printed
    count = re.fullmatch(
        r"story black-friday: (\d+) of (\d+) steps seen", running.printed.splitlines()[-1]
    )
    assert count
    assert count[1] == count[2]
    assert _is_gone(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
async def test_it_stays_up_for_people_and_events_until_ctrl_c(tmp_path: Path) -> None:
    async with _demo(tmp_path) as running:
        await running.prints("Ctrl-C ends everything")
        assert _commands_with(str(tmp_path))
        password = re.search(r"\bsam *│ (\w+)", running.printed)
        homeserver = re.search(r"Homeserver: (\S+)", running.printed)
        example = re.search(r"curl -d '(.*)' (\S+/checkout_succeeds)", running.printed)
        assert password and homeserver and example
        async with await Person.login(homeserver[1], "sam", password[1]) as sam:
            await sam.is_in("#payments")
            async with (
                aiohttp.ClientSession() as http,
                http.post(example[2], data=example[1]) as answer,
            ):
                assert answer.status == 200
            await sam.sees(room="#payments", where=_is_new_sale)
        running.process.send_signal(signal.SIGINT)
        assert await running.ends() == demo.SEEN
    assert _is_gone(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
async def test_it_can_be_ended_while_it_starts(tmp_path: Path) -> None:
    async with _demo(tmp_path, "--once") as running:
        await running.prints("Starting")
        running.process.send_signal(signal.SIGTERM)
        assert await running.ends() == demo.INTERRUPTED
    assert _is_gone(tmp_path)


async def test_an_unknown_story_is_told_with_those_there_are(tmp_path: Path) -> None:
    async with _demo(tmp_path, "--story", "cyber-monday") as running:
        assert await running.ends() == demo.UNKNOWN_STORY
    assert "black-friday" in running.printed


def _is_new_sale(event: RoomEvent) -> bool:
    return "€49.00" in event.body
