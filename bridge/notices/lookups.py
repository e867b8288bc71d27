"""What an event only names is asked of Stripe, before anything is decided."""

from collections.abc import Mapping

from bridge.model.event import Event
from bridge.model.ports import StripeReader
from bridge.notices.catalogue import NO_LINKS, Links, Lookup, Need, links_in, needs

#: The invoice that a PaymentIntent pays, None if none.
Bills = Mapping[str, str | None]


async def look_up(event: Event, reader: StripeReader, bills: Bills) -> tuple[Links, Bills]:
    """What Stripe says, and the bills that were asked for; those that are known are not. Raises `StripeError`."""
    links, learned = NO_LINKS, dict[str, str | None]()
    for need in needs(event):
        if need.lookup is Lookup.INVOICE_OF_PAYMENT and need.id in bills:
            answer: object = bills[need.id]
        else:
            answer = await _ask(reader, need)
        if need.lookup is Lookup.INVOICE_OF_PAYMENT and need.id not in bills:
            learned[need.id] = answer if isinstance(answer, str) else None
        links = links.and_(links_in(need, answer, event))
    return links, learned


def bills_needed(event: Event) -> list[str]:
    return [need.id for need in needs(event) if need.lookup is Lookup.INVOICE_OF_PAYMENT]


async def _ask(reader: StripeReader, need: Need) -> object:
    match need.lookup:
        case Lookup.CHARGE:
            return await reader.charge(need.id)
        case Lookup.CUSTOMER:
            return await reader.customer(need.id)
        case Lookup.INVOICE:
            return await reader.invoice(need.id)
        case Lookup.INVOICE_OF_PAYMENT:
            return await reader.invoice_of_payment(need.id)
        case Lookup.REFUNDS_OF_CHARGE:
            return await reader.refunds_of_charge(need.id)
