"""Someone follows a payment link, or a checkout that was opened for them."""

from bridge.sandbox.stripe_server import checkouts
from bridge.sandbox.stripe_server.checkouts import Buyer
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from . import scenes


def link_is_paid(
    desk: Desk,
    *,
    payment_link: str | None = None,
    name: str = "Ada Lovelace",
    email: str = "ada@example.com",
) -> Json:
    """A payment link is paid (without one: the latest that is active)."""
    session = checkouts.visit(desk, _link(desk, payment_link))
    return _told(desk, checkouts.pay(desk, session, Buyer(name, email)))


def link_is_paid_later(
    desk: Desk,
    *,
    payment_link: str | None = None,
    name: str = "Ada Lovelace",
    email: str = "ada@example.com",
    outcome: str = "succeeded",
) -> Json:
    """A payment link is paid from a bank account; the money has `succeeded` or `failed`, or is `pending`."""
    session = checkouts.visit(desk, _link(desk, payment_link))
    return _later(desk, session, Buyer(name, email), outcome)


def checkout_is_paid(
    desk: Desk,
    *,
    checkout_session: str | None = None,
    name: str = "Ada Lovelace",
    email: str | None = None,
) -> Json:
    """A checkout session is paid (without one: the latest that is open)."""
    session = _session(desk, checkout_session)
    return _told(desk, checkouts.pay(desk, session, _buyer(session, name, email)))


def checkout_is_paid_later(
    desk: Desk,
    *,
    checkout_session: str | None = None,
    name: str = "Ada Lovelace",
    email: str | None = None,
    outcome: str = "succeeded",
) -> Json:
    """A checkout session is paid from a bank account, as a link can be."""
    session = _session(desk, checkout_session)
    return _later(desk, session, _buyer(session, name, email), outcome)


def late_payment_settles(
    desk: Desk, *, checkout_session: str | None = None, outcome: str = "succeeded"
) -> Json:
    """The bank says of a `pending` payment that it has `succeeded` or `failed`."""
    session = scenes.latest(
        desk, "checkout.session", checkout_session, status="complete", payment_status="unpaid"
    )
    _check(outcome, "succeeded", "failed")
    return _told(desk, checkouts.settle(desk, session, paid=outcome == "succeeded"))


def checkout_expires(desk: Desk, *, checkout_session: str | None = None) -> Json:
    """A checkout session ends unpaid (without one: the latest that is open)."""
    session = scenes.latest(desk, "checkout.session", checkout_session, status="open")
    if session["status"] != "open":
        raise invalid(f"That checkout session is {session['status']}.", param="checkout_session")
    return _told(desk, checkouts.expire(desk, session))


def _link(desk: Desk, name: str | None) -> Json:
    return scenes.latest(desk, "payment_link", name, active=True)


def _session(desk: Desk, name: str | None) -> Json:
    session = scenes.latest(desk, "checkout.session", name, status="open")
    checkouts.check_open(desk, session)
    return session


def _buyer(session: Json, name: str, email: str | None) -> Buyer:
    return Buyer(name, email or session["customer_email"] or "ada@example.com")


def _later(desk: Desk, session: Json, buyer: Buyer, outcome: str) -> Json:
    _check(outcome, "succeeded", "failed", "pending")
    session = checkouts.pay_later(desk, session, buyer)
    if outcome != "pending":
        session = checkouts.settle(desk, session, paid=outcome == "succeeded")
    return _told(desk, session)


def _check(outcome: str, *words: str) -> None:
    if outcome not in words:
        raise invalid(f"Invalid outcome: must be one of {', '.join(words)}", param="outcome")


def _told(desk: Desk, session: Json) -> Json:
    intent = desk.world.store.get("payment_intent", session["payment_intent"] or "") or {}
    return {
        "checkout_session": session["id"],
        "payment_link": session["payment_link"],
        "payment_intent": session["payment_intent"],
        "charge": intent.get("latest_charge"),
        "customer": session["customer"],
        "payment_status": session["payment_status"],
        "status": session["status"],
    }
