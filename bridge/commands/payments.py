"""Which payment is meant, and what Stripe says of it right now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bridge.commands.arguments import Arguments
from bridge.commands.desk import Ask, Desk
from bridge.commands.naming import Candidate, only, take_ids, the_named
from bridge.model.dispute import as_dispute
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of, moment
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
    #: By a dispute that holds the money.
    disputed: bool
    succeeded: bool
    captured: bool
    intent: str | None = None

    @property
    def refundable(self) -> Money:
        return Money(max(0, self.paid.amount - self.refunded.amount), self.paid.currency)


#: The payments of a customer that a verb could be meant for, and whether those are all.
Find = Callable[[Desk, str, str], Awaitable[tuple[list[Candidate], bool]]]


@dataclass(frozen=True)
class Meant:
    """What a command is about. `named`: the question must say what it is, for no reply shows it.

    `rest` are the arguments without the ids among them.
    """

    objects: Objects
    rest: Arguments
    named: bool


async def refundable(desk: Desk, account: str, customer: str) -> tuple[list[Candidate], bool]:
    """For `meant`: what can be refunded, at least in part; account and customer are named."""
    charges, complete = await desk.readers[account].charges_of(customer)
    payments = [(as_payment(charge), charge) for charge in charges]
    found = [
        Candidate(payment.charge, _in_words(desk, payment, charge), _objects(charge))
        for payment, charge in payments
        if not why_not(payment, payment.refundable, desk.config.locale)
    ]
    return found, complete


async def meant(desk: Desk, ask: Ask, arguments: Arguments, find: Find = refundable) -> Meant:
    """What a verb for payments is about: what is named or replied to, else the customer's only one.

    Raises `Refused`: with the choices if there are several, with what to do if there is none.
    """
    ids, rest = take_ids(arguments)
    one = the_named(ask, ids)
    objects = one.objects if one else ask.objects
    if objects.dispute and not (objects.charge or objects.payment_intent):
        dispute = await desk.readers[ask.subject.account].dispute(objects.dispute)
        return Meant(_objects(dispute), rest, named=not ask.replied or one is not None)
    if objects.charge or objects.payment_intent or objects.invoice:
        return Meant(objects, rest, named=not ask.replied or one is not None)
    if one and not objects.customer:
        raise Refused(f"{one.id} is a {one.kind}, and no payment.")
    if objects.customer is None or objects != Objects(customer=objects.customer):
        raise Refused(
            f"Reply to the message of the payment you want to {ask.command.verb}, "
            f"or name it by its id: `!stripe {ask.command.verb} pi_…`."
        )
    found, complete = await find(desk, ask.subject.account, objects.customer)
    chosen = only(
        ask,
        found,
        what=f"Which payment do you want to {ask.command.verb}?",
        none=f"This customer has no payment that you could {ask.command.verb}.",
        complete=complete,
    )
    return Meant(chosen.objects, rest, named=True)


def _in_words(desk: Desk, payment: Payment, charge: Json) -> str:
    left = "" if payment.refunded.amount == 0 else f", {desk.words.money(payment.refundable)} left"
    day = desk.words.day(moment(charge.get("created")))
    return f"{desk.words.money(payment.paid)} of {day}{left}"


def _objects(charge: Json) -> Objects:
    """Of a charge, or of a dispute of one."""
    is_charge = charge.get("object") == "charge"
    return Objects(
        customer=id_of(charge.get("customer")),
        charge=id_of(charge) if is_charge else id_of(charge.get("charge")),
        payment_intent=id_of(charge.get("payment_intent")),
        dispute=None if is_charge else id_of(charge),
    )


async def payment_of(reader: StripeReader, objects: Objects) -> Payment:
    """The one payment these objects lead to; raises `Refused` if there is none, or not one."""
    return await payment_now(reader, await charge_id_of(reader, objects))


async def payment_now(reader: StripeReader, charge_id: str) -> Payment:
    """A charge stays marked as disputed for good: whether it can be refunded is up to its disputes."""
    payment = as_payment(await reader.charge(charge_id))
    if not payment.disputed:
        return payment
    disputes = [as_dispute(one) for one in await reader.disputes_of_charge(charge_id)]
    held = not disputes or not all(one.refundable for one in disputes)
    return replace(payment, disputed=held)


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
        intent=id_of(charge.get("payment_intent")),
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
