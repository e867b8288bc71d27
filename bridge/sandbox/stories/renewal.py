"""One failed renewal, seen through to its payment: one card, one thread, and the right silence."""

from collections.abc import Sequence
from datetime import time
from typing import Any, ClassVar

from bridge.sandbox.hearing import by_the_bridge
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.story import Stage, Step, expect


class Renewal:
    name: ClassVar = "renewal"
    title: ClassVar = "A renewal that fails"
    intro: ClassVar = (
        "Monday, 09:00. Grace's card has no money on it. Stripe tries again, in vain; she gives a new "
        "card, and the next try is paid. Stripe tells all this in two dozen events, each of them twice.\n"
        "Sam, who is support, should find one message that is always true, and be left in peace."
    )
    opening: ClassVar = time(9, 0)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stripe = stage.world.stripe
        self.sam = stage.person("sam")
        self.made: dict[str, Any] = {}
        self.card = ""

    def steps(self) -> Sequence[Step]:
        return [
            Step("a failed renewal is one card, with all that matters", self.fails),
            Step("its history has each thing once", self.told_once),
            Step("a retry that fails changes the card in place", self.fails_again),
            Step("support's note is in its thread", self.noted),
            Step("a new card pays it, and the same card says so", self.paid),
            Step("the new card is told by itself", self.new_card),
            Step("and offers what can be done with it now", self.offers_a_refund),
            Step("all of it was one card and one thread", self.one_card),
            Step("nobody was interrupted", self.silence),
            Step("a reply to the card is about the payment that was made", self.still_answers),
        ]

    async def fails(self) -> None:
        self.made = await self.stage.happen(
            "Grace Hopper's renewal of €49.00 is declined.",
            "renewal_fails",
            amount=4900,
            currency="eur",
            name="Grace Hopper",
            email="grace@example.com",
            shuffle=True,
            duplicates=1,
        )
        self.card = (await self._sees("failed", "€49.00")).event_id
        shown = await self._card_with("Renewal failed: €49.00", "Attempt: 1; next try")
        for words in ("not enough money", "Grace Hopper", "At stake: €49.00 each month", "Next: "):
            expect(words in shown.body, f"The card does not say {words}: {shown.body}")

    async def told_once(self) -> None:
        await self._sees("behind with its payment")
        thread = self._thread()
        once = ("Payment failed: €49.00", "Renewal failed: €49.00, attempt 1", "behind with")
        counts = [thread.count(words) for words in once]
        expect(counts == [1, 1, 1], f"Its thread does not say each thing once: {thread}")

    async def fails_again(self) -> None:
        self.stage.narrate("Three days later Stripe tries again.")
        await self.stage.happen(
            "The retry is declined, too.", "renewal_fails_again", invoice=self.made["invoice"]
        )
        await self._card_with("Renewal failed: €49.00", "Attempt: 2; next try")

    async def noted(self) -> None:
        said = await self.sam.say(
            self.room, "note Grace will give another card", reply_to=self.card
        )
        await self.sam.catches_up(said, room=self.room)
        await self._sees("Noted")

    async def paid(self) -> None:
        await self.stage.happen(
            "Grace gives a new card, and the next try is paid.",
            "renewal_recovers",
            invoice=self.made["invoice"],
            last4="4444",
        )
        shown = await self._card_with("Renewal paid: €49.00", "Mastercard ending 4444")
        for over in ("Attempt:", "At stake:", "failed"):
            expect(over not in shown.body, f"The card still says {over}: {shown.body}")

    async def new_card(self) -> None:
        await self._sees("New way to pay saved", "Mastercard ending 4444")

    async def offers_a_refund(self) -> None:
        shown = await self._card_with("You can reply: refund")
        expect("dashboard" in shown.body, f"It has no link to Stripe: {shown.body}")

    async def one_card(self) -> None:
        await self._sees("paid again")
        told = [event for event in self.sam.room(self.room).shown() if self._is_ours(event)]
        cards = [event.body for event in told if "Renewal" in event.body and not event.thread]
        expect(len(cards) == 1, f"There are {len(cards)} cards of the renewal: {cards}")
        elsewhere = [
            event.body
            for event in told
            if event.thread and event.thread != self.card and "ayment" in event.body
        ]
        expect(elsewhere == [], f"Other threads speak of the payment: {elsewhere}")

    async def silence(self) -> None:
        loud = [
            event.body
            for event in self.sam.room(self.room).messages
            if self._is_ours(event) and (event.mentions or event.content.get("msgtype") == "m.text")
        ]
        expect(loud == [], f"These interrupted somebody: {loud}")
        critical = await self.sam.is_in(self.stage.world.channel("payments-critical"), within=30)
        told = [event.body for event in critical.messages if self._is_ours(event)]
        expect(told == [], f"#payments-critical was told: {told}")

    async def still_answers(self) -> None:
        said = await self.sam.say(self.room, "show", reply_to=self.card)
        await self.sam.catches_up(said, room=self.room)
        await self._sees("Payment of €49.00: succeeded")

    @property
    def room(self) -> str:
        return self.stage.world.room("customer", self.made["customer"])

    def _is_ours(self, event: RoomEvent) -> bool:
        return by_the_bridge(event)

    def _thread(self) -> str:
        shown = self.sam.room(self.room).shown()
        return "\n".join(event.body for event in shown if event.thread == self.card)

    async def _sees(self, *words: str) -> RoomEvent:
        def told(event: RoomEvent) -> bool:
            return self._is_ours(event) and all(word in event.body for word in words)

        return await self.sam.sees(room=self.room, where=told, within=30, what=" and ".join(words))

    async def _card_with(self, *words: str) -> RoomEvent:
        """The card as a client shows it, once it has all the words."""

        def moved(event: RoomEvent) -> bool:
            about = self.card in {event.event_id, event.replaces}
            return about and all(word in event.body for word in words)

        await self.sam.sees(room=self.room, where=moved, within=30, what=" and ".join(words))
        shown = self.sam.room(self.room).shown()
        card = next(event for event in shown if event.event_id == self.card)
        for word in words:
            expect(word in card.body, f"The card has moved on from {word}: {card.body}")
        return card
