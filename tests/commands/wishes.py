"""What people may want of every verb that moves money, ready to be asked for: for the state machine."""

from collections.abc import Awaitable, Callable
from typing import Any

from bridge.model.signal import Objects

from .office import Office

#: Makes what it is about happen; returns the message to reply to.
Prepare = Callable[[Office], Awaitable[str]]


def about(scene: str, kind: str | None = None, **changed: Any) -> Prepare:
    """A happening with its customer, as the message about one kind of object; `changed` is what is else."""

    async def prepare(office: Office) -> str:
        made = office.stripe.happen(scene, currency="eur")
        store = office.stripe.world.store
        if kind and changed and (thing := store.get(kind, made[kind])):
            store.put({**thing, **changed})
        named = {kind: made[kind]} if kind else {}
        return await office.posted(Objects(customer=made.get("customer"), **named))

    return prepare


async def a_card_that_works_again(office: Office) -> str:
    made = office.stripe.happen("renewal_fails", currency="eur")
    office.stripe.world.declines.clear()
    return await office.posted(Objects(customer=made["customer"], invoice=made["invoice"]))


async def a_dispute(office: Office) -> str:
    """With evidence that is staged already."""
    made = office.stripe.happen("dispute_opens", amount=6_000, currency="eur")
    store = office.stripe.world.store
    if dispute := store.get("dispute", made["dispute"]):
        evidence = {**dispute["evidence"], "product_description": "A lamp"}
        details = {**dispute["evidence_details"], "has_evidence": True}
        store.put({**dispute, "evidence": evidence, "evidence_details": details})
    return await office.posted(Objects(dispute=made["dispute"]))


A_SHOP = about("checkout_succeeds")
PAUSED = {"pause_collection": {"behavior": "void", "resumes_at": None}}
WISHES: tuple[tuple[str, Prepare], ...] = (
    ("refund 20 as credit note", about("renewal_succeeds", "charge")),
    ("retry", a_card_that_works_again),
    ("retry", about("renewal_fails", "invoice")),
    ("invoice 60 eur for x", A_SHOP),
    ("invoice 120 eur for x", A_SHOP),
    ("invoice 160 eur for x", A_SHOP),  # more than anybody may
    ("invoice void", about("renewal_fails", "invoice")),
    ("pay 50 eur for x", A_SHOP),
    ("pay 70 eur for x to anyone", A_SHOP),
    ("capture", about("payment_is_authorised", "payment_intent")),
    ("capture 20", about("payment_is_authorised", "payment_intent")),
    ("cancel", about("payment_is_authorised", "payment_intent")),
    ("subscription cancel now", about("renewal_succeeds", "subscription")),
    ("subscription cancel at end", about("renewal_succeeds", "subscription")),
    ("subscription pause void", about("renewal_succeeds", "subscription")),
    ("subscription resume", about("renewal_succeeds", "subscription", status="paused")),
    ("subscription resume", about("renewal_succeeds", "subscription", **PAUSED)),
    ("submit", a_dispute),
    ("accept", a_dispute),
)
