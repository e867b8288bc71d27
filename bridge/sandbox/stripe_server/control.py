"""`/_sandbox/`: what a story, or a person with curl, can ask of the sandbox itself.

The table at the end is the whole interface; `GET /_sandbox/` shows it with examples.
"""

import asyncio
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from .errors import StripeError, invalid
from .faults import Fault
from .help import help_page
from .shapes import Json
from .world import RefundOutcome

if TYPE_CHECKING:
    from .server import SandboxStripe

PREFIX: Final = "/_sandbox"


@dataclass(frozen=True)
class Order:
    """One request to the sandbox: what came in its body, and the name in its path."""

    stripe: "SandboxStripe"
    given: Json
    name: str = ""

    def only(self, *allowed: str) -> Json:
        for key in self.given:
            if key not in allowed:
                raise invalid(f"Unknown: {key}; there are: {', '.join(allowed)}", param=key)
        return self.given


@dataclass(frozen=True)
class Control:
    method: str
    path: str
    run: Callable[[Order], Any]
    help: str


def status(order: Order) -> Json:
    stripe = order.stripe
    return {
        "url": stripe.url,
        "account": stripe.world.account["id"],
        "livemode": stripe.world.livemode,
        "now": stripe.world.clock.now().isoformat(),
        "keys": {
            "reader": stripe.reader_key,
            "writer": stripe.writer_key,
            "owner": stripe.owner_key,
        },
    }


def happen(order: Order) -> Json:
    """A scene; `duplicates` and `shuffle` say how its own events are brought."""
    given = dict(order.given)
    shuffle, duplicates = given.pop("shuffle", False), given.pop("duplicates", 0)
    postman = order.stripe.world.postman
    usual = postman.manners
    if shuffle or duplicates:
        order.stripe.behave(replace(usual, hold=usual.hold or shuffle, duplicates=duplicates))
    try:
        return order.stripe.happen(order.name, **given)
    finally:
        if shuffle and not usual.hold:
            order.stripe.release()
        order.stripe.behave(usual)


def add_endpoint(order: Order) -> Json:
    given = order.only("url", "events", "thin", "secret")
    return order.stripe.add_endpoint(**given)


def roll(order: Order) -> Json:
    keep = timedelta(seconds=order.only("keep_old_for").get("keep_old_for", 86_400))
    return {"secret": order.stripe.roll_secret(order.name, keep)}


def webhooks(order: Order) -> Json:
    given = dict(order.only("duplicates", "hold", "drop", "twins"))
    world = order.stripe.world
    world.twins = given.pop("twins", world.twins)
    order.stripe.behave(replace(world.postman.manners, **given))
    return {**vars(world.postman.manners), "twins": world.twins}


def release(order: Order) -> Json:
    shuffle = order.only("shuffle").get("shuffle", True)
    return {"released": order.stripe.release(shuffle=shuffle)}


def hurry(order: Order) -> Json:
    order.stripe.world.postman.hurry()
    return {}


def resend(order: Order) -> Json:
    return {"sent": order.stripe.world.postman.resend(order.name)}


async def settled(order: Order) -> Json:
    try:
        await asyncio.wait_for(order.stripe.settled(), order.only("within").get("within", 10))
    except TimeoutError:
        return {"settled": False}
    return {"settled": True}


def fault(order: Order) -> Json:
    fault = Fault(**order.only("kind", "method", "path", "times", "reason", "headers"))
    order.stripe.fail_next(fault)
    return {"faults": [coming.as_json() for coming in order.stripe.api.faults.coming()]}


def no_faults(order: Order) -> Json:
    order.stripe.api.faults.clear()
    return {"faults": []}


def let_go(order: Order) -> Json:
    order.stripe.api.release()
    return {}


def new_key(order: Order) -> Json:
    given = order.only("allow", "name")
    allow = given["allow"]
    if not isinstance(allow, dict):
        raise invalid('`allow` is an object, such as {"refunds": "write"}.', param="allow")
    key = order.stripe.cut_key(allow, name=given.get("name"))
    return {"name": key.name, "key": key.value, "permissions": sorted(key.granted or ())}


def forget(order: Order) -> Json:
    return {"forgotten": order.stripe.forget_idempotency(order.only("key").get("key"))}


