"""The bridge's processes: started, killed, frozen and thawed by their own pids."""

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp

import bridge
from benchmarks.faults.control import VARIABLE, Control
from bridge.sandbox.ports import Port
from bridge.sandbox.process import Process, ProcessFailed

#: Where the package is: children run the same code as the harness, installed or not.
ROOT = Path(bridge.__file__).parents[1]
_READY_SECONDS = 60


@dataclass(frozen=True)
class BridgeProcess:
    process: Process
    port: Port
    control: Control

    def start(self) -> None:
        if self.process.pid is None:
            self.process.start()

    async def ready(self) -> None:
        await self.process.answers(f"{self.port.url}/ready", within=_READY_SECONDS)

    async def kill(self) -> None:
        await asyncio.to_thread(self.process.kill)

    def freeze(self) -> None:
        self.process.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send(signal.SIGCONT)

    async def up(self) -> None:
        """Running, thawed and ready, whatever was done to it; one that gave up is started again."""
        self.thaw()
        for _ in range(5):
            self.start()
            try:
                return await self.ready()
            except (ProcessFailed, aiohttp.ClientError):
                await self.kill()
        raise self.process.failed("does not become ready")


def bridge_process(config: Path, port: Port, *, name: str, launcher: bool) -> BridgeProcess:
    """With the harness's own launcher, `control` is heeded; without it `run` runs the bridge."""
    control = Control(config.with_name(name))
    control.folder.mkdir()
    program = ["benchmarks.faults.launcher"] if launcher else ["bridge", "run", "--config"]
    command = [sys.executable, "-m", *program, str(config)]
    environment = {"PYTHONPATH": str(ROOT), VARIABLE: str(control.folder)}
    process = Process(name, command, log=config.with_suffix(".log"), environment=environment)
    return BridgeProcess(process, port, control)
