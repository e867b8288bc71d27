"""A child process: its output in a log file, ready when it answers, ended by its own pid."""

import asyncio
import os
import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from bridge.model.errors import BridgeError

_TAIL_BYTES = 64 * 1024
_PAUSE = 0.03


class ProcessFailed(BridgeError):
    """A child ended or stayed silent; the sentence ends with the tail of its log."""


class Process:
    """Belongs to no event loop, so that a session's fixture can be restarted from any test."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = {**_environment(), **(environment or {})}
        self._user = user
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """While it runs."""
        return self._child.pid if self._child and self._child.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        return self._child.poll() if self._child else None

    def start(self) -> None:
        """In a session of its own: Ctrl-C reaches only us, and we end it in order."""
        if self.pid:
            raise ProcessFailed(f"{self.name} runs already (pid {self.pid}).")
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self.log.parent,
                start_new_session=True,
                **as_user(self._user),
            )

    def send(self, number: signal.Signals) -> None:
        if self.pid:
            os.kill(self.pid, number)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 15) -> int | None:
        """Asks it to end, and after `within` seconds ends it. Returns its exit code."""
        if self._child is None:
            return None
        self.send(number)
        try:
            return self._child.wait(within)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int | None:
        """Ends it at once, with whatever it has started."""
        if self.pid:
            os.killpg(self.pid, signal.SIGKILL)
        return self._child.wait() if self._child else None

    def ended(self, *, within: float) -> int:
        """Waits until it has ended by itself; returns its exit code, or raises `ProcessFailed`."""
        if self._child is None:
            raise ProcessFailed(f"{self.name} was not started.")
        try:
            return self._child.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise self.failed(f"did not end within {within:g} s") from None

    async def answers(self, url: str, *, within: float = 30) -> None:
        """Until `url` says 200. Raises `ProcessFailed` when the process ends or time runs out."""
        last = "no answer"
        try:
            async with asyncio.timeout(within), aiohttp.ClientSession() as http:
                while (last := await _status(http, url)) != "200":
                    self._must_run()
                    await asyncio.sleep(_PAUSE)
        except TimeoutError:
            raise self.failed(f"did not answer {url} within {within:g} s ({last})") from None

    def failed(self, what: str) -> ProcessFailed:
        return ProcessFailed(f"{self.name} {what}. The end of its log:\n{self.tail()}")

    def tail(self, lines: int = 25) -> str:
        if not self.log.exists():
            return "(nothing)"
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:]) or "(nothing)"

    def _must_run(self) -> None:
        if self.pid is None:
            raise self.failed(f"ended with exit code {self.exit_code}")


async def _status(http: aiohttp.ClientSession, url: str) -> str:
    try:
        async with http.get(url, timeout=aiohttp.ClientTimeout(total=5)) as answer:
            return str(answer.status)
    except (aiohttp.ClientError, TimeoutError) as trouble:
        return type(trouble).__name__


def _environment() -> dict[str, str]:
    """Little of ours: a child of the sandbox depends on nobody's shell, and knows no one's secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "NO_PROXY": "127.0.0.1,localhost"}


def as_user(user: str | None) -> dict[str, Any]:
    """What `subprocess` takes to run something as `user`; as ourselves when there is none."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
