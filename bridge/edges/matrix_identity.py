"""Who the bridge is to the homeserver: an appservice's user, or an ordinary account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from bridge.edges.matrix_client import MatrixClient, TokenRefused, part
from bridge.model.outcome import Delivered, Outcome, Refused, Retry
from bridge.model.ports import Login

log = structlog.get_logger(__name__)

#: With a device the homeserver remembers transaction ids for a day, even across its own restarts.
DEVICE = "STRIPEBRIDGE"
_NAME = "Stripe Chat Bridge"
#: A refused password is not tried again and again: accounts get locked.
_PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class AppserviceIdentity:
    as_token: str

    async def establish(self, client: MatrixClient) -> Outcome:
        """The user and its device are there; made if they were not.

        A homeserver that gives appservices no devices (MSC4190) takes messages all the same.
        """
        client.act(self.as_token, {"user_id": client.user_id, "device_id": DEVICE})
        user = {
            "type": "m.login.application_service",
            "username": client.user_id[1:].partition(":")[0],
            "inhibit_login": True,
        }
        made = await client.raw("POST", "/register", user, acting=False)
        if isinstance(made, Outcome) and not _is(made, "M_USER_IN_USE"):
            return made
        device = f"/devices/{part(DEVICE)}?user_id={part(client.user_id)}"
        named = await client.raw("PUT", device, {"display_name": _NAME}, acting=False)
        client.has_device = not isinstance(named, Refused)
        if isinstance(named, Refused):
            log.warning("no_device", user=client.user_id, reason=named.reason)
            client.act(self.as_token, {"user_id": client.user_id})
            return Delivered()
        return named if isinstance(named, Outcome) else Delivered()


@dataclass
class BotIdentity:
    """An account with a token of its own, or with a password.

    `load` and `save` keep the session that the password made, if it is to be kept.
    """

    access_token: str | None
    password: str | None
    load: Callable[[], Awaitable[Login | None]]
    save: Callable[[Login], Awaitable[None]]
    _refused: set[str] = field(default_factory=set)

    async def establish(self, client: MatrixClient) -> Outcome:
        if self.access_token:
            client.act(self.access_token)
            return _explained(
                await _whose(client), "make a new token and set `matrix.access_token`"
            )
        stored = await self.load()
        if stored and stored.token not in self._refused:
            client.act(stored.token)
            outcome = await _whose(client)
            if not isinstance(outcome, TokenRefused):
                return outcome
            self._refused.add(stored.token)
        # The same device each time: transaction ids belong to it.
        return await self._log_in(client, stored.device if stored else DEVICE)

    async def _log_in(self, client: MatrixClient, device: str) -> Outcome:
        client.act("")
        answer = await client.raw("POST", "/login", self._request(client.user_id, device))
        if isinstance(answer, Refused):
            log.error("login_refused", user=client.user_id, reason=answer.reason)
            return Retry(
                f"{answer.reason} (is `matrix.password` right, and does the homeserver take passwords?"
                " If not, set `matrix.access_token`)",
                after=_PATIENCE,
                outage=True,
            )
        if isinstance(answer, Outcome):
            return answer
        token, device_id = answer.get("access_token"), answer.get("device_id")
        if not isinstance(token, str) or not isinstance(device_id, str):
            return Retry("The homeserver's answer to the log-in has no token.", outage=True)
        await self.save(Login(token, device_id))
        client.act(token)
        log.info("logged_in", user=client.user_id, device=device_id)
        return Delivered()

    def _request(self, user_id: str, device: str) -> dict[str, Any]:
        return {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user_id},
            "password": self.password,
            "device_id": device,
            "initial_device_display_name": _NAME,
        }


async def _whose(client: MatrixClient) -> Outcome:
    found = await client.raw("GET", "/account/whoami")
    if isinstance(found, Outcome):
        return found
    if found.get("user_id") == client.user_id:
        client.has_device = bool(found.get("device_id"))
        return Delivered()
    whose = str(found.get("user_id"))[:255]
    return Retry(
        f"The token belongs to {whose}, not to {client.user_id}: set `matrix.user_id` to the account's id.",
        outage=True,
    )


def _explained(outcome: Outcome, advice: str) -> Outcome:
    if not isinstance(outcome, TokenRefused):
        return outcome
    log.error("token_refused", reason=outcome.reason, advice=advice)
    return TokenRefused(f"{outcome.reason} ({advice})", outage=True)


def _is(outcome: Outcome, code: str) -> bool:
    return isinstance(outcome, Refused) and outcome.code == code
