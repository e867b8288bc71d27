"""`find`: by e-mail, id, last four digits, amount, invoice number, or the name of a room.

Stripe's lists know everything at once, its search up to a minute later: where a list can tell what
the search does not know yet, both are asked.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.commands.arguments import Arguments, read
from bridge.commands.desk import Ask, Desk, Reply
from bridge.commands.links import in_chat, in_stripe
from bridge.commands.naming import Named, named
from bridge.config.profiles import details_of
from bridge.model.details import Details
from bridge.model.errors import AmountError, Refused, StripeRefused
from bridge.model.event import Json, id_of, moment
from bridge.model.message import Link, Message
from bridge.model.money import SYMBOLS, THREE_DECIMAL, ZERO_DECIMAL, Money, parse_money
from bridge.model.ports import Listed
from bridge.model.signal import Objects
from bridge.model.text import SafeText, mask, safe
from bridge.store import rooms

MOST = 5
HOW = (
    "Say what: an e-mail address, an id, four digits of a card, an amount (20.00 eur), "
    "an invoice's number, or a name."
)
_NAMES = ("email", "last4", "amount", "invoice", "id", "name")
_EMAIL = re.compile(r"[^\s@\"\\]+@[^\s@\"\\]+")
_LAST4 = re.compile(r"\d{4}", re.ASCII)
_NUMBER = re.compile(r"(?=.*\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+", re.ASCII)
_AMOUNT = re.compile(
    r"(?:[€$£¥₹₩]\s?|[A-Za-z]{3} )?\d[\d.,]*(?:\s?[€$£¥₹₩]| ?[A-Za-z]{3})?", re.ASCII
)
_SIGNS = re.compile(r"[€$£¥₹₩]|[A-Za-z]{3}", re.ASCII)
#: So far back the list of charges is looked through for what the search may not know yet.
_FRESH = timedelta(minutes=10)
_LAG = "Stripe's search may be a minute behind."
_NO_SEARCH = "Stripe's search is not there for this account or key: only the newest were looked at."


@dataclass(frozen=True)
class Wish:
    """`kind` is one of `_NAMES`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Hit:
    """`who` and `email` are personal."""

    objects: Objects
    what: str
    who: str = ""
    email: str = ""
    money: Money | None = None
    state: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Found:
    hits: tuple[Hit, ...]
    more: bool
    remark: str = ""


async def perform(desk: Desk, ask: Ask) -> Reply:
    details = details_of(desk.config, ask.subject)
    if details == "none":
        raise Refused("This room is not to show amounts or people. Ask in another one.")
    wish = read_wish(read(ask.command.rest))
    finders = {"email": _customers, "last4": _by_card, "amount": _by_amount}
    finders |= {"invoice": _invoices, "id": _by_id, "name": _rooms}
    found = await finders[wish.kind](desk, ask.subject.account, wish.text)
    return Reply(await _told(desk, ask, found, details))


def read_wish(arguments: Arguments) -> Wish:
    """What is looked for, by its look if it has no name. Pure."""
    given = [(key, text) for key, text in arguments.named.items() if key in _NAMES]
    if len(given) != len(arguments.named) or len(given) + bool(arguments.words) > 1:
        raise Refused(f"Find by one thing at a time. {HOW}")
    if given:
        return Wish(*given[0])
    text = arguments.text
    if not text:
        raise Refused(HOW)
    looks: Mapping[str, Callable[[str], object]] = {
        "id": named,
        "email": _EMAIL.fullmatch,
        "last4": _LAST4.fullmatch,
        "amount": _AMOUNT.fullmatch,
        "invoice": _NUMBER.fullmatch,
    }
    return Wish(next((kind for kind, fits in looks.items() if fits(text)), "name"), text)


async def _customers(desk: Desk, account: str, email: str) -> Found:
    reader = desk.readers[account]
    if not _EMAIL.fullmatch(email):
        raise Refused(f"“{email[:80]}” is no e-mail address.")
    listed = await reader.customers_of_email(email)
    try:
        searched, more = await reader.search_customers(email, MOST)
    except StripeRefused:
        remark = "Stripe's search is not there: only exactly this spelling was looked for."
        return _found(listed, False, remark)
    return _found([*listed, *searched], more, _LAG)


async def _by_card(desk: Desk, account: str, last4: str) -> Found:
    if not _LAST4.fullmatch(last4):
        raise Refused(f"“{last4[:80]}” is not the last four digits of a card.")
    hint = f"For an amount write `find amount={last4}`."

    def fits(charge: Json) -> bool:
        card = (charge.get("payment_method_details") or {}).get("card") or {}
        return bool(card.get("last4") == last4)

    found = await _charges(desk, account, fits, last4=last4)
    return Found(found.hits, found.more, f"{found.remark} {hint}")


async def _by_amount(desk: Desk, account: str, typed: str) -> Found:
    money = _money(typed)
    currencies = {money.currency} if _SIGNS.search(typed) else None

    def fits(charge: Json) -> bool:
        currency = str(charge.get("currency"))
        usual = currency not in ZERO_DECIMAL | THREE_DECIMAL
        mine = currency in currencies if currencies else usual
        return charge.get("amount") == money.amount and mine

    currency = next(iter(currencies), None) if currencies else None
    return await _charges(desk, account, fits, amount=money.amount, currency=currency)


def _money(typed: str) -> Money:
    """In the currency that is named; if none is, as one with two decimals."""
    sign = _SIGNS.search(typed)
    if sign is None:
        return parse_money(typed, "eur")
    named_ = sign[0].lower()
    currencies = SYMBOLS.get(sign[0], {named_})
    if len(currencies) > 1:
        raise AmountError(f"“{sign[0]}” is the sign of several currencies: write 20.00 usd.")
    return parse_money(typed, next(iter(currencies)))


