"""What happens at Stripe while a hazard runs: a seeded stream, and what people must see of it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from benchmarks.faults.house import House

_PAUSE = 0.02


@dataclass(frozen=True)
class Mark:
    """One thing that must be told in one room, of the money object that has this amount on its face.

    `shown` is what its card must say in the end; else it may be said by the card or in its thread.
    """

    room: str
    amount: str
    words: str
    shown: bool = False


@dataclass(frozen=True)
class Size:
    """For each customer. Every renewal fails, and is paid later; every dispute is lost, then won."""

    customers: int
    payments: int
    renewals: int
    disputes: int

    @property
    def steps(self) -> int:
        return self.customers * (self.payments + 2 * self.renewals) + 3 * self.disputes


@dataclass(frozen=True)
class Step:
    """`amount` in cents of a euro is the object's own; `again` names the argument for the id made before."""

    happening: str
    amount: int
    given: dict[str, Any]
    again: str | None = None


@dataclass
class Stream:
    """What follows each other in a queue happens when Stripe knows the last as taken."""

    house: House
    size: Size
    rng: Random
    marks: set[Mark] = field(default_factory=set)
    #: When it happened.
    places: dict[Mark, int] = field(default_factory=dict)
    #: When what a card is about began, by its room and amount. Of payments alone: some events of a
    #: renewal or a dispute do not name the customer, and so may overtake.
    began: dict[tuple[str, str], int] = field(default_factory=dict)
    sent: int = 0
    _allowed: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    _queues: list[list[Step]] = field(default_factory=list)
    _made: dict[int, dict[str, Any]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Customers who paid something, before anybody listens."""
        paid = [
            self.house.stripe.happen(
                "checkout_succeeds", name=f"Customer {n}", email=f"c{n}@example.com", currency="eur"
            )
            for n in range(self.size.customers)
        ]
        amounts = count(10_000)
        self._queues = [list(self._bills(one["customer"], amounts)) for one in paid]
        self._queues += [
            list(_dispute(one["charge"], next(amounts))) for one in paid[: self.size.disputes]
        ]
        self.house.open_webhooks()

    def allow(self, steps: int) -> None:
        for _ in range(steps):
            self._allowed.release()

    async def run(self) -> None:
        """Until every step has happened and was taken by the bridge."""
        last: dict[int, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as tasks:
            for number, step in self._interleaved():
                await self._allowed.acquire()
                last[number] = tasks.create_task(self._play(step, last.get(number)))

    async def _play(self, step: Step, before: asyncio.Task[None] | None) -> None:
        if before:
            await before
        events = self._happen(step)
        while not all(map(self.house.stripe.world.postman.delivered, events)):
            await asyncio.sleep(_PAUSE)

    def _happen(self, step: Step) -> Sequence[str]:
        given = step.given
        if step.again:
            given = {**given, step.again: self._made[step.amount][step.again]}
        made = self.house.stripe.happen(step.happening, **given)
        self._made[step.amount] = {**self._made.get(step.amount, {}), **made}
        self.sent += 1
        self._expect(step)
        events: list[str] = made["events"]
        return events

    def _expect(self, step: Step) -> None:
        amount, ids = _euros(step.amount), self._made[step.amount]
        for where, words, shown in _SEEN[step.happening, step.given.get("outcome")]:
            room = self.house.alias(f"{where}_{ids[where]}" if where in ids else where)
            if shown:  # what was to be shown before is no longer
                self.marks -= {
                    m for m in self.marks if m.shown and (m.room, m.amount) == (room, amount)
                }
            self.marks.add(Mark(room, amount, words, shown))
            self.places.setdefault(Mark(room, amount, words), self.sent)
            if step.happening == "payment_fails":
                self.began.setdefault((room, amount), self.sent)

    def _bills(self, customer: str, amounts: Iterator[int]) -> Iterator[Step]:
        fails = ["renewal_fails"] * self.size.renewals + ["payment_fails"] * self.size.payments
        self.rng.shuffle(fails)
        unpaid: list[int] = []
        for happening in fails:
            amount = next(amounts)
            given = {"customer": customer, "amount": amount, "currency": "eur"}
            yield Step(happening, amount, given)
            if unpaid:
                yield Step("renewal_recovers", unpaid.pop(), {}, again="invoice")
            if happening == "renewal_fails":
                unpaid.append(amount)
        yield from (Step("renewal_recovers", amount, {}, again="invoice") for amount in unpaid)

    def _interleaved(self) -> Iterator[tuple[int, Step]]:
        """In disorder among the queues, in order within each."""
        turns = [number for number, queue in enumerate(self._queues) for _ in queue]
        self.rng.shuffle(turns)
        waiting = [iter(queue) for queue in self._queues]
        return ((number, next(waiting[number])) for number in turns)


def _dispute(charge: str, amount: int) -> Iterator[Step]:
    yield Step("dispute_opens", amount, {"charge": charge, "disputed_amount": amount})
    for outcome in ("lost", "won"):
        yield Step("dispute_closes", amount, {"outcome": outcome}, again="dispute")


#: What each happening must show: the kind of room, the words, and whether its card must say them in
#: the end. A channel is told no history, and of several news at once it shows the last one only.
_SEEN: dict[tuple[str, str | None], list[tuple[str, str, bool]]] = {
    ("payment_fails", None): [
        ("customer", "Payment failed", False),
        ("customer", "Payment failed", True),
    ],
    ("renewal_fails", None): [
        ("customer", "Renewal failed", False),
        ("customer", "Renewal failed", True),
    ],
    ("renewal_recovers", None): [
        ("customer", "Renewal paid", True),
        ("payments", "Renewal paid", True),
    ],
    ("dispute_opens", None): [
        *(
            (where, words, False)
            for where in ("customer", "dispute")
            for words in ("Dispute opened", "Disputed money taken from your balance")
        ),
        *(
            (where, "Dispute opened", True)
            for where in ("customer", "dispute", "payments-critical")
        ),
    ],
    ("dispute_closes", "lost"): [
        ("customer", "Dispute lost", False),
        ("dispute", "Dispute lost", False),
        *((where, "Dispute lost", True) for where in ("customer", "dispute", "payments-critical")),
    ],
    ("dispute_closes", "won"): [
        *(
            (where, words, False)
            for where in ("customer", "dispute")
            for words in ("Dispute won after all", "Disputed money is back in your balance")
        ),
        *(
            (where, "Dispute won after all", True)
            for where in ("customer", "dispute", "payments-critical")
        ),
    ],
}


def _euros(cents: int) -> str:
    return f"€{cents // 100}.{cents % 100:02d}"
