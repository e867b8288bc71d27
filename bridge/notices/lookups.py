"""What an event only names is asked of Stripe, before anything is decided."""

from bridge.model.event import Event
from bridge.model.ports import StripeReader
from bridge.notices.catalogue import NO_LINKS, Links, Lookup, Need, links_in, needs


async def look_up(event: Event, reader: StripeReader) -> Links:
    """Raises `StripeError`."""
    links = NO_LINKS
    for need in needs(event):
        links = links.and_(links_in(need, await _ask(reader, need), event))
    return links


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
