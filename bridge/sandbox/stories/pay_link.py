"""Customers are asked to pay from the chat: one pays at once, one by a slow bank, one is asked no more."""

from collections.abc import Sequence
from datetime import time
from typing import Any, ClassVar

from bridge.model.errors import BridgeError
from bridge.sandbox.hearing import hears_back
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.story import Stage, Step, Wrong, expect

_PAID = "Paid: "


class PayLink:
    name: ClassVar = "pay-link"
    title: ClassVar = "A link to pay with"
    intro: ClassVar = (
        "Sam sells a lamp over the phone, then postage to a customer who pays by bank debit, and then "
        "offers tea by mistake. What is told as paid is only what Stripe says is paid."
    )
    opening: ClassVar = time(11, 0)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stripe = stage.world.stripe
        self.sam = stage.person("sam")
        self.room = stage.world.channel("payments")
        self.ada = ""
        #: The thread and Stripe's object of what was asked for last.
        self.thread = ""
        self.page: dict[str, Any] = {}
        self.told: RoomEvent

    def steps(self) -> Sequence[Step]:
        return [
            Step("`pay 50.00 for a lamp` asks before it makes anything", self.asks_for_a_lamp),
            Step("after the yes the link is there, as Stripe has it", self.lamp_has_its_link),
            Step("the customer pays, and the thread hears it", self.lamp_is_paid),
            Step("who comes second finds the link closed", self.second_buyer_is_refused),
            Step("a known customer gets a checkout that ends", self.asks_ada_for_postage),
            Step("she pays by bank debit: that is not told as paid", self.postage_is_under_way),
            Step("when the money has come, it is", self.postage_is_paid),
            Step("a third link is withdrawn", self.tea_is_withdrawn),
            Step("its customer finds it closed", self.tea_cannot_be_paid),
            Step("each payment was told as paid once, in its thread", self.told_once),
            Step("Stripe has taken exactly €50.00 and €4.90", self.money_is_there),
        ]

    async def asks_for_a_lamp(self) -> None:
        await self.sam.is_in(self.room, within=30)
        self.lamp = await self.sam.say(self.room, "!stripe pay 50.00 for a lamp")
        await self._answered(self.lamp, "Make a link to pay €50.00 for “a lamp”?")
        expect(not await self._list("payment_links"), "Stripe has a link before the yes.")

    async def lamp_has_its_link(self) -> None:
        self.page = await self._made(self.lamp, "payment_links")
        items = await self._list(f"payment_links/{self.page['id']}/line_items")
        amounts = [(one["amount_total"], one["currency"]) for one in items]
        expect(amounts == [(5000, "eur")], f"Stripe's link is over {amounts}.")

    async def lamp_is_paid(self) -> None:
        await self.stage.happen(
            "Grace Hopper follows the link and pays by card.",
            "link_is_paid",
            payment_link=self.page["id"],
            name="Grace Hopper",
            email="grace@example.com",
        )
        await self._hears(self.lamp, _PAID, "€50.00", "a lamp")

    async def second_buyer_is_refused(self) -> None:
        await self._closed()

    async def asks_ada_for_postage(self) -> None:
        failed = await self.stage.happen(
            "Ada Lovelace tries to pay her postage, and her card is declined.",
            "payment_fails",
            amount=490,
            currency="eur",
            name="Ada Lovelace",
            email="ada@example.com",
        )
        self.ada = failed["customer"]
        said = await self.sam.say(self.room, "!stripe pay 4.90 for postage to ada@example.com")
        await self._answered(said, f"Ask {self.ada} to pay €4.90 for “postage”?", "after 24 hours")
        self.postage, self.page = said, await self._made(said, "checkout/sessions")
        expect(self.page["customer"] == self.ada, "The checkout is somebody else's.")

    async def postage_is_under_way(self) -> None:
        await self.stage.happen(
            "Ada chooses to pay by bank debit; that takes some days.",
            "checkout_is_paid_later",
            checkout_session=self.page["id"],
            name="Ada Lovelace",
            outcome="pending",
        )
        await self._hears(self.postage, "Not paid yet", "€4.90")
        self._never(self.postage, _PAID)

    async def postage_is_paid(self) -> None:
        await self.stage.happen(
            "Her bank pays.", "late_payment_settles", checkout_session=self.page["id"]
        )
        await self._hears(self.postage, _PAID, "€4.90")

    async def tea_is_withdrawn(self) -> None:
        self.stage.narrate("Sam offers tea, and sees that there is none left.")
        said = await self.sam.say(self.room, "!stripe pay €12 for tea")
        await self._answered(said, "Make a link to pay €12.00 for “tea”?")
        self.tea, self.page = said, await self._made(said, "payment_links")
        said = await self.sam.say(self.room, "withdraw", reply_to=self.told.event_id)
        question = await self._answered(said, "Withdraw the payment link over €12.00?")
        said = await self.sam.react(self.room, question.event_id, "✅")
        await self._answered(said, "nobody can pay with it any more")

    async def tea_cannot_be_paid(self) -> None:
        await self._closed()
        link = await self.stripe.read(f"payment_links/{self.page['id']}")
        expect(not link["active"], "Stripe's link is still active.")

    async def told_once(self) -> None:
        """By now everything that could have said it again has had its say."""
        said = await self.sam.say(self.room, "!stripe balance")
        await self._answered(said, "The balance at Stripe")
        for thread, times in ((self.lamp, 1), (self.postage, 1), (self.tea, 0)):
            found = [one for one in self._thread(thread) if _PAID in one.body]
            expect(len(found) == times, f"Told as paid {len(found)} times: {found}")

    async def money_is_there(self) -> None:
        charges = await self.stripe.ledger()
        taken = sorted(one["amount"] for one in charges if one["status"] == "succeeded")
        expect(taken == [490, 5000], f"Stripe has taken {taken}.")

    # How it is said and seen.

    async def _made(self, said: str, kind: str) -> dict[str, Any]:
        """After a yes: Stripe's object behind the link that is told."""
        await self.sam.say(self.room, "yes", thread=said)
        self.told = await self._answered(said, "can be paid", "https://")
        pages = [
            one for one in await self._list(kind) if one["url"] and one["url"] in self.told.body
        ]
        expect(len(pages) == 1, f"The link that is told is none of Stripe's: {self.told.body}")
        return pages[0]

    async def _closed(self) -> None:
        try:
            await self.stripe.happen("link_is_paid", payment_link=self.page["id"])
        except BridgeError as refused:
            expect("inactive" in str(refused), f"Stripe said something else: {refused}")
        else:
            raise Wrong("The link could still be paid.")

    async def _list(self, path: str) -> list[dict[str, Any]]:
        return list((await self.stripe.read(path))["data"])

    async def _hears(self, thread: str, *words: str) -> RoomEvent:
        def told(event: RoomEvent) -> bool:
            return event.thread == thread and all(word in event.body for word in words)

        what = f"{' and '.join(words)} in the thread"
        return await self.sam.sees(room=self.room, where=told, within=30, what=what)

    def _never(self, thread: str, words: str) -> None:
        found = [event for event in self._thread(thread) if words in event.body]
        expect(not found, f"It is told as paid: {found}")

    def _thread(self, root: str) -> list[RoomEvent]:
        return [event for event in self.sam.timeline(self.room) if event.thread == root]

    async def _answered(self, said: str, *words: str) -> RoomEvent:
        return await hears_back(self.sam, self.room, said, *words)