async def _charges(
    desk: Desk,
    account: str,
    fits: Callable[[Json], bool],
    *,
    last4: str | None = None,
    amount: int | None = None,
    currency: str | None = None,
) -> Found:
    reader = desk.readers[account]
    newest = await reader.made_since(Listed.CHARGES, desk.clock.now() - _FRESH, None)
    fresh = [charge for charge in newest if fits(charge)]
    try:
        searched, more = await reader.search_charges(
            last4=last4, amount=amount, currency=currency, limit=100
        )
    except StripeRefused:
        return _found(fresh, False, _NO_SEARCH)
    return _found([*fresh, *filter(fits, searched)], more, _LAG)


async def _invoices(desk: Desk, account: str, number: str) -> Found:
    try:
        found, more = await desk.readers[account].search_invoices(number, MOST)
    except StripeRefused as refused:
        raise Refused(f"{refused} The invoice's id (in_…) is found without a search.") from refused
    return _found(found, more, _LAG)


async def _by_id(desk: Desk, account: str, object_id: str) -> Found:
    one = named(object_id)
    if one is None:
        raise Refused(f"“{object_id[:80]}” is no id that I know.")
    try:
        thing = await _read(desk, account, one)
    except StripeRefused as refused:
        if refused.code == "resource_missing":
            return Found((), False)
        raise
    return _found([thing], False, "")


async def _read(desk: Desk, account: str, one: Named) -> Json:
    reader = desk.readers[account]
    match one.kind:
        case "charge":
            return await reader.charge(one.id)
        case "payment_intent":
            return await reader.payment_intent(one.id)
        case "invoice":
            return await reader.invoice(one.id)
        case "customer":
            return await reader.customer(one.id)
        case "subscription":
            return await reader.subscription(one.id)
        case "dispute":
            return await reader.dispute(one.id)
    raise Refused(f"I can't look up a {one.kind}. Name the payment, the invoice or the customer.")


async def _rooms(desk: Desk, account: str, name: str) -> Found:
    async with desk.store.read() as tx:
        bound = await rooms.named(tx, account, name, MOST + 1)
    hits = [
        Hit(Objects(**{room.kind: room.subject_id}), f"room of the {room.kind}", who=room.name)
        for room in bound
    ]
    remark = "Only rooms were looked at; customers without one are found by their e-mail address."
    return Found(tuple(hits[:MOST]), len(hits) > MOST, remark)


def _found(things: Iterable[Json], more: bool, remark: str) -> Found:
    """Each once, newest first."""
    once = {str(thing["id"]): thing for thing in things}
    newest = sorted(once.values(), key=lambda one: (-int(one.get("created") or 0), str(one["id"])))
    hits = tuple(_hit(thing) for thing in newest[:MOST])
    return Found(hits, more or len(newest) > MOST, remark)


def _hit(thing: Json) -> Hit:
    kind, owner = str(thing.get("object")), thing.get("customer")
    person = thing if kind == "customer" else thing.get("billing_details") or {}
    person = owner if isinstance(owner, dict) else person
    known = {
        "customer": id_of(owner),
        "payment_intent": id_of(thing.get("payment_intent")),
        "charge": id_of(thing.get("charge")),
    }
    if kind in vars(Objects()):
        known[kind] = str(thing["id"])
    amount = next((thing[one] for one in ("total", "amount") if thing.get(one) is not None), None)
    currency = thing.get("currency")
    return Hit(
        Objects(**known),
        f"{_KINDS.get(kind, kind)} {thing.get('number') or thing['id']}",
        str(thing.get("customer_name") or person.get("name") or ""),
        str(thing.get("customer_email") or person.get("email") or ""),
        Money(int(amount), str(currency)) if amount is not None and currency else None,
        "" if kind == "customer" else str(thing.get("status") or "").replace("_", " "),
        moment(thing.get("created")),
    )


async def _told(desk: Desk, ask: Ask, found: Found, details: Details) -> Message:
    account = ask.subject.account
    if not found.hits:
        return Message(safe("I found nothing."), text=safe(found.remark) if found.remark else None)
    links: list[Link | None] = []
    async with desk.store.read() as tx:
        for number, hit in enumerate(found.hits, 1):
            links.append(in_stripe(desk, account, hit.objects, f"{number} in Stripe"))
            links.append(await in_chat(tx, desk, account, hit.objects, f"{number} in its room"))
    count = f"the newest {len(found.hits)}" if found.more else f"{len(found.hits)}"
    more = "There are more: look for something more exact. " if found.more else ""
    return Message(
        safe(f"Found {count}"),
        lines=tuple(_line(desk, n, hit, details) for n, hit in enumerate(found.hits, 1)),
        text=safe(f"{more}{found.remark}") or None,
        links=tuple(link for link in links if link),
    )


def _line(desk: Desk, number: int, hit: Hit, details: Details) -> SafeText:
    shown = mask if details == "masked" else safe
    parts = (
        shown(hit.who) if hit.who else "",
        shown(hit.email) if hit.email else "",
        desk.words.money(hit.money) if hit.money else "",
        hit.state,
        desk.words.day(hit.at) if hit.at else "",
    )
    about = ", ".join(part for part in parts if part)
    return safe(f"{number}. {hit.what}: {about}" if about else f"{number}. {hit.what}")


_KINDS = {"charge": "payment", "payment_intent": "payment"}
