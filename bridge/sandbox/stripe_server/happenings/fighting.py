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
    """It is decided: `won`, `lost`, `prevented`, an inquiry `warning_closed`; `won` after `lost` is a late win."""
    if outcome not in _OUTCOMES:
        words = ", ".join(_OUTCOMES)
        raise invalid(f"Invalid outcome: must be one of {words}", param="outcome")
    found = scenes.latest(desk, "dispute", dispute)
    status = found["status"]
    if status in {"won", "warning_closed", "prevented", outcome}:
        raise invalid(f"That dispute is {status} already.", param="dispute")
    if outcome == "warning_closed" and not status.startswith("warning_"):
        raise invalid(f"That dispute is {status}, not an inquiry.", param="outcome")
    if outcome == "prevented" and status == "lost":
        raise invalid("That dispute is lost; it cannot be prevented any more.", param="outcome")
    if outcome == "prevented":
        return _told(disputing.prevent(desk, found))
    return _told(disputing.decide(desk, found, won=outcome == "won"))


_OUTCOMES = ("won", "lost", "warning_closed", "prevented")


def _told(dispute: Json) -> Json:
    return {
        "dispute": dispute["id"],
        "charge": dispute["charge"],
        "status": dispute["status"],
        "due_by": dispute["evidence_details"]["due_by"],
    }


def inquiry_escalates(desk: Desk, *, dispute: str | None = None, days: float = 9.0) -> Json:
    """An inquiry becomes a chargeback, with a new deadline, and the money is taken."""
    found = scenes.latest(desk, "dispute", dispute)
    if not found["status"].startswith("warning_"):
        raise invalid(f"That dispute is {found['status']}, not an inquiry.", param="dispute")
    return _told(disputing.escalate(desk, found, days))


def dispute_is_appealed(desk: Desk, *, dispute: str | None = None, days: float = 9.0) -> Json:
    """A decision is contested: an answer is due once more."""
    found = scenes.latest(desk, "dispute", dispute)
    if found["status"] not in {"won", "lost"}:
        raise invalid(f"That dispute is {found['status']}; nothing is decided.", param="dispute")
    return _told(disputing.appeal(desk, found, days))


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
