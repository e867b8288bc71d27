"""Which payment is meant, and what Stripe says of it right now."""

from dataclasses import dataclass

from bridge.model.errors import Refused
from bridge.model.event import Json, id_of
from bridge.model.money import Money
from bridge.model.ports import StripeReader
from bridge.model.signal import Objects


@dataclass(frozen=True)
class Payment:
    """A charge as it is now. `paid`, `refunded` and `refundable` are in one currency."""

    charge: str
    customer: str | None
    paid: Money
    refunded: Money
    disputed: bool
    succeeded: bool
    captured: bool

    @property
    def refundable(self) -> Money:
        return Money(max(0, self.paid.amount - self.refunded.amount), self.paid.currency)


async def payment_of(reader: StripeReader, objects: Objects) -> Payment:
    """The one payment these objects lead to; raises `Refused` if there is none, or not one."""
    return as_payment(await reader.charge(await charge_id_of(reader, objects)))


async def charge_id_of(reader: StripeReader, objects: Objects) -> str:
    if objects.charge:
        return objects.charge
    if objects.payment_intent:
        return await _charge_of_intent(reader, objects.payment_intent)
    if objects.invoice:
        payments = await reader.payments_of_invoice(objects.invoice)
        if len(payments) > 1:
            raise Refused(
                "That invoice was paid in several parts. Reply to the message of the one you mean."
            )
        if payments:
            return await _charge_of_intent(reader, payments[0])
    raise Refused("I can't tell which payment you mean. Reply to the payment's own message.")


async def _charge_of_intent(reader: StripeReader, payment_intent: str) -> str:
    charge = id_of((await reader.payment_intent(payment_intent)).get("latest_charge"))
    if charge is None:
        raise Refused("Nothing was ever charged for that payment.")
    return charge


def as_payment(charge: Json) -> Payment:
    """A Stripe charge; tolerant of what is missing, exact in what is there."""
    currency = str(charge.get("currency") or "").lower()
    return Payment(
        charge=str(charge["id"]),
        customer=id_of(charge.get("customer")),
        paid=Money(int(charge.get("amount_captured") or 0), currency),
        refunded=Money(int(charge.get("amount_refunded") or 0), currency),
        disputed=bool(charge.get("disputed")),
        succeeded=charge.get("status") == "succeeded",
        captured=bool(charge.get("captured")),
    )


def why_not(payment: Payment, money: Money, locale: str) -> str | None:
    """The sentence that says why this much cannot be refunded now; None if it can."""
    if not payment.succeeded:
        return "That payment did not succeed, so there is nothing to refund."
    if not payment.captured:
        return "That payment is only authorised, not captured: there is nothing to refund yet."
    if payment.disputed:
        return "That payment is disputed. Stripe refunds it through the dispute; answer or accept it there."
    if payment.refundable.amount == 0:
        return "That payment has already been refunded in full."
    if money.currency != payment.paid.currency:
        return (
            f"The payment is in {payment.paid.currency.upper()}, not in {money.currency.upper()}."
        )
    if money.amount <= 0:
        return "A refund must be more than nothing."
    if money.amount > payment.refundable.amount:
        left, paid = payment.refundable.words(locale), payment.paid.words(locale)
        return f"{money.words(locale)} is too much: {left} of {paid} can still be refunded."
    return None
