"""For every verb that needs something of Stripe: ways to ask for it that together need all of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.model.signal import Objects

from .dispute_room import disputed, pdf
from .office import Office


@dataclass(frozen=True)
class Asked:
    """What is said, and the words in which its success is told. What was before needs other rights."""

    text: str
    words: str
    how: dict[str, Any] = field(default_factory=dict)


Scene = Callable[[Office], Awaitable[Asked]]


def replying(
    text: str, words: str, kind: str = "charge", scene: str = "checkout_succeeds"
) -> Scene:
    """To the message of a happening, which then is about that kind of object."""

    async def prepare(office: Office) -> Asked:
        made = office.stripe.happen(scene, currency="eur")
        objects = Objects(**{kind: made[kind], "customer": made["customer"]})
        return Asked(text, words, {"reply_to": await office.posted(objects)})

    return prepare


def in_the_room(text: str, words: str, scene: str = "checkout_succeeds") -> Scene:
    """Of the customer, where nothing else says what is meant."""

    async def prepare(office: Office) -> Asked:
        customer = office.stripe.happen(scene, currency="eur")["customer"]
        return Asked(f"!stripe {text}", words, {"room": await office.room_of(customer)})

    return prepare


def in_a_dispute(text: str, words: str, *before: str, **how: Any) -> Scene:
    async def prepare(office: Office) -> Asked:
        room = await disputed(office)
        for said in before:
            await room.say("sam", said)
        return Asked(f"!stripe {text}", words, {"room": room.room, **how})

    return prepare


def after(text: str, words: str, asked: str, **to: Any) -> Scene:
    """Replying to what an earlier command has made."""

    async def prepare(office: Office) -> Asked:
        first = in_the_room(asked, "") if to.get("customer") else None
        how = (await first(office)).how if first else {}
        await office.say("sam", f"!stripe {asked}", **how)
        await office.say("sam", "yes", reply_to=office.question().event_id, **how)
        return Asked(text, words, {"reply_to": office.told[-1].event_id, **how})

    return prepare


def named(verb: str, kind: str, scene: str = "checkout_succeeds", words: str = "Found 1") -> Scene:
    """By the id of that kind of object."""

    async def prepare(office: Office) -> Asked:
        return Asked(f"!stripe {verb} {office.stripe.happen(scene, currency='eur')[kind]}", words)

    return prepare


async def why_an_event(office: Office) -> Asked:
    return Asked(
        f"!stripe why {office.stripe.happen('checkout_succeeds')['events'][0]}", "never came in"
    )


async def a_dropped_file(office: Office) -> Asked:
    room = await disputed(office)
    office.media.files["mxc://test/0"] = pdf()
    from bridge.model.ports import Attachment

    file = Attachment("mxc://test/0", "receipt.pdf")
    return Asked("receipt", "Receipt staged", {"room": room.room, "file": file})


async def a_note_on_a_dispute(office: Office) -> Asked:
    room = await disputed(office)
    return Asked("!stripe note x", "Noted, here and in Stripe", {"room": room.room})


NOTED = "Noted, here and in Stripe"
SCENES: dict[str, tuple[Scene, ...]] = {
    "refund": (
        replying("refund 20", "Refunded"),
        replying("refund 20", "Refunded", "payment_intent"),
        in_the_room("refund 20", "Refunded"),
        replying("refund 20 as credit note", "credit note is", "charge", "renewal_succeeds"),
    ),
    "retry": (
        replying("retry", "Declined", "invoice", "renewal_fails"),
        replying("retry", "Declined", "payment_intent", "renewal_fails"),
        in_the_room("retry", "Declined", "renewal_fails"),
    ),
    "pay": (
        replying("pay 5 eur to anyone", "can be paid"),
        in_the_room("pay 5 eur", "can be paid"),
    ),
    "withdraw": (
        after("withdraw", "is withdrawn", "pay 5 eur to anyone"),
        after("withdraw", "is withdrawn", "pay 5 eur", customer=True),
    ),
    "capture": (replying("capture", "Taken: ", "payment_intent", "payment_is_authorised"),),
    "cancel": (replying("cancel", "is cancelled", "payment_intent", "payment_is_authorised"),),
    "portal": (in_the_room("portal", "way into the billing portal"),),
    "balance": (replying("balance", "The balance at Stripe"),),
    "invoice": (
        in_the_room("invoice 20 eur for x", "Sent: "),
        in_the_room("invoice void", "is void", "renewal_fails"),
    ),
    "subscription": (
        in_the_room("subscription cancel now", "Cancelled", "renewal_succeeds"),
        replying("subscription pause void", "Paused", "invoice", "renewal_succeeds"),
    ),
    "note": (
        replying("note x", NOTED),
        replying("note x", NOTED, "payment_intent"),
        replying("note x", NOTED, "invoice", "renewal_fails"),
        replying("note x", NOTED, "subscription", "renewal_fails"),
        in_the_room("note x", NOTED),
        a_note_on_a_dispute,
    ),
    "show": (
        replying("show", "Payment of"),
        replying("show", "Payment of", "payment_intent"),
        in_the_room("show", "cus_"),
        in_a_dispute("show", "Dispute over"),
    ),
    "evidence": (in_a_dispute("evidence product description A lamp", "staged"), a_dropped_file),
    "preview": (in_a_dispute("preview", "A lamp", "evidence product description A lamp"),),
    "submit": (in_a_dispute("submit", "is with the bank", "evidence product description A lamp"),),
    "accept": (in_a_dispute("accept", "is accepted"),),
    "find": (
        in_the_room("find 49 eur", "Found 1"),
        in_the_room("find 4242", "Found "),
        in_the_room("find ada@example.com", "Found "),
        named("find", "charge"),
        named("find", "payment_intent"),
        named("find", "invoice", "renewal_fails"),
        named("find", "subscription", "renewal_fails"),
        named("find", "customer"),
        named("find", "dispute", "dispute_opens"),
    ),
    "timeline": (named("timeline", "charge", words="I know nothing"),),
    "why": (why_an_event,),
}
