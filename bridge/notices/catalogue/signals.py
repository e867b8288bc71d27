"""What an event means to people: the catalogue's row for its type, filled in. Pure."""

import hashlib
from collections.abc import Iterator, Mapping

from bridge.model.event import Event
from bridge.model.money import Money
from bridge.model.signal import CardKind, Fact, Move, Objects, Signal, SignalClass
from bridge.model.text import SafeText, safe
from bridge.model.words import Words
from bridge.notices.catalogue.links import ASKED_WITH, Links, Lookup, Need, filled
from bridge.notices.catalogue.row import Kind, Row, told
from bridge.notices.catalogue.rows import CATALOGUE, KINDS
from bridge.notices.catalogue.seen import Seen, first_id, money_in, stripe_id
from bridge.notices.phrases import plain_type

#: Together with a lane's name they must fit a column; longer ones end in a hash.
_LONGEST_KEY = 200
_LONGEST_TURN = 120
_MOST_METADATA = 50
#: What a card is known by; `{bill}` is the invoice, else the payment.
_KEYS: Mapping[CardKind, str] = {
    CardKind.PAYMENT: "{bill}",
    CardKind.SUBSCRIPTION: "{subscription}",
    CardKind.DISPUTE: "{dispute}",
    CardKind.PAYOUT: "{payout}",
}
_UNKNOWN_KIND = Kind("", objects={"customer": "customer"})


def signal_of(event: Event, links: Links, words: Words) -> Signal:
    """Whatever the JSON looks like: what cannot be read is left out.

    `links` is what the look-ups named by `needs` brought; without them the signal says less.
    """
    row = row_for(event)
    seen = _seen(event, row, links, words)
    who = _who(seen, row.kind, links)
    return Signal(
        account=event.account,
        event_id=event.id,
        type=event.type,
        signal_class=row.calmer(seen) or row.signal_class,
        title=_shown(told(row.title, seen)) or SafeText("An event without a name"),
        facts=tuple(_facts(seen, row, links, who)),
        objects=seen.objects,
        dedup_key=_story(seen, row),
        turn=_turn(seen, row),
        occurred_at=event.created,
        livemode=event.livemode,
        money=seen.money,
        reason=_shown(told(row.reason, seen)),
        deadline=row.kind.deadline(seen),
        customer_name=who,
        metadata=_metadata(event.object.get("metadata")),
        dashboard_path=next(filter(None, map(seen.fill, row.kind.dashboard)), None),
        known=event.type in CATALOGUE,
        moves=tuple(_moves(seen, row)),
    )


def signal_class_of(event_type: str) -> SignalClass:
    """The most urgent class an event of this type can have, before anybody has looked into it."""
    row = CATALOGUE.get(event_type)
    return row.signal_class if row else SignalClass.DIGEST


def needs(event: Event) -> tuple[Need, ...]:
    """The look-ups without which `signal_of` would not know whom or what the event is about."""
    row = row_for(event)
    known = _objects(event, row.kind)
    lookups = (*row.needs, *_for_a_name(event, row, known))
    asked = ((lookup, *ASKED_WITH[lookup]) for lookup in lookups)
    return tuple(
        Need(lookup, name)
        for lookup, with_id, enough in asked
        if (name := getattr(known, with_id))
        and not (enough and getattr(known, enough))
        and not (lookup is Lookup.INVOICE_OF_PAYMENT and _is_a_guests(event, row, known))
    )


def _is_a_guests(event: Event, row: Row, known: Objects) -> bool:
    """Only customers have invoices."""
    whole = row.kind.name in {"charge", "payment_intent"} and bool(event.object)
    return whole and not known.customer


def _for_a_name(event: Event, row: Row, known: Objects) -> Iterator[Lookup]:
    """What interrupts people, and may bear a room, names the customer and not only their id."""
    seen = Seen(event, Words(), known)
    interrupts = (row.calmer(seen) or row.signal_class) in {SignalClass.PAGE, SignalClass.NOTIFY}
    named = seen.text(row.kind.who) or {Lookup.CHARGE, Lookup.INVOICE} & set(row.needs)
    if interrupts and not named:
        yield Lookup.CUSTOMER


