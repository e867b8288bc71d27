"""Who takes care of it: what support leaves for finance, found again, explained, and taken back in time."""

from collections.abc import Sequence
from datetime import time
from typing import Any, ClassVar

from bridge.sandbox.hearing import by_the_bridge, hears_back, sees
from bridge.sandbox.person import Person
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.story import Stage, Step, expect


class Handover:
    name: ClassVar = "handover"
    title: ClassVar = "The end of a shift"
    intro: ClassVar = (
        "17:30. Grace has paid twice, and her renewal fails. Sam, who is support, goes home and leaves "
        "it to Fin of finance, who was not there and must find out what happened."
    )
    opening: ClassVar = time(17, 30)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stripe = stage.world.stripe
        self.sam, self.fin = stage.person("sam"), stage.person("fin")
        self.made: dict[str, Any] = {}
        self.events: list[str] = []
        self.asked = ""
        self.question: RoomEvent

    def steps(self) -> Sequence[Step]:
        return [
            Step("Grace's room is there, with what failed", self.begins),
            Step(
                "a refund without a payment named is asked back, with the exact words", self.which
            ),
            Step("the words that were offered ask for exactly that", self.that_one),
            Step("support removes what was asked, and it is withdrawn", self.taken_back),
            Step("what an edit makes of a message does nothing", self.edited),
            Step("it is given to finance, who is mentioned", self.assigned),
            Step("a note and the new owner stand on the pinned card", self.pinned),
            Step("finance finds her by her address, with a way to her room", self.found),
            Step("the timeline tells what happened and who did what", self.what_happened),
            Step("that it was seen is said once, with who and when", self.seen),
            Step("a reminder for tomorrow is taken", self.put_off),
            Step("why an event came to nobody is told", self.explained),
            Step("Stripe has moved nothing", self.nothing_moved),
            Step("the audit trail is as it was written", self.trail_is_whole),
        ]

    async def begins(self) -> None:
        grace = {"name": "Grace Hopper", "email": "grace@example.com", "currency": "eur"}
        self.made = await self.stage.happen(
            "Grace Hopper's renewal of €49.00 is declined.", "renewal_fails", amount=4900, **grace
        )
        self.events = self.made["events"]
        for amount in (2000, 3000):
            await self.stage.happen(
                f"Grace pays €{amount // 100}.00 for something else.",
                "checkout_succeeds",
                customer=self.made["customer"],
                amount=amount,
                currency="eur",
            )
        await self.fin.is_in(self.room, within=30)
        await self._sees("failed", "€49.00")

    async def which(self) -> None:
        answer = await self._says(self.sam, "!stripe refund 5 came late", "Which payment")
        offered = [line for line in answer.body.splitlines() if "!stripe refund ch_" in line]
        expect(len(offered) == 2, f"It does not offer both payments: {answer.body}")
        self.asked = next(line for line in offered if "€20.00" in line).split("`")[1]

    async def that_one(self) -> None:
        self.question = await self._says(self.sam, self.asked, "Refund €5.00 of €20.00 (ch_")

    async def taken_back(self) -> None:
        self.stage.narrate("It was the other one. Sam removes the message.")
        asked = self.question.thread
        expect(asked is not None, "The question is in no thread.")
        await self.sam.redact(self.room, asked or "")
        await self._sees("Dropped: Refund €5.00", "was removed")
        said = await self.sam.say(self.room, "yes", reply_to=self.question.event_id)
        await self._answered(self.sam, said, "cancelled already")

    async def edited(self) -> None:
        said = await self.sam.say(self.room, "good night")
        await self.sam.edit(self.room, said, self.asked)
        await self._says(self.sam, "!stripe who refund", "Who may refund", "sam, fin")
        asked = [one for one in self.sam.timeline(self.room) if "Refund €5.00 of" in one.body]
        ours = [one.event_id for one in asked if by_the_bridge(one)]
        dropped = [one for one in asked if "Dropped" in one.body]
        expect(len(ours) - len(dropped) == 1, "The edited message asked for a refund.")

    async def assigned(self) -> None:
        told = await self._says(self.sam, "!stripe assign fin", "Assigned to fin")
        expect(told.mentions == (self.fin.user_id,), f"It mentions {told.mentions}, not finance.")

    async def pinned(self) -> None:
        await self._says(self.sam, "!stripe note She wants the €30.00 back", "Noted")
        await self._sees("Assigned to: fin", "Note by sam: She wants the €30.00 back")

    async def found(self) -> None:
        channel = self.stage.world.channel("payments")
        await self.fin.is_in(channel, within=30)
        said = await self.fin.say(channel, "!stripe find grace@example.com")
        answer = await self._answered(self.fin, said, "Found 1", "Grace Hopper", room=channel)
        room = self.fin.room(self.room).room_id
        expect(
            room.removeprefix("!").partition(":")[0] in answer.body and "dashboard" in answer.body,
            f"It leads neither to her room nor to Stripe: {answer.body}",
        )

    async def what_happened(self) -> None:
        await self._says(
            self.fin,
            "!stripe timeline",
            "failed: €49.00",
            "sam gave it to fin",
            "sam noted: She wants",
        )

    async def seen(self) -> None:
        await self._says(self.fin, "!stripe ack", "Seen by fin, ")
        await self._says(self.sam, "!stripe ack", "fin has seen it already: ")

    async def put_off(self) -> None:
        await self._says(self.fin, "!stripe snooze tomorrow 9:30 call her", "It comes back", "9:30")

    async def explained(self) -> None:
        asked = self.events
        answers = [(await self._says(self.fin, f"!stripe why {one}", one)).body for one in asked]
        nowhere = [one for one in answers if "came to nobody: the rule noise" in one]
        card = [one for one in answers if "Told: by its card" in one]
        expect(bool(nowhere and card), f"They do not say why: {answers}")

    async def nothing_moved(self) -> None:
        refunds = [one for charge in await self.stripe.ledger() for one in charge["refunds"]]
        expect(refunds == [], f"Stripe's ledger has refunds: {refunds}")

    async def trail_is_whole(self) -> None:
        told = await self.stage.world.command("audit", "verify")
        expect("as written" in told, f"`audit verify` says: {told}")

    @property
    def room(self) -> str:
        return self.stage.world.room("customer", self.made["customer"])

    async def _says(self, person: Person, text: str, *words: str) -> RoomEvent:
        said = await person.say(self.room, text)
        return await self._answered(person, said, *words)

    async def _sees(self, *words: str) -> RoomEvent:
        return await sees(self.sam, self.room, *words)

    async def _answered(
        self, person: Person, said: str, *words: str, room: str | None = None
    ) -> RoomEvent:
        return await hears_back(person, room or self.room, said, *words)
