"""The bridge's HTTP application: the edges' routes, health, metrics."""

from collections.abc import Awaitable, Callable, Iterable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import generate_latest

log = structlog.get_logger(__name__)

#: None when well, else a sentence.
Probe = Callable[[], Awaitable[str | None]]


def build(
    routes: Iterable[web.RouteDef], *, live: Probe, ready: Probe, max_body_bytes: int
) -> web.Application:
    app = web.Application(client_max_size=max_body_bytes, middlewares=[_no_traceback])
    app.add_routes(
        [
            *routes,
            web.get("/live", _probe(live)),
            web.get("/ready", _probe(ready)),
            web.get("/metrics", _metrics),
        ]
    )
    return app


def _probe(probe: Probe) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        trouble = await probe()
        return web.json_response({"status": trouble or "ok"}, status=503 if trouble else 200)

    return answer


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(
        body=generate_latest(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    )


@web.middleware
async def _no_traceback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors of HTTP and of ours as JSON; what nobody foresaw is logged and answered plainly."""
    try:
        return await handler(request)
    except web.HTTPException as known:
        code = "M_UNRECOGNIZED" if known.status in (404, 405) else "M_UNKNOWN"
        return web.json_response({"errcode": code, "error": known.reason}, status=known.status)
    except Exception as odd:
        log.exception("request_failed", path=request.path, error=type(odd).__name__)
        return web.json_response(
            {"errcode": "M_UNKNOWN", "error": "The bridge failed; see its log."}, status=500
        )
