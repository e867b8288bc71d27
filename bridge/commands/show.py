"""`show`: what Stripe says right now. It changes nothing."""

from collections.abc import Iterator

from bridge.commands import disputes
from bridge.commands.ack import ids_of
from bridge.commands.desk import Ask, Desk, Reply
from bridge.commands.naming import about
from bridge.commands.payments import Payment, payment_of
from bridge.config.profiles import details_of
from bridge.model.details import Details, shown_facts
from bridge.model.dispute import as_dispute
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.model.message import Message
from bridge.model.money import Money
from bridge.model.ports import StripeReader
from bridge.model.signal import Fact, Objects, Subject, SubjectKind
from bridge.model.text import mask, safe
from bridge.store import care, notes
from bridge.store.about import to_about
from bridge.store.outbox import Delivery


async def perform(desk: Desk, ask: Ask) -> Reply:
    """What Stripe says right now of what is named or replied to, or of what the room is about."""
    ask = about(ask)
    reader, details = desk.readers[ask.subject.account], details_of(desk.config, ask.subject)
    if details == "none":
        raise Refused("This room is not to show amounts or people. Ask in another one.")
    if ask.objects.dispute:
        message = _dispute(desk, await reader.dispute(ask.objects.dispute))
    elif ask.objects.charge or ask.objects.payment_intent or ask.objects.invoice:
        message = await _payment_or_invoice(desk, reader, ask.objects)
    elif ask.objects.customer:
        message = _customer(await reader.customer(ask.objects.customer), details)
    else:
        raise Refused(
            "I can't tell what to show. Reply to a message, name it by its id, or ask in a customer's room."
        )
    facts = shown_facts([*message.facts, *await _people_say(desk, ask)], details)
    test_mode = not desk.config.accounts[ask.subject.account].livemode
    told = Message(message.title, facts=tuple(facts), test_mode=test_mode)
    return Reply(told, also=tuple(_refreshed(ask.subject)))


def _refreshed(subject: Subject) -> Iterator[Delivery]:
    """The room's pinned card is to show the same."""
    if subject.kind in {SubjectKind.CUSTOMER, SubjectKind.DISPUTE}:
        yield to_about(subject, at_once=True)


async def _payment_or_invoice(desk: Desk, reader: StripeReader, objects: Objects) -> Message:
    try:
        return _payment(desk, await payment_of(reader, objects))
    except Refused:
        if not objects.invoice:
            raise
        return _invoice(desk, await reader.invoice(objects.invoice))


def _payment(desk: Desk, payment: Payment) -> Message:
    locale = desk.config.locale
    state = "succeeded" if payment.succeeded else "did not succeed"
    refunded = Fact("Refunded", safe(payment.refunded.words(locale)))
    facts = [
        *([refunded] if payment.refunded.amount else []),
        Fact(
            "Can still be refunded",
            safe(
                "nothing, it is disputed" if payment.disputed else payment.refundable.words(locale)
            ),
        ),
        Fact("Charge", safe(payment.charge)),
    ]
    return Message(safe(f"Payment of {payment.paid.words(locale)}: {state}"), facts=tuple(facts))


def _invoice(desk: Desk, invoice: Json) -> Message:
    money = Money(int(invoice.get("amount_due") or 0), str(invoice["currency"]))
    facts = (
        Fact("Attempts", safe(invoice.get("attempt_count") or 0)),
        Fact("Invoice", safe(invoice.get("number") or invoice["id"])),
    )
    return Message(
        safe(f"Invoice of {money.words(desk.config.locale)}: {invoice.get('status')}"), facts=facts
    )


def _dispute(desk: Desk, found: Json) -> Message:
    dispute = as_dispute(found)
    title = f"{disputes.name(desk, dispute)}: {dispute.state_words}"
    return Message(safe(title[:1].upper() + title[1:]), facts=tuple(disputes.facts(desk, dispute)))


def _customer(customer: Json, details: Details) -> Message:
    facts = [
        Fact(label, safe(customer[key]), personal=True)
        for label, key in (("E-mail", "email"), ("Phone", "phone"))
        if customer.get(key)
    ]
    facts.append(Fact("Customer", safe(customer["id"])))
    name = str(customer.get("name") or "")
    shown = mask(name) if details == "masked" else safe(name)
    return Message(shown or safe(customer["id"]), facts=tuple(facts))


async def _people_say(desk: Desk, ask: Ask) -> list[Fact]:
    """Who takes care of it, who has seen it, and what was written down."""
    account, ids = ask.subject.account, [one for one in vars(ask.objects).values() if one]
    async with desk.store.read() as tx:
        has = await care.assigned(tx, account, ids)
        seen = await care.seen(tx, account, ids_of(ask))
        written = await notes.latest(tx, account, ids)
    facts = [Fact("Assigned to", safe(who)) for who in dict.fromkeys(has.values())]
    if seen:
        facts.append(Fact("Seen by", safe(f"{seen.person}, {desk.words.moment(seen.at)}")))
    return facts + [
        Fact(f"Note by {note.author}", safe(note.text), personal=True) for note in written
    ]
