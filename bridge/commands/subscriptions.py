"""Which subscription is meant, and what Stripe says of it right now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.commands.arguments import Arguments
from bridge.commands.desk import Ask, Desk
from bridge.commands.naming import Candidate, only, take_ids, the_named
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of, moment
from bridge.model.money import Money
from bridge.model.signal import Objects
from bridge.model.text import safe
from bridge.model.words import Words

OVER = frozenset({"canceled", "incomplete_expired"})


@dataclass(frozen=True)
class Subscription:
    """`price` is what one period costs before discounts and taxes, None if that is not one fixed amount."""

    id: str
    customer: str | None
    status: str
    price: Money | None
    #: `month`, `3 months`.
    period: str
    #: Paid, or to be paid, until then: Stripe keeps it with the items.
    until: datetime | None
    #: When it ends, if that is arranged.
    ends: datetime | None
    #: What becomes of its invoices while collection is paused.
    paused: str | None

    def words(self, words: Words) -> str:
        """`the subscription of €29.00 a month (sub_1)`."""
        price = f" of {words.money(self.price)} a {self.period}" if self.price else ""
        return f"the subscription{price} ({self.id})"

    @property
    def objects(self) -> Objects:
        return Objects(customer=self.customer, subscription=self.id)

    @property
    def state(self) -> Json:
        """For the audit trail, and to see whether it is still what it was."""
        return {
            "status": self.status,
            "price": self.price.amount if self.price else None,
            "currency": self.price.currency if self.price else None,
            "ends": self.ends.isoformat() if self.ends else None,
            "paused": self.paused,
        }


def as_subscription(found: Json) -> Subscription:
    """A Stripe subscription; tolerant of what is missing, exact in what is there."""
    items = [one for one in _list(found.get("items")) if isinstance(one, Mapping)]
    until = max((_seconds(one.get("current_period_end")) for one in items), default=0)
    ends = _seconds(found.get("cancel_at"))
    if not ends and found.get("cancel_at_period_end"):
        ends = until
    pause = found.get("pause_collection")
    return Subscription(
        id=str(found["id"]),
        customer=id_of(found.get("customer")),
        status=str(found.get("status") or "unknown"),
        price=_price(items),
        period=_period(items),
        until=moment(until) if until else None,
        ends=moment(ends) if ends else None,
        paused=str(pause.get("behavior")) if isinstance(pause, Mapping) else None,
    )


async def meant(desk: Desk, ask: Ask, arguments: Arguments) -> tuple[Subscription, Arguments]:
    """The one that is named or replied to, else the customer's only one that is not over.

    With the arguments that are left. Raises `Refused` with the choices when it could be several.
    """
    ids, rest = take_ids(arguments)
    one = the_named(ask, ids)
    objects = one.objects if one else ask.objects
    reader = desk.readers[ask.subject.account]
    name = objects.subscription
    if name is None and objects.invoice:
        name = _behind(await reader.invoice(objects.invoice))
    if name:
        return as_subscription(await reader.subscription(name)), rest
    if objects.customer is None:
        raise Refused(
            "Which subscription? Reply to its message, ask in the customer's room, "
            f"or name it by its id: `!stripe {ask.command.verb} {ask.command.rest} sub_…`."
        )
    return await _only_one(desk, ask, objects.customer), rest


async def _only_one(desk: Desk, ask: Ask, customer: str) -> Subscription:
    found = [
        as_subscription(one)
        for one in await desk.readers[ask.subject.account].subscriptions_of(customer)
        if one.get("status") not in OVER
    ]
    chosen = only(
        ask,
        [Candidate(one.id, _in_a_list(one, desk.words), one.objects) for one in found],
        what="This customer has several subscriptions. Which one?",
        none="This customer has no subscription that is running.",
    )
    return next(one for one in found if one.id == chosen.id)


def _behind(invoice: Json) -> str | None:
    parent = invoice.get("parent")
    details = parent.get("subscription_details") if isinstance(parent, Mapping) else None
    return id_of(details.get("subscription")) if isinstance(details, Mapping) else None


def _in_a_list(one: Subscription, words: Words) -> str:
    price = f"{words.money(one.price)} a {one.period}" if one.price else "Without one fixed price"
    return f"{price}, {safe(one.status.replace('_', ' '), cap=40)}"


def _price(items: list[Mapping[str, Any]]) -> Money | None:
    """The sum of what its items cost, if all of them have one price and one currency."""
    amounts = [_amount(item) for item in items]
    known = [one for one in amounts if one is not None]
    if not known or len(known) < len(amounts) or len({one.currency for one in known}) > 1:
        return None
    return Money(sum(one.amount for one in known), known[0].currency)


def _amount(item: Mapping[str, Any]) -> Money | None:
    price, quantity = item.get("price"), item.get("quantity")
    if not isinstance(price, Mapping) or not isinstance(quantity, int):
        return None
    each, currency = price.get("unit_amount"), price.get("currency")
    if not isinstance(each, int) or not isinstance(currency, str):
        return None
    return Money(each * quantity, currency.lower())


def _period(items: list[Mapping[str, Any]]) -> str:
    """That of the first: Stripe bills all items of a subscription by one."""
    price = items[0].get("price") if items else None
    often = price.get("recurring") if isinstance(price, Mapping) else None
    if not isinstance(often, Mapping):
        return "period"
    unit, count = safe(often.get("interval") or "period", cap=20), often.get("interval_count")
    return unit if count in {1, None} else f"{count} {unit}s"


def _list(items: object) -> list[Any]:
    data = items.get("data") if isinstance(items, Mapping) else None
    return data if isinstance(data, list) else []


def _seconds(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
