"""A dispute, answered in its own room: text and a file are put together, seen, sent by two people, and won."""

import hashlib
from collections.abc import Sequence
from datetime import time
from typing import Any, ClassVar

from bridge.sandbox.hearing import hears_back, sees
from bridge.sandbox.paper import paper
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.story import Stage, Step, expect

_LABEL = "Parcel label & signature.pdf"


class DisputeDesk:
    name: ClassVar = "dispute-desk"
    title: ClassVar = "An answer to the bank"
    intro: ClassVar = (
        "A bank disputes a payment: the parcel is said to have never arrived. Sam (support) puts the "
        "evidence together in the dispute's room, in words and as a file; Eva (engineer) must agree "
        "before it goes to the bank."
    )
    opening: ClassVar = time(14, 5)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stripe = stage.world.stripe
        self.sam, self.eva = stage.person("sam"), stage.person("eva")
        self.label = paper("Parcel 1Z999AA1", "Delivered and signed for", "by M. Moore")
        self.dispute = ""
        self.room = ""
        self.waits: RoomEvent

    def steps(self) -> Sequence[Step]:
        return [
            Step("the dispute has a room of its own", self.room_appears),
            Step("its pinned card says what the bank looks for", self.card_says_what_is_missing),
            Step("a tracking number is put there in words", self.text_is_staged),
            Step("an engineer may look and not touch", self.engineer_may_not),
            Step("a dropped PDF is asked about, and named in its thread", self.file_is_staged),
            Step("Stripe has the file byte for byte", self.stripe_has_the_file),
            Step("a program with a PDF's name is refused", self.programs_are_refused),
            Step("the preview shows what Stripe has", self.preview_shows_it),
            Step("the bank has seen nothing yet", self.nothing_is_sent),
            Step("sending it asks for a yes, and then for another person", self.sam_submits),
            Step("sam cannot approve it as well", self.nobody_approves_themselves),
            Step("what is changed meanwhile is not sent", self.changes_are_noticed),
            Step("eva approves what there is now, and it goes to the bank", self.eva_approves),
            Step("Stripe has exactly one answer, with text and file", self.one_answer_is_sent),
            Step("nothing more can be added", self.it_is_final),
            Step("the bank decides for us, and the card says so", self.it_is_won),
            Step("the audit trail is as it was written", self.trail_is_whole),
        ]

    async def room_appears(self) -> None:
        for person in (self.sam, self.eva):
            await person.is_in(self.stage.world.channel("payments-critical"), within=30)
        made = await self.stage.happen(
            "Mallory Moore's bank disputes a payment of €259.00.",
            "dispute_opens",
            amount=25900,
            currency="eur",
            name="Mallory Moore",
            email="mallory@example.com",
            reason="product_not_received",
        )
        self.dispute = made["dispute"]
        self.room = self.stage.world.room("dispute", self.dispute)
        for person in (self.sam, self.eva):
            await person.is_in(self.room, within=30)
        await self._sees("Dispute opened", "not received")

    async def card_says_what_is_missing(self) -> None:
        await self._card("Evidence missing: shipping documentation, shipping tracking number")

    async def text_is_staged(self) -> None:
        said = await self.sam.say(self.room, "!stripe evidence tracking number 1Z999AA1")
        await self._answered(said, "Shipping tracking number staged", "has not seen it yet")
        found = await self._found()
        expect(
            found["evidence"]["shipping_tracking_number"] == "1Z999AA1",
            f"Stripe's evidence is {_there(found)}.",
        )

    async def engineer_may_not(self) -> None:
        said = await self.eva.say(self.room, "!stripe evidence receipt")
        await self._answered(said, "None of your roles may `evidence`")

    async def file_is_staged(self) -> None:
        dropped = await self.sam.drop(self.room, self.label, _LABEL)
        await self._answered(dropped, "What is that file?", "evidence shipping documentation")
        said = await self.sam.say(self.room, "shipping documentation", thread=dropped)
        told = await self._answered(said, "Shipping documentation staged")
        expect(told.thread == dropped, "The answer is not in the file's thread.")

    async def stripe_has_the_file(self) -> None:
        name = (await self._found())["evidence"]["shipping_documentation"]
        file = next((one for one in await self.stripe.files() if one["file"] == name), None)
        expect(file is not None, f"Stripe has no file {name}.")
        digest = hashlib.sha256(self.label).hexdigest()
        expect(file is not None and file["sha256"] == digest, f"Stripe has another file: {file}")

    async def programs_are_refused(self) -> None:
        said = await self.sam.drop(
            self.room, b"MZ\x90\x00 run me", "receipt.pdf", caption="receipt"
        )
        await self._answered(said, "that file is none of them")
        expect(
            _there(await self._found()) == {"shipping_tracking_number", "shipping_documentation"},
            "It is there.",
        )

    async def preview_shows_it(self) -> None:
        said = await self.eva.say(self.room, "!stripe preview")
        # Engineers may look.
        told = await self._answered(said, "Evidence in the dispute over €259.00", "1Z999AA1")
        expect(
            "Parcel label _ signature. pdf (pdf, 1 kB)" in told.body,
            f"The file is not in it: {told.body}",
        )
        expect("that is final" in told.body, f"No warning: {told.body}")

    async def nothing_is_sent(self) -> None:
        await self._sent(0, "needs_response")

    async def sam_submits(self) -> None:
        self.waits = await self._asked_and_confirmed()
        expect(self.waits.mentions == (self.eva.user_id,), f"It mentions {self.waits.mentions}.")
        await self._sent(0, "needs_response")

    async def nobody_approves_themselves(self) -> None:
        await self.sam.catches_up(self.waits.event_id, room=self.room)
        said = await self.sam.say(self.room, "approve", reply_to=self.waits.event_id)
        await self._answered(said, "Nobody approves what they have asked for")

    async def changes_are_noticed(self) -> None:
        self.stage.narrate("Sam thinks of something else, while Eva still reads.")
        said = await self.sam.say(self.room, "!stripe evidence product description A brass lamp")
        await self._answered(said, "Product description staged")
        said = await self.eva.say(self.room, "approve", reply_to=self.waits.event_id)
        await self._answered(said, "Nothing was sent", "not what was approved any more")
        await self._sent(0, "needs_response")

    async def eva_approves(self) -> None:
        waits = await self._asked_and_confirmed()
        said = await self.eva.say(self.room, "approve", reply_to=waits.event_id)
        await self._answered(said, "is with the bank")

    async def one_answer_is_sent(self) -> None:
        await self._sent(1, "under_review")
        wanted = {"shipping_tracking_number", "shipping_documentation", "product_description"}
        expect(_there(await self._found()) == wanted, "Other evidence was sent than was approved.")

    async def it_is_final(self) -> None:
        said = await self.sam.say(self.room, "!stripe evidence other text one more thing")
        await self._answered(said, "only one answer is taken")

    async def it_is_won(self) -> None:
        self.stage.narrate("Three weeks later.")
        await self.stage.happen(
            "The bank decides for you.", "dispute_closes", dispute=self.dispute, outcome="won"
        )
        await self._card("State: won")

    async def trail_is_whole(self) -> None:
        told = await self.stage.world.command("audit", "verify")
        expect("as written" in told, f"`audit verify` says: {told}")

    # How it is said and seen.

    async def _asked_and_confirmed(self) -> RoomEvent:
        said = await self.sam.say(self.room, "!stripe submit")
        question = await self._answered(said, "to the bank, for good?")
        said = await self.sam.say(self.room, "yes", reply_to=question.event_id)
        return await self._answered(said, "Waits for another person")

    async def _found(self) -> dict[str, Any]:
        return await self.stripe.read(f"disputes/{self.dispute}")

    async def _sent(self, times: int, status: str) -> None:
        found = await self._found()
        seen = (found["evidence_details"]["submission_count"], found["status"])
        expect(
            seen == (times, status), f"Stripe has sent {seen[0]} answers; the dispute is {seen[1]}."
        )

    async def _sees(self, *words: str) -> RoomEvent:
        return await sees(self.eva, self.room, *words)

    async def _card(self, words: str) -> None:
        """In what is pinned, as a client shows it: with its edits."""

        def shows(_: RoomEvent) -> bool:
            room = self.eva.room(self.room)
            pinned = room.state.get(("m.room.pinned_events", ""), {}).get("pinned", [])
            return any(one.event_id in pinned and words in one.body for one in room.shown())

        await self.eva.sees(
            room=self.room, where=shows, within=45, what=f"a pinned card with {words}"
        )

    async def _answered(self, said: str, *words: str) -> RoomEvent:
        return await hears_back(self.eva, self.room, said, *words)


def _there(found: dict[str, Any]) -> set[str]:
    return {name for name, value in found["evidence"].items() if value and isinstance(value, str)}
