"""The bridge as `stripe-bridge run` runs it, with a clock that can jump and a store that can be full.

Only the harness starts a bridge like this; nothing in the product knows of it.
"""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from benchmarks.faults.control import VARIABLE, Control
from bridge import logs
from bridge.app import build, run_until
from bridge.config import load

_ALL_PAGES = 1_073_741_823


@dataclass(frozen=True)
class JumpingClock:
    control: Control

    def now(self) -> datetime:
        return datetime.now(UTC) + self.control.wrong_by


def can_be_full(control: Control) -> None:
    """From now on SQLite's own limit is set anew in every transaction: not one page more than there are."""

    @event.listens_for(Engine, "begin")
    def _limit(connection: Any) -> None:
        if connection.dialect.name != "sqlite":
            return
        full = control.full
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() if full else _ALL_PAGES
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


async def serve(config: Path, control: Control) -> None:
    bridge = build(load(config, os.environ), JumpingClock(control))
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        await run_until(bridge, stop)
    finally:
        await bridge.close()


def main() -> None:
    control = Control(Path(os.environ[VARIABLE]))
    logs.configure()
    can_be_full(control)
    asyncio.run(serve(Path(sys.argv[1]), control))


if __name__ == "__main__":
    main()