def row_for(event: Event) -> Row:
    known = CATALOGUE.get(event.type)
    if known is not None:
        return known
    kind = KINDS.get(_kind_name(event), _UNKNOWN_KIND)
    return Row(event.type, kind, SignalClass.DIGEST, plain_type(event.type), "event:{event}")


def _kind_name(event: Event) -> str:
    name = event.object.get("object")
    return name if isinstance(name, str) else ""


def _seen(event: Event, row: Row, links: Links, words: Words) -> Seen:
    objects = filled(_objects(event, row.kind), links.objects)
    seen = Seen(event, words, objects)
    return Seen(event, words, objects, _money(seen, row) or links.money)


def _objects(event: Event, kind: Kind) -> Objects:
    found = Objects(**{name: first_id(event.object, path) for name, path in kind.objects.items()})
    # What was taken from a customer names them only among the old values.
    before = first_id(event.previous, kind.objects.get("customer", ""))
    return filled(found, Objects(customer=before))


def _money(seen: Seen, row: Row) -> Money | None:
    if callable(row.money):
        return row.money(seen)
    return money_in(seen.event.object, row.money or row.kind.money, row.kind.currency)


def _who(seen: Seen, kind: Kind, links: Links) -> SafeText | None:
    return seen.text(kind.who) or _shown(links.customer_name)


def _facts(seen: Seen, row: Row, links: Links, who: SafeText | None) -> list[Fact]:
    facts = [fact for line in row.lines for fact in line(seen)]
    if row.type not in CATALOGUE:
        facts += _plain_facts(seen)
    email = seen.text(row.kind.email) or _shown(links.customer_email)
    if email and email != who and not any(fact.label == "E-mail" for fact in facts):
        facts.append(Fact("E-mail", email, personal=True))
    if following := told(row.next, seen):
        facts.append(Fact("Next", safe(following)))
    return facts


def _plain_facts(seen: Seen) -> list[Fact]:
    kind, name = _kind_name(seen.event), stripe_id(seen.event.object)
    named = [part for part in (kind.replace("_", " ").replace(".", " "), name) if part]
    return [Fact("Object", safe(" ".join(named)))] if named else []


def _story(seen: Seen, row: Row) -> str:
    story = seen.fill(told(row.story, seen) or "") or f"event:{seen.event.id}"
    return _short(f"{seen.event.account}:{story}", _LONGEST_KEY)


def _moves(seen: Seen, row: Row) -> Iterator[Move]:
    """The bill first, where an event of another object belongs to one."""
    if row.type not in CATALOGUE:
        return
    bill, tells, aside = told(row.bill, seen), row.tells(seen), told(row.aside, seen) or ""
    key = seen.fill("{bill}")
    if bill and key:
        yield Move(CardKind.PAYMENT, key, bill, tells=tells)
    if row.kind.card is None or not (key := seen.fill(_KEYS[row.kind.card])):
        return
    yield Move(
        row.kind.card,
        key,
        told(row.state, seen) or "",
        seen.code_before("status"),
        row.kind.weight,
        tells and not bill,
        seen.code("status") if row.kind.name == "refund" else "",
        "" if row.beside_payment else aside,
    )
    if row.beside_payment and (payment := seen.fill("{bill}")):
        yield Move(
            CardKind.PAYMENT,
            payment,
            before=seen.code_before("status"),
            tells=False,
            aside=aside,
        )


def _turn(seen: Seen, row: Row) -> str:
    """Stripe may make two events of one happening: they differ in their ids, in nothing here."""
    parts = (seen.fill(part) for part in ("{id}", "{status}", row.turn))
    return _short(":".join([row.type, *filter(None, parts)]), _LONGEST_TURN)


def _short(key: str, limit: int) -> str:
    if len(key) <= limit:
        return key
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]
    return f"{key[: limit - 33]}:{digest}"


def _metadata(found: object) -> Mapping[str, str]:
    pairs = list(found.items())[:_MOST_METADATA] if isinstance(found, Mapping) else []
    return {key: value for key, value in pairs if isinstance(key, str) and isinstance(value, str)}


def _shown(text: str | None) -> SafeText | None:
    return (safe(text) or None) if text else None
