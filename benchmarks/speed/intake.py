"""Webhooks taken in durably: how many a second, and how long the slowest wait, beside the barest server."""

import secrets
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.speed.bridges import ROOT, BridgeProcess, Setting
from benchmarks.speed.figures import Book
from benchmarks.speed.load import Sent, send
from benchmarks.speed.webhooks import Postbag, Signer
from bridge.sandbox.cast import ACCOUNT
from bridge.sandbox.homeserver import Appservice
from bridge.sandbox.ports import Port
from bridge.sandbox.process import Process
from bridge.store.migrate import upgrade_async

CONNECTIONS = (1, 16, 64)
_NOBODY = "http://127.0.0.1:9"


class Pair:
    """The bridge's intake and the barest server, each with a store of the same kind."""

    def __init__(self, name: str, directory: Path, ours: str, theirs: str) -> None:
        self.name = name
        self._directory = directory
        self._ours, self._theirs = ours, theirs
        self._bag = Postbag()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def compare(self, book: Book, requests: dict[int, int]) -> None:
        """One round, at each number of connections; `requests` is how many are sent at that number."""
        for connections, number in requests.items():
            bare = await self._run(self._bare_port.number, self._signer, number, connections)
            ours = await self._run(self._bridge.port, self._bridge.signer, number, connections)
            part = f"{self.name}, {connections} at once"
            book.note("intake_vs_bare", ours.per_second / bare.per_second, part)
            book.note("intake_p99_ms_over_bare", _p99(ours) / _p99(bare), part)
            book.tell(
                "intake_vs_bare",
                **{f"{part}: bare": bare.per_second, f"{part}: bridge": ours.per_second},
            )
            book.tell(
                "intake_p99_ms_over_bare",
                **{f"{part}: bare ms": 1000 * _p99(bare), f"{part}: bridge ms": 1000 * _p99(ours)},
            )

    async def _run(self, port: int, signer: Signer, number: int, connections: int) -> Sent:
        requests = [signer.request(one) for one in self._bag.over_rooms(number)]
        return await send(port, requests, connections)

    async def _start(self) -> None:
        appservice = Appservice("bench", self._open.enter_context(Port()), "stripe", "stripe_")
        setting = Setting(self._directory, _NOBODY, _NOBODY, appservice, self._ours)
        program = ("benchmarks.speed.intake_only",)
        self._bridge = await self._open.enter_async_context(
            BridgeProcess(setting, f"intake-{self.name}", program=program)
        )
        await upgrade_async(self._theirs)
        self._bare_port = self._open.enter_context(Port())
        secret = f"whsec_{secrets.token_hex(16)}"
        self._signer = Signer(secret, f"/stripe/webhook/{ACCOUNT}")
        words = [str(self._bare_port.number), self._theirs, secret]
        bare = Process(
            "bare intake",
            [sys.executable, "-m", "benchmarks.speed.bare_intake", *words],
            log=self._directory / f"bare-{self.name}.log",
            environment={"PYTHONPATH": str(ROOT)},
        )
        self._open.callback(bare.stop)
        bare.start()
        await bare.answers(f"{self._bare_port.url}/ready")


def _p99(sent: Sent) -> float:
    took = sorted(sent.took)
    return took[min(len(took) - 1, int(len(took) * 0.99))]
