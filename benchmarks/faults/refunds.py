"""Refunds asked for by people in their rooms while bridges are killed; counted in Stripe's own ledger."""

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from benchmarks.faults.counting import Count
from benchmarks.faults.hazards import kill_a_bridge, slow_homeserver
from benchmarks.faults.house import House, Manner, Site
from benchmarks.faults.proxy import Blow, Mood
from bridge.sandbox.person import NotSeen, Person
from bridge.sandbox.seen import RoomEvent

REFUNDS = "refunds"
_PEOPLE = ("ona", "sam", "fin")
#: How long somebody waits for an answer before they say that there is none.
_PATIENCE = 240
_AT_ONCE = 24
_SETTLED_SECONDS = 120
_CUSTOMERS = 10


@dataclass(frozen=True)
class Refunds:
    """`asked` are those that somebody said yes to; `made` those of them that Stripe has."""

    asked: int = 0
    made: int = 0
    doubled: int = 0

    @property
    def clean(self) -> bool:
        return self.made == self.asked and self.doubled == 0

    def __add__(self, other: "Refunds") -> "Refunds":
        return Refunds(
            self.asked + other.asked, self.made + other.made, self.doubled + other.doubled
        )


@dataclass
class Asking:
    """One payment, and the part of it that one person wants to give back. Amounts in cents."""

    room: str
    charge: str
    paid: int
    wanted: int
    by: str
    root: str = ""
    confirmed: bool = False
    trouble: str = ""


@dataclass
class Desk:
    house: House
    people: dict[str, Person]
    rng: Random
    askings: list[Asking] = field(default_factory=list)

    async def sell(self, number: int) -> None:
        """Payments in customers' rooms, which are there as something went wrong first."""
        house, stripe = self.house, self.house.stripe
        house.open_webhooks()
        customers = [
            stripe.happen("payment_fails", name=f"Buyer {n}", currency="eur")["customer"]
            for n in range(min(_CUSTOMERS, number))
        ]
        await self._taken()
        for n in range(number):
            customer, amount = customers[n % len(customers)], 20_000 + n
            made = stripe.happen(
                "checkout_succeeds", customer=customer, amount=amount, currency="eur"
            )
            room = house.alias(f"customer_{customer}")
            wanted = self.rng.randrange(100, 10_000)
            by = _PEOPLE[n % len(_PEOPLE)]
            self.askings.append(Asking(room, made["charge"], amount, wanted, by))

    async def ask_all(self, doing: Callable[[], None]) -> None:
        places = asyncio.Semaphore(_AT_ONCE)

        async def ask(asking: Asking) -> None:
            async with places:
                try:
                    await self._ask(asking, self.people[asking.by])
                except NotSeen as trouble:
                    asking.trouble = str(trouble)
            doing()

        await asyncio.gather(*map(ask, self.askings))

    async def _ask(self, asking: Asking, person: Person) -> None:
        """A reply to the payment's card, a yes to the question, and the wait for how it went."""
        paid = euros(asking.paid)
        card = await self._sees(person, asking, lambda e: _is_card(e, paid))
        asking.root = card.event_id
        await person.say(asking.room, f"refund {asking.wanted / 100:.2f}", reply_to=card.event_id)
        question = await self._sees(person, asking, _is_question(asking))
        if self.rng.random() < 0.5:
            await person.react(asking.room, question.event_id, "✅")
        else:
            await person.say(asking.room, "yes", thread=card.event_id)
        asking.confirmed = True
        await self._sees(person, asking, _is_result(asking))

    async def _sees(
        self, person: Person, asking: Asking, where: Callable[[RoomEvent], bool]
    ) -> RoomEvent:
        def ours(event: RoomEvent) -> bool:
            return event.sender == self.house.sender and where(event)

        return await person.sees(room=asking.room, where=ours, within=_PATIENCE)

    async def _taken(self) -> None:
        async with asyncio.timeout(_PATIENCE):
            await self.house.stripe.settled()


