"""Checkout sessions: opened by us or by a payment link, paid now or later, or never."""

from dataclasses import dataclass
from typing import Any, Final

from . import late, people
from .errors import invalid
from .payments import attempt, intend
from .shapes import Json
from .world import Desk

_OPEN_FOR_HOURS: Final = 24
#: What `payment_intent_data` hands on to the PaymentIntent.
_HANDED_ON: Final = frozenset({
    "capture_method", "description", "metadata", "receipt_email", "statement_descriptor",
    "statement_descriptor_suffix",
})  # fmt: skip


@dataclass(frozen=True)
class Buyer:
    name: str
    email: str


def open_session(desk: Desk, items: list[Json], intention: Json, **fields: Any) -> Json:
    total = sum(item["amount_total"] for item in items)
    session = desk.new(
        "checkout.session",
        amount_subtotal=total,
        amount_total=total,
        currency=items[0]["currency"],
        **{"expires_at": desk.stamp(hours=_OPEN_FOR_HOURS), **fields},
    )
    desk.world.store.give(session["id"], items)
    desk.world.intentions[session["id"]] = intention
    return desk.change(session, url=f"https://checkout.stripe.com/c/pay/{session['id']}")


def visit(desk: Desk, link: Json) -> Json:
    """Someone opens a payment link: a session of their own begins."""
    if not link["active"]:
        raise invalid(f"Payment link {link['id']} is inactive.", param="payment_link")
    return open_session(
        desk,
        desk.world.store.belongings(link["id"]),
        link["payment_intent_data"] or {},
        payment_link=link["id"],
        metadata=link["metadata"],
        customer_creation=link["customer_creation"],
        success_url=None,
    )


def check_open(desk: Desk, session: Json) -> None:
    if session["status"] != "open":
        raise invalid(f"That checkout session is {session['status']}.", param="checkout_session")
    if session["expires_at"] <= desk.stamp():
        raise invalid("That checkout session has expired.", param="checkout_session")


def pay(desk: Desk, session: Json, buyer: Buyer) -> Json:
    """Paid by card, at once; a declined card leaves the session open for another try."""
    owner = _owner(desk, session, buyer)
    card = people.default_card(desk, owner["id"]) if owner else None
    card = card or people.billed_to(desk, people.hand_card(desk, owner), buyer.name, buyer.email)
    intent = attempt(desk, _intent(desk, session, owner), card)
    session = desk.change(session, payment_intent=intent["id"])
    if intent["last_payment_error"]:
        return session
    status = "paid" if intent["status"] == "succeeded" else "unpaid"
    return _complete(desk, session, owner, buyer, payment_status=status)


def pay_later(desk: Desk, session: Json, buyer: Buyer) -> Json:
    """The session is completed, and whether the money comes will be known in some days."""
    owner = _owner(desk, session, buyer)
    account = people.billed_to(desk, people.hand_debit(desk), buyer.name, buyer.email)
    intent = late.process(desk, _intent(desk, session, owner), account)
    return _complete(desk, session, owner, buyer, payment_intent=intent["id"])


def settle(desk: Desk, session: Json, *, paid: bool) -> Json:
    intent = desk.get("payment_intent", session["payment_intent"])
    if intent["status"] != "processing":
        raise invalid("That checkout session waits for no money.", param="checkout_session")
    if paid:
        late.clear(desk, intent)
        session = desk.change(session, payment_status="paid")
    else:
        late.bounce(desk, intent)
    desk.emit(f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)
    return session


def expire(desk: Desk, session: Json) -> Json:
    return desk.change(session, "checkout.session.expired", status="expired", url=None)


def _owner(desk: Desk, session: Json, buyer: Buyer) -> Json | None:
    """The customer whose payment it will be; guests have none unless one is to be made."""
    if session["customer"]:
        return desk.get("customer", session["customer"])
    if session["customer_creation"] == "always":
        return people.open_customer(desk, name=buyer.name, email=buyer.email)
    return None


def _intent(desk: Desk, session: Json, owner: Json | None) -> Json:
    """One PaymentIntent a session: another try is another try of the same."""
    if session["payment_intent"]:
        return desk.get("payment_intent", session["payment_intent"])
    intention = desk.world.intentions[session["id"]]
    kept = {k: v for k, v in intention.items() if k in _HANDED_ON and v is not None}
    customer = owner["id"] if owner else None
    return intend(desk, session["amount_total"], session["currency"], customer=customer, **kept)


def _complete(desk: Desk, session: Json, owner: Json | None, buyer: Buyer, **fields: Any) -> Json:
    session = desk.change(
        session, "checkout.session.completed",
        customer=owner["id"] if owner else None, status="complete", url=None,
        customer_details=details(owner or {**_NOBODY, "name": buyer.name, "email": buyer.email}),
        **fields,
    )  # fmt: skip
    if session["payment_link"]:
        _count(desk, desk.get("payment_link", session["payment_link"]))
    return session


def _count(desk: Desk, link: Json) -> None:
    if not link["restrictions"]:
        return
    limited = link["restrictions"]["completed_sessions"]
    count = limited["count"] + 1
    desk.change(
        link,
        "payment_link.updated",
        active=link["active"] and count < limited["limit"],
        restrictions={"completed_sessions": {**limited, "count": count}},
    )


_NOBODY: Final = {"address": None, "phone": None, "tax_exempt": "none"}


def details(owner: Json) -> Json:
    """How a session shows the person who paid."""
    known = {k: owner[k] for k in ("address", "email", "name", "phone", "tax_exempt")}
    return {**known, "business_name": None, "individual_name": None, "tax_ids": []}
