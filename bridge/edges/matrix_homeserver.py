"""The homeserver, as the bridge's own user: matrix-nio with the appservice's token.

nio itself neither retries nor waits here: whatever goes wrong becomes an `Outcome`, and the lane
decides. `send` adds what nio has no word for: who acts, and with which device. With a device the
homeserver remembers transaction ids for a day, even across its own restarts.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from nio import AsyncClient, AsyncClientConfig, RoomPreset
from nio.responses import ErrorResponse, RoomResolveAliasResponse

from bridge.model.outcome import Dead, Delivered, Outcome, Retry
from bridge.model.ports import RoomMade, RoomSpec

DEVICE = "STRIPEBRIDGE"
_TIMEOUT = 30
_AWAY = (
    aiohttp.ClientConnectionError,
    TimeoutError,
    asyncio.TimeoutError,
    aiohttp.ClientPayloadError,
)


class _Client(AsyncClient):  # type: ignore[misc]  # nio is not checked here
    async def send(self, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        as_whom = urlencode({"user_id": self.user_id, "device_id": self.device_id})
        return await super().send(
            method, f"{path}{'&' if '?' in path else '?'}{as_whom}", *args, **kwargs
        )


class MatrixHomeserver:
    """Implements the `Homeserver` port."""

    def __init__(
        self, *, homeserver: str, user_id: str, as_token: str, federate: bool, history: str
    ) -> None:
        config = AsyncClientConfig(
            encryption_enabled=False,
            store=None,
            store_sync_tokens=False,
            max_limit_exceeded=0,
            max_timeouts=0,
            request_timeout=_TIMEOUT,
        )
        self._nio = _Client(homeserver, user_id, device_id=DEVICE, config=config)
        self._nio.access_token = as_token
        self._nio.user_id = user_id
        self.user_id = user_id
        self._federate = federate
        self._history = history
        self._started = False

    async def close(self) -> None:
        await self._nio.close()

    async def start(self) -> Outcome:
        """Make sure that the bridge's user and its device exist; every other method sees to it first."""
        if not self._started:
            outcome = await self._register()
            if isinstance(outcome, Dead):  # it is our set-up that is wrong, not any message
                return Retry(outcome.reason, outage=True)
            self._started = isinstance(outcome, Delivered)
            return outcome
        return Delivered()

    async def _register(self) -> Outcome:
        localpart = self.user_id[1:].partition(":")[0]
        account = {
            "type": "m.login.application_service",
            "username": localpart,
            "inhibit_login": True,
        }
        registered = await self._raw("POST", "/_matrix/client/v3/register", account, as_user=False)
        if not isinstance(registered, Delivered) and "M_USER_IN_USE" not in registered.reason:
            return registered
        device = {"display_name": "Stripe Chat Bridge"}
        return await self._raw("PUT", f"/_matrix/client/v3/devices/{DEVICE}", device, as_user=False)

    async def create_room(self, spec: RoomSpec) -> RoomMade | Outcome:
        if not isinstance(started := await self.start(), Delivered):
            return started
        answer = await self._call(
            self._nio.room_create(
                alias=spec.alias_localpart,
                name=spec.name,
                topic=spec.topic,
                invite=spec.invite,
                federate=self._federate,
                preset=RoomPreset.private_chat,
                space=spec.is_space,
                initial_state=self._initial_state(spec),
                power_level_override=_power(spec),
            )
        )
        if isinstance(answer, Delivered):
            made = answer.ref or ""
            if spec.space:
                await self._link(spec.space, made)
            return RoomMade(made)
        if isinstance(answer, Retry | Dead) and "M_ROOM_IN_USE" in answer.reason:
            return await self._by_alias(spec.alias_localpart) or Retry(
                "The room's alias is taken but leads nowhere."
            )
        return answer

    async def invite(self, room_id: str, user_id: str) -> Outcome:
        if not isinstance(started := await self.start(), Delivered):
            return started
        answer = await self._call(self._nio.room_invite(room_id, user_id))
        already = isinstance(answer, Dead) and "already in the room" in answer.reason
        return Delivered() if already else answer

    async def send(
        self, room_id: str, txn_id: str, content: Mapping[str, Any], kind: str = "m.room.message"
    ) -> Outcome:
        if not isinstance(started := await self.start(), Delivered):
            return started
        return await self._call(self._nio.room_send(room_id, kind, dict(content), tx_id=txn_id))

    async def joined_rooms(self) -> list[str] | Outcome:
        try:
            answer = await self._nio.joined_rooms()
        except _AWAY as away:
            return Retry(f"The homeserver is away ({type(away).__name__}).", outage=True)
        return _failure(answer) if isinstance(answer, ErrorResponse) else list(answer.rooms)

    async def _by_alias(self, localpart: str) -> RoomMade | None:
        server = self.user_id.partition(":")[2]
        try:
            answer = await self._nio.room_resolve_alias(f"#{localpart}:{server}")
        except _AWAY:
            return None  # whatever comes next meets the same fault, and says so
        return RoomMade(answer.room_id) if isinstance(answer, RoomResolveAliasResponse) else None

    async def _link(self, space: str, room_id: str) -> None:
        """A missing link costs only the order in people's lists, so a failure is left for the next start."""
        child = {"via": [self.user_id.partition(":")[2]]}
        await self._call(self._nio.room_put_state(space, "m.space.child", child, state_key=room_id))

    def _initial_state(self, spec: RoomSpec) -> list[dict[str, Any]]:
        state = [
            {"type": "m.room.history_visibility", "content": {"history_visibility": self._history}},
            {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
            {"type": "m.room.join_rules", "content": {"join_rule": "invite"}},
        ]
        if spec.space:
            parent = {"via": [self.user_id.partition(":")[2]], "canonical": True}
            state.append({"type": "m.space.parent", "state_key": spec.space, "content": parent})
        return state

    async def _call(self, call: Any) -> Outcome:
        try:
            answer = await call
        except _AWAY as away:
            return Retry(f"The homeserver is away ({type(away).__name__}).", outage=True)
        if isinstance(answer, ErrorResponse):
            return _failure(answer)
        return Delivered(getattr(answer, "event_id", None) or getattr(answer, "room_id", None))

    async def _raw(
        self, method: str, path: str, body: Mapping[str, Any], *, as_user: bool
    ) -> Outcome:
        """A call that nio has no method for."""
        headers = {
            "Authorization": f"Bearer {self._nio.access_token}",
            "Content-Type": "application/json",
        }
        send = self._nio.send if as_user else super(_Client, self._nio).send
        try:
            answer = await send(method, path, json.dumps(body), headers)
            text = await answer.text()
        except _AWAY as away:
            return Retry(f"The homeserver is away ({type(away).__name__}).", outage=True)
        return (
            Delivered()
            if answer.status < 300
            else _judge(answer.status, _code(text), text[:300], None)
        )


def _power(spec: RoomSpec) -> dict[str, Any]:
    """People talk; only the bridge changes the room. Its own power is not named: newer rooms forbid that."""
    return {
        "events_default": 50 if spec.is_space else 0,
        "state_default": 100,
        "invite": 50,
        "kick": 50,
        "ban": 50,
        "redact": 50,
        **spec.power,
    }


def _failure(answer: ErrorResponse) -> Outcome:
    transport = answer.transport_response
    status = transport.status if transport is not None else 0
    after = _wait(
        transport.headers.get("Retry-After") if transport is not None else None,
        answer.retry_after_ms,
    )
    return _judge(status, str(answer.status_code or ""), str(answer.message), after)


def _judge(status: int, code: str, words: str, after: timedelta | None) -> Outcome:
    reason = f"The homeserver answered {status} {code}: {words}"
    if status == 429:
        return Retry(reason, after=after or timedelta(seconds=5), outage=True)
    if status in (0, 401, 408, 502, 503, 504):
        # 401 is the bridge's own token: nothing is wrong with the message.
        return Retry(reason, after=after, outage=True)
    if status >= 500:
        return Retry(reason, after=after)
    return Dead(reason)


def _wait(header: str | None, milliseconds: int | None) -> timedelta | None:
    """`Retry-After` in seconds comes first; the body's field is the older way."""
    if header and header.isascii() and header.isdigit():
        return timedelta(seconds=min(int(header), 3600))
    return timedelta(milliseconds=min(milliseconds, 3_600_000)) if milliseconds else None


def _code(text: str) -> str:
    try:
        return str(json.loads(text)["errcode"])
    except (ValueError, KeyError, TypeError):
        return ""


def permalink(room_id: str, event_id: str | None, server_name: str) -> str:
    """A link that any Matrix client opens."""
    path = quote(room_id) + (f"/{quote(event_id)}" if event_id else "")
    return f"https://matrix.to/#/{path}?via={quote(server_name)}"
