"""An office where customers can be asked to pay, and where Stripe's events are heard."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

from bridge.model.ports import ChatMessage, Notifier, Told
from bridge.model.signal import Objects
from bridge.model.words import Words
from bridge.notices.flow import Notices
from bridge.sandbox.stripe_server import Fault
from bridge.store import rooms
from bridge.store.intake import Intake
from bridge.store.rooms import BoundRoom, Posted
from bridge.worker import Worker

from .office import ACCOUNT, PACE, ROOM, Heard, Office

VERBS = ["refund", "pay", "withdraw", "capture", "cancel", "portal", "balance", "show", "help"]
HOME = "!home:test"
THANKS = "https://shop.example.com/thanks"


@dataclass
class Till:
    """Everything is allowed to sam, and asks for nobody else's approval."""

    office: Office
    _fed: set[str] = field(default_factory=set)

    async def open(self, **account: Any) -> None:
        config = self.office.config
        own = config.accounts[ACCOUNT].model_copy(update={"thanks_url": THANKS, **account})
        data = config.model_dump() | {"accounts": {ACCOUNT: own.model_dump()}}
        data["roles"] = {**data["roles"], "support": {"verbs": VERBS}}
        data["approvals"] = [{"others": 0}]
        self.office.rebuild(type(config).model_validate(data))

    @property
    def told(self) -> list[Heard]:
        return self.office.told

    def made(self, kind: str) -> list[dict[str, Any]]:
        """What Stripe has of it, oldest first."""
        return list(self.office.stripe.world.store.oldest_first(kind))

    def customer(self, **fields: Any) -> str:
        paid = self.office.stripe.happen("checkout_succeeds", currency="eur", **fields)
        return str(paid["customer"])

    async def home(self, customer: str) -> None:
        """The customer's own room."""
        bound = BoundRoom(f"{ACCOUNT}/customer/{customer}", HOME, ACCOUNT, "customer", customer, ())
        async with self.office.store.begin() as tx:
            await rooms.bind(tx, bound, self.office.clock.now())

    async def posted(self, **objects: str) -> str:
        """A message of the bridge about these objects."""
        event_id = f"$about{len(self.told)}-{len(objects)}-{'-'.join(objects.values())}"
        posted = Posted(event_id, ROOM, ACCOUNT, None, Objects(**objects), None, None)
        async with self.office.store.begin() as tx:
            await rooms.add_posted(tx, posted, self.office.clock.now())
        return event_id

    async def ask(self, text: str, **how: Any) -> str:
        """Said by sam and answered with a yes, if there is a question; all that is told then."""
        before = len(self.told)
        await self.say(text, **how)
        asked = [one for one in self.told[before:] if one.wanted.action_id]
        if asked:
            await self.say("yes", reply_to=asked[-1].event_id, room=how.get("room", ROOM))
        return "\n".join(heard.words for heard in self.told[before:])

    async def say(self, text: str, *, room: str = ROOM, **how: Any) -> str:
        before = len(self.told)
        said = self.office.message("sam", text, **how)
        said = ChatMessage(**{**vars(said), "room_id": room})
        await self.office.commands.accept(Told(said=(said,), transaction=f"t{said.event_id}"))
        await self.office.worker.settle_all()
        return "\n".join(heard.words for heard in self.told[before:])

    async def link(self, text: str = "!stripe pay 50.00 eur for a lamp") -> tuple[str, str]:
        """A payment link: Stripe's id, and the message that tells of it."""
        await self.ask(text)
        return self.made("payment_link")[-1]["id"], self.told[-1].event_id

    def fail(self, kind: str, path: str, method: str = "POST", times: int = 1) -> None:
        self.office.stripe.fail_next(Fault(kind, method=method, path=path, times=times))

    async def hears(self, *, backwards: bool = False, only: str = "") -> list[Heard]:
        """Stripe's events since the last time are brought; what is said of them in threads."""
        events = [one for one in self.office.stripe.events() if one["id"] not in self._fed]
        self._fed |= {one["id"] for one in events}
        before = len(self.told)
        for event in reversed(events) if backwards else events:
            if event["type"].startswith(only):
                await self.bring(event)
        return [one for one in self.told[before:] if one.wanted.thread and not one.wanted.card]

    async def bring(self, event: dict[str, Any]) -> None:
        office = self.office
        notices = Notices(
            office.config,
            office.store,
            office.clock,
            Intake(office.store, office.clock),
            office.readers,
            cast("Notifier", None),
            Words(),
        )
        await notices.accept(ACCOUNT, event, json.dumps(event))
        handlers = {"events": notices.handle, "room": office._deliver}
        await Worker(office.store, office.clock, PACE, handlers).settle_all()