async def refunds(
    site: Site, doing: Callable[[str], None], *, number: int
) -> tuple[Count, Refunds]:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(House(site, Manner(False, _PEOPLE, _SETTINGS)))
        people = {
            name: await stack.enter_async_context(
                Person(house.homeserver.url, login.user_id, login.token)
            )
            for name, login in house.people.items()
        }
        desk = Desk(house, people, Random(f"{site.seed} refunds {site.disk.name}"))
        await desk.sell(number)
        await slow_homeserver(house, desk.rng)
        house.side.mood = Mood(
            (Blow.NO_ANSWER, Blow.CUT_ANSWER), share=0.1, only="POST /v1/refunds", slow=0.2
        )
        killing = asyncio.create_task(_kill(house, desk.rng))
        try:
            await desk.ask_all(
                lambda: doing(f"{sum(bool(a.confirmed) for a in desk.askings)} of {number} asked")
            )
        finally:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        doing("settling")
        await house.heal()
        await house.idle(_SETTLED_SECONDS)
        return await _told(desk), made(desk.askings, house.stripe.ledger())


async def _kill(house: House, rng: Random) -> None:
    """Again and again, with enough time in between to come to something."""
    while True:
        await kill_a_bridge(house, rng)
        await asyncio.gather(*(one.up() for one in house.bridges))
        await asyncio.sleep(rng.uniform(0.2, 3))


def made(askings: list[Asking], ledger: list[dict[str, Any]]) -> Refunds:
    """What nobody asked for, or not so much of, counts as doubled."""
    refunded = {charge["charge"]: [one["amount"] for one in charge["refunds"]] for charge in ledger}
    wanted = {one.charge: one.wanted for one in askings if one.confirmed}
    right = sum(wanted[charge] in refunded.get(charge, ()) for charge in wanted)
    return Refunds(len(wanted), right, sum(map(len, refunded.values())) - right)


async def _told(desk: Desk) -> Count:
    """The question and the result, each once in the thread of its payment."""
    wrong: list[str] = []
    lost = doubled = 0
    for asking in desk.askings:
        room = desk.people[asking.by].room(asking.room)
        told = [one for one in room.messages if one.sender == desk.house.sender]
        for what, seen in (
            ("question", sum(map(_is_question(asking), told))),
            ("result", sum(map(_is_result(asking), told))),
        ):
            lost, doubled = lost + (seen == 0), doubled + max(0, seen - 1)
            if seen != 1:
                wrong.append(f"{seen} times the {what} of {asking}")
    sent = 2 * len(desk.askings)
    return Count(sent, sent - lost, lost, doubled, 0, tuple(wrong))


def _is_card(event: RoomEvent, paid: str) -> bool:
    return not (event.thread or event.replaces) and bool(
        re.search(rf"(received|paid): {re.escape(paid)}", event.body.partition("\n")[0])
    )


def _is_question(asking: Asking) -> Callable[[RoomEvent], bool]:
    words = rf"Refund {re.escape(euros(asking.wanted))} of {re.escape(euros(asking.paid))}"
    return partial(_says, asking=asking, words=words)


def _is_result(asking: Asking) -> Callable[[RoomEvent], bool]:
    """In the words of whoever knew first, the command or the webhook. The card's history is another thing."""
    amount = re.escape(euros(asking.wanted))
    return partial(_says, asking=asking, words=rf"Refunded( {amount}\.|: {amount} ·)")


def _says(event: RoomEvent, asking: Asking, words: str) -> bool:
    first = event.body.partition("\n")[0].removeprefix("[test] ")
    return event.thread == asking.root and re.match(words, first) is not None


def euros(cents: int) -> str:
    return f"€{cents // 100}.{cents % 100:02d}"


#: What is paid is told in its customer's room, so that people ask in many rooms; one yes is enough.
_SETTINGS = {
    "approvals": [{"verbs": ["refund"], "others": 0}],
    "routes": [
        {
            "name": "payments",
            "match": {
                "types": [
                    "charge.failed",
                    "charge.succeeded",
                    "checkout.session.completed",
                    "payment_intent.payment_failed",
                    "payment_intent.succeeded",
                ]
            },
            "to": ["room"],
        }
    ],
}
