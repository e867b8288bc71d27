"""The way of one API request: key → route → permission → trouble → parameters → once → answer."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from . import faults, keys
from .errors import StripeError, not_served
from .events import API_VERSION, Cause
from .expand import expanded
from .faults import Fault
from .filing import Upload, read_parts
from .forms import parse_form
from .idempotency import Answer, Idempotency
from .params import Checker
from .resources.catalogue import ROUTES
from .routes import Call, Route, find
from .shapes import Json
from .world import Desk, World


@dataclass
class Entry:
    """One line of the request log: what was asked, by which key, and how it ended."""

    id: str
    at: datetime
    method: str
    path: str
    idempotency_key: str | None
    key: str | None = None
    params: Json = field(default_factory=dict)
    status: int | None = None
    code: str | None = None
    replayed: bool = False
    fault: str | None = None

    def as_json(self) -> Json:
        return {**vars(self), "at": self.at.isoformat()}


class Api:
    def __init__(self, world: World) -> None:
        self.world = world
        self.keys = keys.cut(livemode=world.livemode)
        self.faults = faults.Faults()
        self.log: list[Entry] = []
        self._checker = Checker()
        self.idempotency = Idempotency()
        self._release = asyncio.Event()
        self._holding = asyncio.Event()

    def release(self) -> None:
        """Let every request go on that a fault is holding."""
        self._holding.clear()
        self._release.set()
        self._release = asyncio.Event()

    async def holding(self) -> None:
        """Return when a fault holds a request."""
        await self._holding.wait()

    async def _hold(self) -> None:
        self._holding.set()
        await self._release.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        entry = Entry(
            id=self.world.ids.new("request"),
            at=self.world.clock.now(),
            method=request.method,
            path=request.path,
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        self.log.append(entry)
        try:
            return await self._answer(request, entry)
        except StripeError as error:
            entry.status, entry.code = error.status, error.code
            return self._response(
                Answer(error.status, error.body(), entry.id), entry, error.headers
            )

    async def _answer(self, request: web.Request, entry: Entry) -> web.StreamResponse:
        key = self.keys.find(request.headers.get("Authorization"))
        entry.key = key.name
        route, names = find(ROUTES, request.method, request.path)
        keys.check(key, route.permission, self.world.account["id"])
        fault = self.faults.take(request.method, request.path)
        entry.fault = fault.kind if fault else None
        raw, upload = await _given(request)
        if "Stripe-Request-Trigger" in request.headers:
            # The SDK's fetch_event_async sends its usage mark as if it were a parameter.
            raw.pop("usage", None)
        entry.params = raw
        if fault and (refusal := faults.refusal(fault)):
            raise refusal
        if fault and fault.kind == "refused":
            return await _break_off(request, b"")
        desk = Desk(self.world, Cause(entry.id, entry.idempotency_key))
        call = Call(desk, self._checked(route, raw), names, entry.path, upload)
        answer = await self._once(entry, fault, lambda: self._run(route, call, entry))
        entry.status = answer.status
        return await self._deliver(request, entry, answer, fault)

    def _checked(self, route: Route, raw: Json) -> Json:
        params = self._checker.check(route.params, raw)
        for name in params:
            if name not in {"expand", *route.uses.split()}:
                raise not_served(name)
        return params

    async def _once(self, entry: Entry, fault: Fault | None, run: Callable[[], Answer]) -> Answer:
        key = entry.idempotency_key if entry.method == "POST" else None
        asked = (entry.method, entry.path, json.dumps(entry.params, sort_keys=True))
        if key and (given := self.idempotency.recall(key, asked, entry.at)):
            entry.replayed = True
            return given
        if key:
            self.idempotency.begin(key, asked, entry.at)
        if fault and fault.kind == "hold":
            await self._hold()
        answer = run()
        if fault and fault.kind == "error_after":
            answer = Answer(500, faults.unexpected(fault).body(), entry.id)
        if key:
            self.idempotency.finish(key, answer)
        return answer

    def _run(self, route: Route, call: Call, entry: Entry) -> Answer:
        try:
            body = expanded(self.world.store, route.run(call), call.params.get("expand", []))
        except StripeError as error:
            entry.code = error.code
            return Answer(error.status, error.body(), entry.id)
        return Answer(200, body, entry.id)

    async def _deliver(
        self, request: web.Request, entry: Entry, answer: Answer, fault: Fault | None
    ) -> web.StreamResponse:
        if fault and fault.kind == "silent":
            await self._hold()
            return await _break_off(request, b"")
        response = self._response(answer, entry, {})
        if fault and fault.kind == "cut":
            return await _break_off(request, response.body)
        return response

    def _response(self, answer: Answer, entry: Entry, more: Mapping[str, str]) -> web.Response:
        headers = {"Request-Id": entry.id, "Stripe-Version": API_VERSION, **more}
        if entry.idempotency_key:
            headers["Idempotency-Key"] = entry.idempotency_key
        if entry.replayed:
            headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.request}
        text = json.dumps(answer.body, indent=2, ensure_ascii=False)
        return web.json_response(text=text, status=answer.status, headers=headers)


async def _given(request: web.Request) -> tuple[Json, Upload | None]:
    if request.method != "POST":
        return parse_form(request.rel_url.raw_query_string), None
    if request.content_type == "multipart/form-data":
        return await read_parts(request)
    return parse_form(await request.text()), None


async def _break_off(request: web.Request, body: object) -> web.StreamResponse:
    """Begin the answer, or not even that, and close the connection in the middle of it."""
    broken = web.StreamResponse()
    if isinstance(body, bytes) and body:
        broken.content_type = "application/json"
        broken.content_length = len(body)
        await broken.prepare(request)
        await broken.write(body[: len(body) // 2])
    if request.transport:
        request.transport.close()
    return broken
