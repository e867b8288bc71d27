"""The homeserver is away while the shop goes on, and the bridge is killed twice. Nobody misses anything."""

import asyncio
from collections.abc import Sequence
from datetime import time
from typing import ClassVar

from bridge.sandbox.hearing import by_the_bridge, sees
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.story import Stage, Step, expect

_BEFORE, _AWAY, _AFTER = 4, 24, 4
_CUSTOMERS = ("Ada", "Grace", "Alan", "Edsger")


class Outage:
    name: ClassVar = "outage"
    title: ClassVar = "The homeserver is away"
    intro: ClassVar = (
        "Sales go on while the homeserver is down, and the bridge itself is killed twice, without warning. "
        "Each sale has an amount of its own, so that a missing or a doubled one would show."
    )
    opening: ClassVar = time(22, 15)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.world = stage.world
        self.fin = stage.person("fin")
        self.sold: list[int] = []

    def steps(self) -> Sequence[Step]:
        return [
            Step("sales appear in #payments", self.sales_appear),
            Step("Stripe's webhooks are taken while the homeserver is away", self.homeserver_goes),
            Step("and also after the bridge was killed with all that waits", self.bridge_is_killed),
            Step("a dispute is taken as well, though nobody can see it yet", self.dispute_opens),
            Step("when both are back, every sale is there", self.everything_arrives),
            Step("each of them once", self.each_once),
            Step("the dispute interrupts, late but once", self.dispute_is_told),
        ]

    async def sales_appear(self) -> None:
        await self.fin.is_in(self.payments, within=30)
        await self._sell(_BEFORE)
        await self._told(self.sold[-1])

    async def homeserver_goes(self) -> None:
        self.stage.narrate("The homeserver dies. Nobody can read anything; Stripe does not care.")
        await self.world.homeserver.kill()
        await self._sell(_AWAY // 2)

    async def bridge_is_killed(self) -> None:
        self.stage.narrate("The bridge is killed where it stands, and started again.")
        await self._kill_bridge()
        await self._sell(_AWAY // 2)

    async def dispute_opens(self) -> None:
        await self.stage.happen(
            "Mallory Moore disputes a payment of €259.00.",
            "dispute_opens",
            amount=25900,
            currency="eur",
            name="Mallory Moore",
            email="mallory@example.com",
        )

    async def everything_arrives(self) -> None:
        self.stage.narrate(
            "The homeserver comes back; while the backlog goes out the bridge is killed again."
        )
        await self.world.homeserver.start()
        await self._told(self.sold[_BEFORE])
        await self._kill_bridge()
        await self._sell(_AFTER)
        for amount in self.sold:
            await self._told(amount)

    async def each_once(self) -> None:
        told = [event.body for event in self._by_the_bridge(self.payments)]
        times = {amount: sum(_euros(amount) in body for body in told) for amount in self.sold}
        wrong = [f"{_euros(amount)} is there {n} times" for amount, n in times.items() if n != 1]
        expect(not wrong, "; ".join(wrong))

    async def dispute_is_told(self) -> None:
        critical = self.world.channel("payments-critical")
        await self._sees(critical, "€259.00")
        told = [e for e in self._by_the_bridge(critical) if "€259.00" in e.body]
        expect(len(told) == 1, f"The dispute is there {len(told)} times.")

    async def _sell(self, number: int) -> None:
        first = len(self.sold)
        self.stage.transcript.stripe(f"{number} checkouts are paid.")
        for amount in range(10_001 + first, 10_001 + first + number):
            await self.world.stripe.happen(
                "checkout_succeeds",
                amount=amount,
                currency="eur",
                name=_CUSTOMERS[amount % len(_CUSTOMERS)],
                email="shop@example.com",
            )
            self.sold.append(amount)
        await self.world.stripe.settled()
        if lost := await self.world.stripe.undelivered():
            expect(False, f"The bridge did not take these webhooks: {', '.join(lost)}")

    async def _kill_bridge(self) -> None:
        await asyncio.to_thread(self.world.bridge.kill)
        await self.world.start_bridge()

    async def _told(self, amount: int) -> RoomEvent:
        return await self._sees(self.payments, _euros(amount))

    async def _sees(self, room: str, words: str) -> RoomEvent:
        return await sees(self.fin, room, words, within=45)

    def _by_the_bridge(self, room: str) -> list[RoomEvent]:
        """Edits of a message are not messages of their own."""
        return [e for e in self.fin.room(room).shown() if by_the_bridge(e) and not e.thread]

    @property
    def payments(self) -> str:
        return self.world.channel("payments")


def _euros(amount: int) -> str:
    return f"€{amount // 100}.{amount % 100:02}"
