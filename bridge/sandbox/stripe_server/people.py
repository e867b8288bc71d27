"""Customers and their cards."""

from typing import Any

from .shapes import Json
from .world import Desk


def open_customer(desk: Desk, **fields: Any) -> Json:
    serial = desk.world.ids.new("fingerprint")[:8].upper()
    return desk.new("customer", "customer.created", invoice_prefix=serial, **fields)


def hand_card(
    desk: Desk, customer: Json | None = None, *, last4: str = "4242", brand: str = "visa"
) -> Json:
    """A new card, attached to the customer and made their default when there is one."""
    card = desk.new("payment_method", **_card(desk, customer, last4, brand))
    return attach(desk, card, customer) if customer else card


def hand_debit(desk: Desk) -> Json:
    """A bank account to debit: of that, one learns only days later whether it was paid."""
    account = {
        "bank_code": "37040044", "branch_code": "", "country": "DE", "generated_from": None,
        "fingerprint": desk.world.ids.new("fingerprint"), "last4": "3000",
    }  # fmt: skip
    shape = desk.draft("payment_method")
    del shape["card"]
    return desk.world.store.put({**shape, "type": "sepa_debit", "sepa_debit": account})


def billed_to(desk: Desk, method: Json, name: str, email: str) -> Json:
    return desk.change(
        method, billing_details={**method["billing_details"], "name": name, "email": email}
    )


def _card(desk: Desk, customer: Json | None, last4: str, brand: str) -> Json:
    shape = desk.world.shapes.fresh("payment_method")
    known = {k: customer[k] for k in ("address", "email", "name", "phone")} if customer else {}
    known["address"] = known.get("address") or shape["billing_details"]["address"]
    face = {
        "last4": last4,
        "brand": brand,
        "display_brand": brand,
        "exp_year": desk.now().year + 3,
        "fingerprint": desk.world.ids.new("fingerprint"),
        "networks": {"available": [brand], "preferred": None},
    }
    return {
        "billing_details": shape["billing_details"] | known,
        "card": shape["card"] | face,
    }


def attach(desk: Desk, card: Json, customer: Json) -> Json:
    return desk.change(card, "payment_method.attached", customer=customer["id"])


def detach(desk: Desk, card: Json) -> Json:
    return desk.change(card, "payment_method.detached", customer=None)


def with_default(customer: Json, card: Json) -> Json:
    """The customer's invoice settings once this card is the one to charge."""
    return {**customer["invoice_settings"], "default_payment_method": card["id"]}


def default_card(desk: Desk, customer: str | None) -> Json | None:
    known = desk.world.store.get("customer", customer or "") or {}
    name = known.get("invoice_settings", {}).get("default_payment_method")
    if name:
        return desk.world.store.get("payment_method", name)
    cards = desk.world.store.newest_first("payment_method")
    return next((card for card in cards if customer and card["customer"] == customer), None)