def files(order: Order) -> list[Json]:
    return [
        {"file": name, "filename": u.filename, "size": u.size, "pages": u.pages, "sha256": u.digest}
        for name, u in order.stripe.world.uploads.items()
    ]


def next_refund(order: Order) -> Json:
    given = order.only("status", "pending_reason", "failure_reason")
    order.stripe.refund_next(RefundOutcome(**given))
    return given


def next_decline(order: Order) -> Json:
    code = order.only("decline_code").get("decline_code", "generic_decline")
    order.stripe.decline_next(code)
    return {"decline_code": code}


CONTROLS: Final = (
    Control("GET", "status", status, "address, account, keys, clock"),
    Control("GET", "ledger", lambda o: o.stripe.ledger(), "every charge and its refunds"),
    Control("GET", "requests", lambda o: o.stripe.requests(), "the log of API requests"),
    Control("GET", "events", lambda o: o.stripe.events(), "every event, oldest first"),
    Control("GET", "deliveries", lambda o: o.stripe.deliveries(), "webhook tries and answers"),
    Control("POST", "happen/{name}", happen, "play a scene (listed below)"),
    Control("POST", "endpoints", add_endpoint, '{"url", "events"?: ["*"], "thin"?, "secret"?}'),
    Control("POST", "endpoints/{name}/roll", roll, 'a new secret; {"keep_old_for"?: seconds}'),
    Control("POST", "webhooks", webhooks, '{"duplicates"?: 1, "hold"?, "drop"?: 2, "twins"?}'),
    Control("POST", "webhooks/release", release, 'bring what was held; {"shuffle"?: true}'),
    Control("POST", "webhooks/hurry", hurry, "end the waits before further tries"),
    Control("POST", "webhooks/resend/{name}", resend, "bring an event once more"),
    Control("POST", "settled", settled, 'wait until the post is done; {"within"?: seconds}'),
    Control("POST", "faults", fault, '{"kind", "method"?, "path"?: "/v1/refunds*", "times"?}'),
    Control("DELETE", "faults", no_faults, "order no more trouble"),
    Control("POST", "requests/release", let_go, "let held and silent requests go on"),
    Control("POST", "keys", new_key,
            'a restricted key; {"allow": {"refunds": "write", "charges": "read"}, "name"?}'),
    Control("POST", "idempotency/forget", forget,
            'end the life of idempotency keys; {"key"?} without one: of all'),
    Control("GET", "files", files, "what was uploaded: size, pages, sha256"),
    Control("POST", "next_refund", next_refund,
            '{"status": "pending" | "failed" | "requires_action", "pending_reason"?, '
            '"failure_reason"?}'),
    Control("POST", "next_decline", next_decline, 'decline the next payment; {"decline_code"?}'),
)  # fmt: skip


def attach(app: web.Application, stripe: "SandboxStripe") -> None:
    async def show_help(_: web.Request) -> web.Response:
        rows = [(c.method, f"{PREFIX}/{c.path}", c.help) for c in CONTROLS]
        return web.Response(text=help_page(stripe.url, rows))

    for path in (PREFIX, f"{PREFIX}/"):
        app.router.add_get(path, show_help)
    for control in CONTROLS:
        app.router.add_route(
            control.method, f"{PREFIX}/{control.path}", _answering(control, stripe)
        )


def _answering(control: Control, stripe: "SandboxStripe") -> Callable[[web.Request], Any]:
    async def answer(request: web.Request) -> web.Response:
        try:
            order = Order(stripe, _given(await request.text()), request.match_info.get("name", ""))
            found = control.run(order)
            return web.json_response(await found if inspect.isawaitable(found) else found)
        except StripeError as error:
            return web.json_response(error.body(), status=error.status)
        except (TypeError, ValueError, KeyError) as error:
            return web.json_response({"error": {"message": f"{error}"}}, status=400)

    return answer


def _given(text: str) -> Json:
    given = json.loads(text or "{}")
    if not isinstance(given, dict):
        raise invalid("The body must be a JSON object.")
    json.dumps(given, ensure_ascii=False).encode()  # a lone surrogate would break every webhook
    return given
