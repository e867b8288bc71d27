"""A look at the homeserver before the bridge relies on it: is it there, does it know us, can it reach us."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from pydantic import SecretStr

from bridge.config.schema import Matrix
from bridge.model.finding import Finding, Verdict, note, well, wrong

_SERVER, _TOKEN, _PING = "homeserver", "appservice token", "homeserver to bridge"
_BOT_TOKEN, _PASSWORD = "bot's access token", "bot's password"
_NOT_REGISTERED = (
    "write the file with `stripe-bridge registration`, name it in the homeserver's configuration "
    "(Synapse: `app_service_config_files`), and restart the homeserver"
)
_CAP = 65_536


async def look(
    matrix: Matrix, session: aiohttp.ClientSession, bridge_here: str
) -> AsyncIterator[Finding]:
    """One finding for each step, until one fails. `bridge_here` is the bridge's address on this machine."""
    try:
        status, body = await _ask(session, "GET", f"{matrix.homeserver}/_matrix/client/versions")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        yield wrong(
            _SERVER,
            f"does not answer ({type(error).__name__})",
            "is `matrix.homeserver` right, and is it running?",
        )
        return
    if status != 200 or not isinstance(body.get("versions"), list):
        yield wrong(
            _SERVER,
            f"answers {status}, not as a homeserver does",
            "is `matrix.homeserver` its client API's address?",
        )
        return
    yield well(_SERVER, "answers")
    try:
        if matrix.mode == "bot":
            yield await _bot(matrix, session)
            return
        headers = _bearer(matrix.as_token)
        yield (whose := await _whoami(matrix, session, headers))
        if whose.verdict is Verdict.WELL:
            yield await _ping(matrix, session, headers, bridge_here)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        yield wrong(_SERVER, f"stopped answering ({type(error).__name__})")


async def _bot(matrix: Matrix, session: aiohttp.ClientSession) -> Finding:
    """The account's token is tried; a password only where it could be: trying it makes a session."""
    if matrix.access_token is None:
        return await _password(matrix, session)
    url = f"{matrix.homeserver}/_matrix/client/v3/account/whoami"
    status, body = await _ask(session, "GET", url, _bearer(matrix.access_token))
    if status != 200:
        return wrong(
            _BOT_TOKEN,
            f"is refused with {status} {_code(body)}".rstrip(),
            "make a new one and set `matrix.access_token`",
        )
    if (user := body.get("user_id")) != matrix.sender:
        return wrong(
            _BOT_TOKEN,
            f"belongs to {str(user)[:255]}, not to {matrix.sender}",
            "`matrix.user_id` must be the account's id",
        )
    return well(_BOT_TOKEN, f"is that of {matrix.sender}")


async def _password(matrix: Matrix, session: aiohttp.ClientSession) -> Finding:
    status, body = await _ask(session, "GET", f"{matrix.homeserver}/_matrix/client/v3/login")
    flows = body.get("flows") if status == 200 else None
    known = [flow.get("type") for flow in flows or [] if isinstance(flow, dict)]
    if "m.login.password" in known:
        return note(_PASSWORD, "was not tried: it is used once, when the bridge starts")
    return wrong(
        _PASSWORD,
        "cannot be used: the homeserver takes no passwords",
        "set `matrix.access_token` instead",
    )


def _bearer(token: SecretStr | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value() if token else ''}"}


async def _whoami(
    matrix: Matrix, session: aiohttp.ClientSession, headers: Mapping[str, str]
) -> Finding:
    url = f"{matrix.homeserver}/_matrix/client/v3/account/whoami"
    status, body = await _ask(session, "GET", url, headers)
    if status == 401:
        return wrong(_TOKEN, "is not known to the homeserver", _NOT_REGISTERED)
    if status != 200:
        return wrong(_TOKEN, f"is refused with {status} {_code(body)}", _NOT_REGISTERED)
    if (user := body.get("user_id")) != matrix.sender:
        return wrong(
            _TOKEN,
            f"belongs to {str(user)[:255]}, not to {matrix.sender}",
            "`matrix.server_name` and `matrix.sender_localpart` must be those of the registration",
        )
    return well(_TOKEN, f"is that of {matrix.sender}")


async def _ping(
    matrix: Matrix, session: aiohttp.ClientSession, headers: Mapping[str, str], bridge_here: str
) -> Finding:
    """Asks the homeserver to call the bridge. That cannot work while the bridge is not running."""
    url = f"{matrix.homeserver}/_matrix/client/v1/appservice/{matrix.id}/ping"
    status, body = await _ask(session, "POST", url, headers)
    code = _code(body)
    if status == 200:
        return well(_PING, "works")
    if code in {"M_CONNECTION_FAILED", "M_CONNECTION_TIMEOUT"} and not await _runs(
        session, bridge_here
    ):
        return note(
            _PING,
            "was not tried: the bridge is not running here",
            "run `stripe-bridge check` again beside the running bridge",
        )
    return _explained(code, status, body, matrix.bridge_url)


def _explained(code: str, status: int, body: Mapping[str, Any], bridge_url: str) -> Finding:
    match code:
        case "M_CONNECTION_FAILED":
            return wrong(
                _PING,
                f"fails: it cannot connect to {bridge_url}",
                "set `matrix.bridge_url` to where the homeserver reaches the bridge, and write the registration again",
            )
        case "M_CONNECTION_TIMEOUT":
            return wrong(
                _PING,
                f"fails: {bridge_url} does not answer it in time",
                "is there a firewall or a proxy between them?",
            )
        case "M_BAD_STATUS" if body.get("status") in {401, 403}:
            return wrong(
                _PING,
                "fails: the bridge does not accept its token",
                "`matrix.hs_token` must be the `hs_token` of the registration",
            )
        case "M_BAD_STATUS":
            return wrong(
                _PING,
                f"fails: what answers there says {body.get('status')}",
                f"is {bridge_url} the bridge?",
            )
        case "M_URL_NOT_SET":
            return wrong(
                _PING,
                "fails: the registration has no address",
                "write it again with `stripe-bridge registration`",
            )
        case "M_FORBIDDEN":
            return wrong(
                _PING,
                "fails: the token belongs to another appservice",
                "`matrix.id` must be the `id` of the registration",
            )
        case "M_UNRECOGNIZED":
            return note(_PING, "was not tried: this homeserver is too old to be asked")
        case _:
            return wrong(_PING, f"fails with {status} {code}".rstrip())


async def _runs(session: aiohttp.ClientSession, bridge_here: str) -> bool:
    try:
        await _ask(session, "GET", f"{bridge_here}/live")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
    return True


async def _ask(
    session: aiohttp.ClientSession, method: str, url: str, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and JSON object; an empty one for anything else."""
    payload: dict[str, str] | None = {} if method == "POST" else None
    async with session.request(
        method, url, headers=headers, json=payload, allow_redirects=False
    ) as answer:
        raw = await answer.content.read(_CAP)
    return answer.status, _object(raw)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _code(body: Mapping[str, Any]) -> str:
    return str(body.get("errcode", ""))[:60]
