"""What the pinned card of a room says: all that matters of its customer or dispute. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.model import evidence
from bridge.model.details import shown_facts
from bridge.model.dispute import DISPUTE_STATUS, WAITING, as_dispute, time_left_for
from bridge.model.event import Json, id_of, moment
from bridge.model.message import Link, Message
from bridge.model.money import Money, money_of
from bridge.model.signal import Fact, Objects
from bridge.model.text import SafeText, mask, safe
from bridge.model.words import Words
from bridge.notices.card_wording import View
from bridge.notices.phrases import (
    BRANDS,
    SUBSCRIPTION_STATUS,
    phrase,
)
from bridge.notices.wording import ids_of

#: So often the pinned cards of open disputes are brought up to date (watch/deadlines.py).
REFRESHED = timedelta(hours=1)
_MOST_LISTED = 5
_ENDED = frozenset({"canceled", "incomplete_expired"})


@dataclass(frozen=True)
class Known:
    """A customer and what is theirs, as Stripe has it right now; `all_charges`: none is left out."""

    customer: Json
    charges: Sequence[Json] = ()
    all_charges: bool = True
    subscriptions: Sequence[Json] = ()
    open_invoices: Sequence[Json] = ()
    disputes: Sequence[Json] = ()
    #: Who wrote it, and what.
    notes: Sequence[tuple[str, str]] = ()
    #: Who takes care of which object.
    assigned: Mapping[str, str] = field(default_factory=dict)


def about_customer(account: str, known: Known, view: View, *, livemode: bool) -> Message:
    customer = known.customer
    words, name = view.words, _name(customer, view)
    worth = _amounts(_worth(known.charges), words)
    so_far = (
        "Paid so far" if known.all_charges else f"Paid in the last {len(known.charges)} charges"
    )
    facts = [
        Fact(so_far, safe(worth or "nothing yet")),
        Fact("Owes", safe(_amounts(_owed(known.open_invoices), words) or "nothing")),
        *(Fact("Subscription", one) for one in _each(_alive_first(known), words, _subscription)),
        Fact("Pays with", safe(_default(customer) or "nothing on file")),
        *(Fact("Open invoice", one) for one in _each(known.open_invoices, words, _invoice)),
        *(Fact("Dispute", one) for one in _each(known.disputes, words, _dispute)),
        *_contact(customer),
        *_assigned(known.assigned, str(customer.get("id"))),
        *(Fact(f"Note by {who}", safe(text), personal=True) for who, text in known.notes),
    ]
    title = (
        f"{name}: {f'{worth} paid' if worth else 'nothing paid yet'}"
        if view.details != "none"
        else "About this customer"
    )
    return Message(
        title=safe(title),
        facts=tuple(shown_facts(tuple(facts), view.details)),
        links=(_link(view, f"customers/{customer.get('id')}", livemode=livemode),),
        test_mode=not livemode,
        ids=ids_of(account, Objects(customer=id_of(customer))),
    )


def about_dispute(
    account: str,
    found: Json,
    view: View,
    *,
    livemode: bool,
    now: datetime,
    notes: Sequence[tuple[str, str]] = (),
    assigned: Mapping[str, str] | None = None,
) -> Message:
    words, dispute = view.words, as_dispute(found)
    facts = [
        Fact("State", safe(dispute.state_words)),
        Fact("Reason", safe(dispute.reason_words)),
    ]
    there = evidence.given(dispute.evidence)
    if dispute.status in WAITING and dispute.due_at:
        left = time_left_for(REFRESHED, dispute.due_at, now)
        facts.append(Fact("Answer by", safe(f"{words.deadline(dispute.due_at)} ({left})")))
    facts.append(Fact("Evidence there", safe(", ".join(map(_plain, there)) or "none yet")))
    if dispute.status in WAITING:
        lacks = evidence.missing(dispute.reason, dispute.evidence)
        facts.append(Fact("Evidence missing", safe(", ".join(map(_plain, lacks)) or "nothing")))
        facts.append(Fact("Sent to the bank", safe("yes" if dispute.submissions else "not yet")))
    facts += _assigned(assigned or {}, dispute.id)
    facts += (Fact(f"Note by {who}", safe(text), personal=True) for who, text in notes)
    amount = words.money(dispute.money) if dispute.money else "an unknown amount"
    title = f"Dispute over {amount}: {facts[0].value}" if view.details != "none" else "Dispute"
    objects = Objects(dispute=dispute.id, charge=dispute.charge)
    return Message(
        title=safe(title),
        facts=tuple(shown_facts(tuple(facts), view.details)),
        links=(_link(view, f"disputes/{dispute.id}", livemode=livemode),),
        test_mode=not livemode,
        ids=ids_of(account, objects),
    )


def _assigned(people: Mapping[str, str], about: str) -> Iterator[Fact]:
    """Who has it, first; then who has what of it."""
    if about in people:
        yield Fact("Assigned to", safe(people[about]))
    others = [(one, who) for one, who in people.items() if one != about]
    for object_id, who in others[:_MOST_LISTED]:
        yield Fact("Assigned to", safe(f"{who}: {object_id}"))


def _link(view: View, page: str, *, livemode: bool) -> Link:
    mode = "" if livemode else "test/"
    return Link(SafeText("Open in Stripe"), f"{view.dashboard.rstrip('/')}/{mode}{page}")


def _name(customer: Json, view: View) -> str:
    if customer.get("deleted"):
        return "A deleted customer"
    name = next(
        (
            safe(customer[key])
            for key in ("name", "business_name", "individual_name", "email")
            if isinstance(customer.get(key), str) and customer[key]
        ),
        safe(customer.get("id") or "A customer"),
    )
    return mask(name) if view.details == "masked" else name


def _contact(customer: Json) -> Iterator[Fact]:
    for label, key in (("E-mail", "email"), ("Phone", "phone")):
        if isinstance(customer.get(key), str) and customer[key]:
            yield Fact(label, safe(customer[key]), personal=True)


def _worth(charges: Iterable[Json]) -> list[Money]:
    """What was paid, less what went back."""
    paid = (one for one in charges if one.get("status") == "succeeded")
    return [
        _less(money, one.get("amount_refunded"))
        for one in paid
        if (money := _money(one, "amount_captured"))
    ]


def _less(money: Money, back: object) -> Money:
    return Money(money.amount - back, money.currency) if isinstance(back, int) else money


def _owed(invoices: Iterable[Json]) -> list[Money]:
    return [money for one in invoices if (money := _money(one, "amount_remaining"))]


def _amounts(moneys: Iterable[Money], words: Words) -> str:
    """Each currency's sum."""
    sums: dict[str, int] = defaultdict(int)
    for money in moneys:
        sums[money.currency] += money.amount
    return ", ".join(words.money(Money(sums[code], code)) for code in sorted(sums) if sums[code])


