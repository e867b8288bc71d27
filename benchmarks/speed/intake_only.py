"""The bridge's own web part, as `stripe-bridge run` puts it together, without the worker.

`python -m benchmarks.speed.intake_only CONFIG`: so that what is measured is taking webhooks in, and
not how the work on them competes with that for the same processor.
"""

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

from bridge import logs
from bridge.app import build, settle_down
from bridge.config import load


async def serve(config: Path) -> None:
    bridge = build(load(config, os.environ))
    settle_down()
    runner = web.AppRunner(bridge.web, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, bridge.config.web.host, bridge.config.web.port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logs.configure()
    asyncio.run(serve(Path(sys.argv[1])))
