"""The main job, end to end, on the busiest evening of the year."""

from collections.abc import Sequence
from datetime import time
from typing import Any, ClassVar
from urllib.parse import unquote

from bridge.sandbox.hearing import by_the_bridge, hears_back, sees
from bridge.sandbox.receiver import Notification
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.story import Stage, Step, expect

_REFUND = 2000


class BlackFriday:
    name: ClassVar = "black-friday"
    title: ClassVar = "Black Friday"
    intro: ClassVar = (
        "Friday, 21:00. Signups have stopped reaching the CRM, although Stripe shows successful charges. "
        "Nobody looks at dashboards at this hour; everybody looks at the chat.\n"
        "Sam is support, Fin is finance, Eva is an engineer. What Stripe tells, and what they answer, "
        "is all real here: a Matrix homeserver, a Stripe of the sandbox's own, and the bridge between them."
    )
    opening: ClassVar = time(21, 0)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stripe = stage.world.stripe
        self.sam, self.fin, self.eva = (stage.person(name) for name in ("sam", "fin", "eva"))
        self.checkout: dict[str, Any] = {}
        self.renewal: dict[str, Any] = {}
        self.dispute: dict[str, Any] = {}

    def steps(self) -> Sequence[Step]:
        return [
            Step("everyone is in the channels", self.channels_are_there),
            Step("a paid checkout appears in #payments", self.checkout_succeeds),
            Step("a failed renewal appears in its customer's room", self.renewal_fails),
            Step("changed billing details appear there, old → new", self.billing_details_change),
            Step(
                "the failed renewal was told once, all else in its thread",
                self.failure_is_told_once,
            ),
            Step("a dispute appears in its room, with its deadline", self.dispute_opens),
            Step("the dispute interrupts everyone in #payments-critical", self.dispute_interrupts),
            Step("finance's desk is notified of it through Apprise", self.finance_hears_of_it),
            Step("nothing else is in #payments-critical", self.critical_is_quiet),
            Step("support's note on the failed payment is confirmed", self.support_notes),
            Step("Stripe has the note", self.stripe_has_the_note),
            Step("an engineer's refund is refused", self.engineer_is_refused),
            Step("support's refund waits for a yes", self.support_asks_for_a_refund),
            Step("after the yes its result is in the thread", self.support_confirms),
            Step("Stripe has moved exactly 20.00, once", self.money_moved_once),
            Step("finance is escalated to, with a link back", self.support_escalates),
            Step("finance's desk is notified of that, too", self.finance_is_notified),
        ]

    async def channels_are_there(self) -> None:
        for person in (self.sam, self.fin, self.eva):
            for channel in (self.payments, self.critical, self.escalations):
                await person.is_in(channel, within=30)

    # What happens at Stripe.

    async def checkout_succeeds(self) -> None:
        self.stage.narrate("The shop still sells. The CRM does not know, but the chat does.")
        self.checkout = await self.stage.happen(
            "Ada Lovelace pays €129.00 at the checkout.",
            "checkout_succeeds",
            amount=12900,
            currency="eur",
            name="Ada Lovelace",
            email="ada@example.com",
        )
        await self._told_in(self.payments, "Ada Lovelace", "€129.00")

    async def renewal_fails(self) -> None:
        self.stage.narrate(
            "A renewal fails. Stripe tells it in several events; tonight each comes twice, in disorder."
        )
        self.renewal = await self.stage.happen(
            "Grace Hopper's renewal of €49.00 is declined.",
            "renewal_fails",
            amount=4900,
            currency="eur",
            name="Grace Hopper",
            email="grace@example.com",
            shuffle=True,
            duplicates=1,
        )
        await self._told_in(self.grace, "failed", "€49.00")

    async def billing_details_change(self) -> None:
        self.stage.narrate("Grace has heard of it too: she gives a new card, address and e-mail.")
        await self.stage.happen(
            "Grace Hopper changes her billing details.",
            "billing_details_change",
            customer=self.renewal["customer"],
            email="grace.hopper@example.com",
            city="Lisbon",
        )
        await self._told_in(self.grace, "grace@example.com → grace.hopper@example.com", "Lisbon")

    async def failure_is_told_once(self) -> None:
        """Her later event is told, and a room keeps its order: all of the renewal has been told."""
        failure = await self._told_in(self.grace, "failed", "€49.00")
        told = [event for event in self._by_the_bridge(self.grace) if not event.replaces]
        alone = [event.body for event in told if "failed" in event.body and not event.thread]
        expect(
            len(alone) == 1, f"The failed renewal stands in the room {len(alone)} times: {alone}"
        )
        # Charge, PaymentIntent, invoice and subscription: its history has what each of them adds.
        thread = "\n".join(event.body for event in told if event.thread == failure.event_id)
        lines = ("Payment failed: €49.00", "attempt 1", "behind with its payment")
        counts = [thread.count(line) for line in lines]
        expect(counts == [1, 1, 1], f"Its thread has not each thing once: {thread}")

    async def dispute_opens(self) -> None:
        self.stage.narrate("And somebody's bank wants money back.")
        self.dispute = await self.stage.happen(
            "Mallory Moore disputes a payment of €259.00.",
            "dispute_opens",
            amount=25900,
            currency="eur",
            name="Mallory Moore",
            email="mallory@example.com",
        )
        await self._told_in(self.dispute_room, "Dispute", "€259.00", "Answer by")

    async def dispute_interrupts(self) -> None:
        told = await self._told_in(self.critical, "Dispute", "€259.00", "Answer by")
        everyone = {person.user_id for person in (self.sam, self.fin, self.eva)}
        expect(set(told.mentions) == everyone, f"It mentions {told.mentions}, not everyone.")

    async def finance_hears_of_it(self) -> None:
        await self._notified("Dispute", "€259.00")

    async def critical_is_quiet(self) -> None:
        told = [event.body for event in self._by_the_bridge(self.critical) if not event.replaces]
        expect(len(told) == 1, f"#payments-critical has {len(told)} messages: {told}")

    # What people do about it.

    async def support_notes(self) -> None:
        self.stage.narrate("Sam answers the failed payment's message.")
        failure = await self._told_in(self.grace, "failed", "€49.00")
        said = await self.sam.say(
            self.grace, "note Grace has a new card, the retry will work", reply_to=failure.event_id
        )
        await self._answered(self.grace, said, thread=failure.event_id, words=("Noted",))

    async def stripe_has_the_note(self) -> None:
        payment = await self.stripe.read(f"payment_intents/{self.renewal['payment_intent']}")
        notes = [value for value in payment["metadata"].values() if "Grace has a new card" in value]
        expect(len(notes) == 1, f"The payment's metadata in Stripe is {payment['metadata']}")

    async def engineer_is_refused(self) -> None:
        self.stage.narrate(
            "Ada writes that one of the two things she paid for is missing. Eva wants to help."
        )
        paid = await self._told_in(self.payments, "Ada Lovelace", "€129.00")
        said = await self.eva.say(self.payments, "refund 20.00", reply_to=paid.event_id)
        await self._answered(self.payments, said, thread=paid.event_id, words=("refund",))
        expect(
            await self._refunds() == [], "Eva has no right to refund, and yet Stripe has a refund."
        )

    async def support_asks_for_a_refund(self) -> None:
        paid = await self._told_in(self.payments, "Ada Lovelace", "€129.00")
        said = await self.sam.say(self.payments, "refund 20.00", reply_to=paid.event_id)
        await self._answered(self.payments, said, thread=paid.event_id, words=("€20.00", "yes"))
        expect(await self._refunds() == [], "Nobody has said yes, and yet Stripe has a refund.")

    async def support_confirms(self) -> None:
        paid = await self._told_in(self.payments, "Ada Lovelace", "€129.00")
        said = await self.sam.say(self.payments, "yes", thread=paid.event_id)
        await self._answered(self.payments, said, thread=paid.event_id, words=("Refunded €20.00",))

    async def money_moved_once(self) -> None:
        refunds = await self._refunds()
        moved = [(refund["amount"], refund["currency"], refund["status"]) for refund in refunds]
        expect(
            moved == [(_REFUND, "eur", "succeeded")], f"Stripe's ledger has these refunds: {moved}"
        )

    async def support_escalates(self) -> None:
        self.stage.narrate("The dispute is beyond Sam.")
        room = self.dispute_room
        opened = await self._told_in(room, "Dispute", "€259.00")
        said = await self.sam.say(
            room, "escalate Please contest it: the parcel was signed for", reply_to=opened.event_id
        )
        await self._answered(room, said, thread=opened.event_id, words=("Escalated",))
        asked = await self._told_in(self.escalations, "the parcel was signed for")
        expect(self.fin.user_id in asked.mentions, f"It mentions {asked.mentions}, not finance.")
        link = unquote(asked.body)
        expect(opened.event_id in link and opened.room_id in link, f"No link back in: {asked.body}")

    async def finance_is_notified(self) -> None:
        await self._notified("the parcel was signed for")

    # Where things are seen.

    @property
    def payments(self) -> str:
        return self.stage.world.channel("payments")

    @property
    def critical(self) -> str:
        return self.stage.world.channel("payments-critical")

    @property
    def escalations(self) -> str:
        return self.stage.world.channel("escalations")

    @property
    def grace(self) -> str:
        return self.stage.world.room("customer", self.renewal["customer"])

    @property
    def dispute_room(self) -> str:
        return self.stage.world.room("dispute", self.dispute["dispute"])

    async def _told_in(self, room: str, *words: str) -> RoomEvent:
        return await sees(self.fin, room, *words)

    async def _notified(self, *words: str) -> None:
        def told(came: Notification) -> bool:
            return all(word in f"{came.title}\n{came.body}" for word in words)

        what = " and ".join(words)
        await self.stage.world.receiver.receives(told, within=30, what=what)

    async def _answered(
        self, room: str, said: str, *, thread: str, words: Sequence[str]
    ) -> RoomEvent:
        return await hears_back(self.fin, room, said, *words, thread=thread)

    def _by_the_bridge(self, room: str) -> list[RoomEvent]:
        return [event for event in self.fin.room(room).messages if by_the_bridge(event)]

    async def _refunds(self) -> list[dict[str, Any]]:
        """All refunds of Ada's payment, and of any other."""
        return [refund for charge in await self.stripe.ledger() for refund in charge["refunds"]]