def _each(
    things: Sequence[Json], words: Words, tell: Callable[[Json, Words], str]
) -> Iterator[SafeText]:
    yield from (safe(tell(one, words)) for one in things[:_MOST_LISTED])
    if len(things) > _MOST_LISTED:
        yield SafeText(f"and {len(things) - _MOST_LISTED} more")


def _alive_first(known: Known) -> list[Json]:
    return sorted(known.subscriptions, key=lambda one: str(one.get("status")) in _ENDED)


def _subscription(subscription: Json, words: Words) -> str:
    status = str(subscription.get("status"))
    items = _mapping(subscription.get("items")).get("data")
    item = _mapping(items[0]) if isinstance(items, list) and items else {}
    price = _mapping(item.get("price") or item.get("plan"))
    each = _money(price, "unit_amount" if "unit_amount" in price else "amount")
    quantity = item.get("quantity")
    if each and isinstance(quantity, int):
        each = Money(each.amount * quantity, each.currency)
    often = _mapping(price.get("recurring")).get("interval")
    told = [
        SUBSCRIPTION_STATUS.get(status) or phrase(status, {}),
        f"{words.money(each)}{f' each {often}' if isinstance(often, str) else ''}" if each else "",
        _renewal(subscription, item, words) if status not in _ENDED else "",
    ]
    return ", ".join(part for part in told if part)


def _renewal(subscription: Json, item: Json, words: Words) -> str:
    ends = subscription.get("cancel_at")
    until = item.get("current_period_end") or subscription.get("current_period_end")
    if not isinstance(ends, int) and subscription.get("cancel_at_period_end"):
        ends = until
    if isinstance(ends, int):
        return f"ends {words.day(moment(ends))}"
    return f"renews {words.day(moment(until))}" if isinstance(until, int) else ""


def _invoice(invoice: Json, words: Words) -> str:
    money, due = _money(invoice, "amount_remaining"), invoice.get("due_date")
    told = [str(invoice.get("number") or invoice.get("id"))]
    told += [words.money(money)] if money else []
    told += [f"due {words.day(moment(due))}"] if isinstance(due, int) else []
    return ", ".join(told)


def _dispute(dispute: Json, words: Words) -> str:
    money, status = _money(dispute, "amount"), str(dispute.get("status"))
    told = [words.money(money)] if money else []
    return ", ".join([*told, DISPUTE_STATUS.get(status) or phrase(status, {})])


def _default(customer: Json) -> str | None:
    method = _mapping(_mapping(customer.get("invoice_settings")).get("default_payment_method"))
    card = _mapping(method.get("card"))
    last4 = card.get("last4")
    if not isinstance(last4, str):
        kind = method.get("type")
        return phrase(kind, {}) if isinstance(kind, str) else None
    month, year = card.get("exp_month"), card.get("exp_year")
    brand = BRANDS.get(str(card.get("brand"))) or "Card"
    expiry = f", valid until {month:02}/{year}" if isinstance(month, int) else ""
    return f"{brand} ending {last4[:4]}{expiry}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _money(thing: Mapping[str, object], amount: str) -> Money | None:
    return money_of(thing.get(amount), thing.get("currency"))


def _mapping(value: object) -> Json:
    return dict(value) if isinstance(value, Mapping) else {}
