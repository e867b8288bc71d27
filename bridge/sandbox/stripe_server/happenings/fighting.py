"""Disputes and the warnings before them."""

from bridge.sandbox.stripe_server import disputing
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from . import scenes


def dispute_opens(
    desk: Desk,
    *,
    charge: str | None = None,
    amount: int = 12900,
    currency: str = "usd",
    name: str = "Mallory Disputes",
    email: str = "mallory@example.com",
    reason: str = "fraudulent",
    days: float = 9.0,
    disputed_amount: int | None = None,
    inquiry: bool = False,
) -> Json:
    """A dispute opens with a deadline in `days` (`charge`: ch_ or pi_; else a payment is made)."""
    disputed = scenes.charge(desk, charge, amount, currency, name, email)
    if disputed["status"] != "succeeded":
        raise invalid("Only a payment that succeeded can be disputed.", param="charge")
    dispute = disputing.open_dispute(
        desk,
        disputed,
        # Banks may dispute more or less than was paid.
        amount=disputed["amount"] if disputed_amount is None else disputed_amount,
        reason=reason,
        days=days,
        inquiry=inquiry,
    )
    return {
        "dispute": dispute["id"],
        "charge": disputed["id"],
        "payment_intent": disputed["payment_intent"],
        "customer": disputed["customer"],
        "due_by": dispute["evidence_details"]["due_by"],
    }


def dispute_closes(desk: Desk, *, dispute: str | None = None, outcome: str = "won") -> Json:
    """The bank decides: `won` or `lost`; `won` after `lost` is a late win."""
    if outcome not in {"won", "lost"}:
        raise invalid("Invalid outcome: must be one of won, or lost", param="outcome")
    found = scenes.latest(desk, "dispute", dispute)
    if found["status"] in {"won", "warning_closed", "prevented", outcome}:
        raise invalid(f"That dispute is {found['status']} already.", param="dispute")
    closed = disputing.decide(desk, found, won=outcome == "won")
    return {"dispute": closed["id"], "charge": closed["charge"], "status": closed["status"]}


def early_fraud_warning(
    desk: Desk,
    *,
    charge: str | None = None,
    amount: int = 7900,
    currency: str = "usd",
    name: str = "Eve Stolen",
    email: str = "eve@example.com",
    fraud_type: str = "made_with_stolen_card",
) -> Json:
    """The card's issuer warns that a payment may be fraud."""
    suspect = scenes.charge(desk, charge, amount, currency, name, email)
    warning = desk.new(
        "radar.early_fraud_warning",
        "radar.early_fraud_warning.created",
        charge=suspect["id"],
        payment_intent=suspect["payment_intent"],
        fraud_type=fraud_type,
    )
    return {
        "early_fraud_warning": warning["id"],
        "charge": suspect["id"],
        "payment_intent": suspect["payment_intent"],
        "customer": suspect["customer"],
    }
