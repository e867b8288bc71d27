"""`pay 50.00 [eur] [for …] [to customer]`: a page of Stripe's where exactly that can be paid, once.

For a customer whom we know it is a checkout that ends by itself; else a link for whoever has it.
That it was paid is told by Stripe's events (notices/asked_payments.py), never by this.
"""

from typing import Any

from bridge.commands.choices import which
from bridge.commands.desk import Ask, Desk, Proposal, Result, page_link
from bridge.commands.finding import in_events, marked, marks
from bridge.commands.pay_words import ANYONE, Wish, meant_money, read_wish
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of, moment
from bridge.model.message import Message
from bridge.model.money import Money
from bridge.model.signal import Fact, Objects
from bridge.model.stripe_paying import Sale
from bridge.model.text import SafeText, safe
from bridge.store.actions import Action

LINK, CHECKOUT = "payment_link", "checkout.session"
_CLOSED = "This link is closed. Please ask whoever sent it to you."
_UNNAMED = "Payment"


async def propose(desk: Desk, ask: Ask) -> Proposal:
    account = desk.config.accounts[ask.subject.account]
    wish = read_wish(ask.command.rest)
    customer = await _customer(desk, ask, wish)
    usual = {account.currency, (customer or {}).get("currency")}
    money = meant_money(wish, {one for one in usual if one})
    kind = CHECKOUT if customer and account.thanks_url else LINK
    params = {"kind": kind, "purpose": wish.purpose, "thanks_url": account.thanks_url}
    return Proposal(
        object_id=customer["id"] if customer and kind == CHECKOUT else f"pay:{ask.said.event_id}",
        params=params,
        money=money,
        question=_question(desk, money, wish.purpose, customer if kind == CHECKOUT else None),
        remarks=tuple(_remarks(kind, customer)),
    )


async def execute(desk: Desk, action: Action) -> Json:
    """Nothing is there yet that could have changed; that the customer still is, Stripe checks."""
    writer, sale = desk.writers[action.account], _sale(action)
    if action.params["kind"] == LINK:
        return await writer.open_link(sale, closed_words=_CLOSED, key=action.id)
    return await writer.open_checkout(
        sale, customer=action.object_id, thanks_url=action.params["thanks_url"], key=action.id
    )


async def find(desk: Desk, action: Action) -> Json | None:
    """What an unanswered call has made; links cannot be listed by their age, so by its event."""
    reader = desk.readers[action.account]
    if action.params["kind"] == CHECKOUT:
        return marked(await reader.sessions_of_customer(action.object_id), action)
    made = await in_events(desk, action, ("payment_link.created",), LINK)
    return await reader.payment_link(made["id"]) if made else None


def told(desk: Desk, action: Action, made: Json) -> Result:
    money, page_id = action.money, id_of(made)
    if money is None or page_id is None:
        raise Refused("Stripe's answer names no page to pay at. Look there before you ask again.")
    is_link = made.get("object") == LINK
    purpose = safe(action.params["purpose"])
    message = Message(
        title=safe(f"{money.words(desk.config.locale)} can be paid{_behind(purpose)}."),
        facts=tuple(_facts(desk, made)),
        text=safe("To take it back, reply `withdraw`. When it is paid, you will hear it here."),
        links=page_link("The page to pay at", made.get("url")),
        test_mode=not desk.config.accounts[action.account].livemode,
    )
    names: dict[str, Any] = {"payment_link" if is_link else "checkout_session": page_id}
    objects = Objects(customer=id_of(made.get("customer")), **names)
    after = {**names, "amount": money.amount, "currency": money.currency}
    return Result(ActionState.SUCCEEDED, message, page_id, "open", after, objects=objects)


async def _customer(desk: Desk, ask: Ask, wish: Wish) -> Json | None:
    """Whom it is for: named, or the one whom the message or the room is about. None is anyone."""
    reader = desk.readers[ask.subject.account]
    named = wish.customer or ask.objects.customer
    if not named or named.lower() == ANYONE:
        return None
    if "@" not in named:
        return _living(await reader.customer(named))
    found = await reader.customers_of_email(named)
    if not found and named != named.lower():
        found = await reader.customers_of_email(named.lower())
    if not found:
        raise Refused(
            f"Stripe knows no customer with the address {named}. "
            "Without `to` you get a link that anyone can pay."
        )
    if len(found) > 1:
        raise which(
            "Several customers have that address. Which one?", [_choice(wish, one) for one in found]
        )
    return _living(found[0])


def _choice(wish: Wish, customer: Json) -> tuple[str, str]:
    amount = wish.amount + (f" for {wish.purpose}" if wish.purpose else "")
    since = moment(customer.get("created")).date()
    return f"{customer.get('name') or 'without a name'}, since {since}", (
        f"!stripe pay {amount} to {customer['id']}"
    )


def _living(customer: Json) -> Json:
    if customer.get("deleted"):
        raise Refused(f"The customer {customer['id']} was deleted at Stripe.")
    return customer


def _sale(action: Action) -> Sale:
    if action.money is None:
        raise Refused("That has no amount; nothing was done.")
    return Sale(action.money, action.params["purpose"] or _UNNAMED, marks(action))


def _question(desk: Desk, money: Money, purpose: str, customer: Json | None) -> str:
    amount = money.words(desk.config.locale)
    if customer:
        return f"Ask {customer['id']} to pay {amount}{_behind(purpose)}?"
    return f"Make a link to pay {amount}{_behind(purpose)}?"


def _remarks(kind: str, customer: Json | None) -> list[str]:
    if kind == CHECKOUT:
        return ["It is a checkout of Stripe's for this customer, and ends after 24 hours."]
    remarks = ["Whoever has the link can pay, one time only. It does not end by itself."]
    if customer:
        remarks.append("(A checkout for this customer alone needs `thanks_url` to be configured.)")
    return remarks


def _facts(desk: Desk, made: Json) -> list[Fact]:
    if made.get("object") == LINK:
        return [Fact("Good for", SafeText("one payment, by whoever has the link"))]
    ends = desk.words.deadline(moment(made.get("expires_at")))
    return [
        Fact("Good for", safe(f"one payment, by {id_of(made.get('customer'))}")),
        Fact("Ends", ends),
    ]


def _behind(purpose: str) -> str:
    return f" for “{purpose}”" if purpose else ""
