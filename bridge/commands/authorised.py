"""The PaymentIntent that is meant, for what can be done before its money is taken."""

from datetime import datetime

from bridge.commands.desk import Desk
from bridge.commands.naming import Candidate
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of, moment
from bridge.model.money import Money
from bridge.model.ports import StripeReader
from bridge.model.signal import Objects


async def intent_of(reader: StripeReader, objects: Objects) -> Json:
    """Raises `Refused` if the objects lead to none."""
    named = objects.payment_intent
    if not named and objects.charge:
        named = id_of((await reader.charge(objects.charge)).get("payment_intent"))
    if not named:
        raise Refused("I can't tell which payment you mean. Reply to the payment's own message.")
    return await reader.payment_intent(named)


async def held_ones(desk: Desk, account: str, customer: str) -> tuple[list[Candidate], bool]:
    """For `payments.meant`: what a bank holds of this customer's."""
    charges, complete = await desk.readers[account].charges_of(customer)
    found = [
        Candidate(intent_id, _in_words(desk, charge), Objects(payment_intent=intent_id))
        for charge in charges
        if is_held(charge) and (intent_id := id_of(charge.get("payment_intent")))
    ]
    return found, complete


def is_held(charge: Json) -> bool:
    settled = charge.get("captured") or charge.get("refunded")
    return charge.get("status") == "succeeded" and not settled


def _in_words(desk: Desk, charge: Json) -> str:
    money = Money(int(charge.get("amount") or 0), currency(charge))
    return f"{desk.words.money(money)} of {desk.words.day(moment(charge.get('created')))}"


async def held_until(reader: StripeReader, intent: Json) -> datetime | None:
    """When the bank lets go of what it holds, if Stripe tells."""
    charge = id_of(intent.get("latest_charge"))
    if charge is None:
        return None
    details = (await reader.charge(charge)).get("payment_method_details") or {}
    until = (details.get(details.get("type")) or {}).get("capture_before")
    return moment(until) if until else None


def held(intent: Json) -> Money:
    """What can be captured; nothing unless it is authorised."""
    return Money(int(intent.get("amount_capturable") or 0), currency(intent))


def amount(intent: Json) -> Money:
    return Money(int(intent.get("amount") or 0), currency(intent))


def currency(money_object: Json) -> str:
    return str(money_object.get("currency") or "").lower()


def status_words(intent: Json) -> str:
    return str(intent.get("status") or "unknown").replace("_", " ")
