"""The same reply to two bridges: one is the homeserver's appservice, one has an ordinary account."""

from collections.abc import Sequence
from datetime import time
from typing import Any, ClassVar

from bridge.sandbox.cast import ACCOUNT
from bridge.sandbox.homeserver import SERVER_NAME
from bridge.sandbox.process import Process
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.story import Stage, Step, Wrong, expect
from bridge.sandbox.world import BOT

_PRICE = "€129.00"


class TwoModes:
    name: ClassVar = "two-modes"
    title: ClassVar = "Two modes"
    intro: ClassVar = (
        "Not everybody may register an appservice. Two bridges follow the same Stripe account here:\n"
        "@stripe is an appservice, told by the homeserver; @paybot is an ordinary account that asks.\n"
        "People answer both in the same words."
    )
    opening: ClassVar = time(9, 30)

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.world = stage.world
        self.sam, self.fin = stage.person("sam"), stage.person("fin")
        self.rooms = {
            "@stripe": self.world.channel("payments"),
            f"@{BOT}": f"#{BOT}_{ACCOUNT}_payments:{SERVER_NAME}",
        }
        self.told: dict[str, RoomEvent] = {}
        self.bot: Process | None = None

    def steps(self) -> Sequence[Step]:
        return [
            Step("a bot joins, with rooms of its own", self.bot_joins),
            Step("a sale appears in the rooms of both", self.sale_appears),
            Step("both answer a note in its thread", self.notes_are_taken),
            Step("both ask before they refund", self.refunds_are_asked_for),
            Step("the bot is killed before the answer comes", self.bot_is_killed),
            Step("a yes reaches the appservice, and later the bot", self.yes_is_heard),
            Step("each refund was made once", self.money_moved_once),
        ]

    async def bot_joins(self) -> None:
        self.stage.narrate("Nobody at the homeserver is asked: an account is enough.")
        self.bot = await self.world.add_bot()
        for room in self.rooms.values():
            await self.sam.is_in(room, within=30)
            await self.fin.is_in(room, within=30)

    async def sale_appears(self) -> None:
        await self.stage.happen(
            "Ada Lovelace pays €129.00 at the checkout.",
            "checkout_succeeds",
            amount=12900,
            currency="eur",
            name="Ada Lovelace",
            email="ada@example.com",
        )
        for who, room in self.rooms.items():
            self.told[who] = await self._says(who, room, _PRICE)

    async def notes_are_taken(self) -> None:
        await self._both("note Ada asked for a receipt", "Noted")

    async def refunds_are_asked_for(self) -> None:
        self.stage.narrate(
            "Two of the three things were missing. Sam gives back one part in each room."
        )
        await self._both("refund 20.00", "€20.00", "yes")
        expect(await self._refunds() == [], "Nobody has said yes, and yet Stripe has a refund.")

    async def bot_is_killed(self) -> None:
        if self.bot is None:
            raise Wrong("There is no bot.")
        self.bot.kill()

    async def yes_is_heard(self) -> None:
        self.stage.narrate("Sam says yes in both rooms. Only one of them is listened to just now.")
        for who, told in self.told.items():
            await self.sam.say(self.rooms[who], "yes", thread=told.event_id)
        await self._says("@stripe", self.rooms["@stripe"], "Refunded €20.00")
        expect(len(await self._refunds()) == 1, "The bot is dead, and yet it refunds.")
        self.stage.narrate("The bot comes back, and asks what it has missed.")
        if self.bot:
            self.bot.start()
        await self._says(f"@{BOT}", self.rooms[f"@{BOT}"], "Refunded €20.00")

    async def money_moved_once(self) -> None:
        moved = [(one["amount"], one["status"]) for one in await self._refunds()]
        expect(moved == [(2000, "succeeded")] * 2, f"Stripe's ledger has these refunds: {moved}")

    async def _both(self, text: str, *words: str) -> None:
        for who, told in self.told.items():
            room = self.rooms[who]
            said = await self.sam.say(room, text, reply_to=told.event_id)
            await self.fin.catches_up(said, room=room)
            await self._says(who, room, *words, thread=told.event_id)

    async def _says(self, who: str, room: str, *words: str, thread: str | None = None) -> RoomEvent:
        def says(event: RoomEvent) -> bool:
            theirs = event.sender == f"{who}:{SERVER_NAME}" and not event.replaces
            placed = thread is None or event.thread == thread
            return theirs and placed and all(word in event.body for word in words)

        what = f"{who} saying {' and '.join(words)}"
        return await self.fin.sees(room=room, where=says, within=30, what=what)

    async def _refunds(self) -> list[dict[str, Any]]:
        charges = await self.stage.world.stripe.ledger()
        return [refund for charge in charges for refund in charge["refunds"]]
