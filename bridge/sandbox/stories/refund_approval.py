"""A refund that one person may ask for and another must approve, and what happens when it goes wrong."""

from collections.abc import Sequence
from datetime import time
from typing import Any, ClassVar

from bridge.sandbox.hearing import hears_back, sees
from bridge.sandbox.person import Person
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.story import Stage, Step, expect


class RefundApproval:
    name: ClassVar = "refund-approval"
    title: ClassVar = "Four eyes on a refund"
    intro: ClassVar = (
        "Refunds of €100 and more need somebody of finance. Sam is support, Fin is finance, Eva is an "
        "engineer. Stripe's answer will be cut off in the middle, and somebody will pull the brake."
    )
    opening: ClassVar = time(9, 30)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stripe = stage.world.stripe
        self.sam, self.fin, self.eva = (stage.person(name) for name in ("sam", "fin", "eva"))
        self.room = stage.world.channel("payments")
        self.paid: RoomEvent
        self.waits: RoomEvent

    def steps(self) -> Sequence[Step]:
        return [
            Step("a payment of €480.00 appears in #payments", self.payment_appears),
            Step("support's refund of €150.00 asks for a yes first", self.support_asks),
            Step("after the yes it waits for finance, who is mentioned", self.support_confirms),
            Step("support cannot approve it as well", self.nobody_approves_themselves),
            Step("an engineer's approval does not count", self.no_role_no_word),
            Step("a reaction is no approval", self.reactions_approve_nothing),
            Step(
                "finance approves in words, and Stripe's answer breaks off", self.finance_approves
            ),
            Step("what became of it is found out at Stripe", self.it_is_settled),
            Step("Stripe has moved exactly €150.00, once", self.money_moved_once),
            Step("a second refund is denied, with a reason", self.finance_denies),
            Step("a small one needs only its asker's yes", self.small_ones_go),
            Step("a freeze drops what waits, and nothing can be asked", self.support_freezes),
            Step("finance lets money move again", self.finance_unfreezes),
            Step("Stripe has moved nothing else", self.nothing_else_moved),
            Step("the audit trail is as it was written", self.trail_is_whole),
        ]

    async def payment_appears(self) -> None:
        for person in (self.sam, self.fin, self.eva):
            await person.is_in(self.room, within=30)
        await self.stage.happen(
            "Ada Lovelace pays €480.00 at the checkout.",
            "checkout_succeeds",
            amount=48000,
            currency="eur",
            name="Ada Lovelace",
            email="ada@example.com",
        )
        self.paid = await self._sees("€480.00")

    async def support_asks(self) -> None:
        self.stage.narrate("One of the things she paid for is broken.")
        said = await self._reply(self.sam, "refund 150 a broken lamp")
        await self._answered(said, "Refund €150.00 of €480.00?", "one other person must approve")
        await self._nothing_moved()

    async def support_confirms(self) -> None:
        said = await self.sam.say(self.room, "yes", thread=self.paid.event_id)
        self.waits = await self._answered(said, "Waits for another person", "Asked by sam")
        expect(
            self.waits.mentions == (self.fin.user_id,),
            f"It mentions {self.waits.mentions}, not finance.",
        )
        await self._nothing_moved()

    async def nobody_approves_themselves(self) -> None:
        await self._refused(self.sam, "approve", "Nobody approves what they have asked for")

    async def no_role_no_word(self) -> None:
        await self._refused(self.eva, "approve", "None of your roles may approve")

    async def reactions_approve_nothing(self) -> None:
        said = await self.fin.react(self.room, self.waits.event_id, "✅")
        await self._answered(said, "a reaction or a yes approves nothing")
        await self._nothing_moved()

    async def finance_approves(self) -> None:
        self.stage.narrate("This time Stripe does it, but its answer is cut off on the way.")
        await self.stripe.fail_next("cut", "/v1/refunds")
        said = await self.fin.say(self.room, "approve", reply_to=self.waits.event_id)
        await self._answered(said, "Approved by fin")
        await self._answered(said, "answer did not arrive")

    async def it_is_settled(self) -> None:
        """Stripe's webhook may know it first; it is told once, whoever comes first."""
        await self._sees("Refunded", "€150.00")

    async def money_moved_once(self) -> None:
        await self._moved(15000)

    async def finance_denies(self) -> None:
        said = await self._reply(self.sam, "refund 200")
        await self._answered(said, "Refund €200.00")
        said = await self.sam.say(self.room, "yes", thread=self.paid.event_id)
        await self._answered(said, "Waits for another person")
        said = await self.fin.say(
            self.room, "deny she has had her money", thread=self.paid.event_id
        )
        await self._answered(said, "Denied by fin", "she has had her money")
        await self._moved(15000)

    async def small_ones_go(self) -> None:
        said = await self._reply(self.sam, "refund 20 postage")
        question = await self._answered(said, "Refund €20.00")
        said = await self.sam.react(self.room, question.event_id, "✅")
        await self._answered(said, "Refunded €20.00")
        await self._moved(15000, 2000)

    async def support_freezes(self) -> None:
        self.stage.narrate("Something looks odd to Sam. Better nothing moves until it is clear.")
        said = await self._reply(self.sam, "refund 10")
        question = await self._answered(said, "Refund €10.00")
        said = await self.sam.say(self.room, "!stripe freeze who ordered all this?")
        await self._answered(said, "Frozen.")
        said = await self.sam.react(self.room, question.event_id, "✅")
        said = await self._reply(self.fin, "refund 10")
        await self._answered(said, "frozen")
        await self._moved(15000, 2000)

    async def finance_unfreezes(self) -> None:
        said = await self.sam.say(self.room, "!stripe unfreeze")
        await self._answered(said, "None of your roles")
        said = await self.fin.say(self.room, "!stripe unfreeze")
        await self._answered(said, "sam froze it")
        said = await self.fin.say(self.room, "yes", thread=said)
        await self._answered(said, "Money can move again")

    async def nothing_else_moved(self) -> None:
        await self._moved(15000, 2000)

    async def trail_is_whole(self) -> None:
        told = await self.stage.world.command("audit", "verify")
        expect("as written" in told, f"`audit verify` says: {told}")

    # How it is said and seen.

    async def _reply(self, person: Person, text: str) -> str:
        return await person.say(self.room, text, reply_to=self.paid.event_id)

    async def _refused(self, person: Person, text: str, words: str) -> None:
        await person.catches_up(self.waits.event_id, room=self.room)
        said = await person.say(self.room, text, reply_to=self.waits.event_id)
        await self._answered(said, words)
        await self._nothing_moved()

    async def _sees(self, *words: str) -> RoomEvent:
        return await sees(self.fin, self.room, *words)

    async def _answered(self, said: str, *words: str) -> RoomEvent:
        return await hears_back(self.fin, self.room, said, *words)

    async def _nothing_moved(self) -> None:
        await self._moved()

    async def _moved(self, *amounts: int) -> None:
        refunds: list[dict[str, Any]] = [
            refund for charge in await self.stripe.ledger() for refund in charge["refunds"]
        ]
        found = sorted(refund["amount"] for refund in refunds)
        expect(found == sorted(amounts), f"Stripe's ledger has these refunds: {found}")
