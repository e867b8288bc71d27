"""The sandbox's state, and the desk at which every change to it is made and every event written."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bridge.model.clock import Clock

from .endpoints import Endpoints
from .errors import missing
from .events import Cause, EventLog, difference
from .filing import Upload
from .ids import Ids
from .shapes import Json, Shapes, copied
from .store import Store
from .webhooks import RETRY_AFTER, Postman

#: How long subscriptions are billed for.
PERIOD: Final = timedelta(days=30)
#: Detaching is the one change outside `*.updated` whose event tells the old value.
_TELLS_THE_OLD: Final = frozenset({"payment_method.detached"})
_OUTCOMES: Final = ("succeeded", "pending", "requires_action", "failed")


@dataclass(frozen=True)
class RefundOutcome:
    """What the next refund comes to, instead of succeeding at once."""

    status: str
    pending_reason: str | None = None
    failure_reason: str | None = None

    def __post_init__(self) -> None:
        if self.status not in _OUTCOMES:
            raise ValueError(f"no refund is {self.status!r}; one may be: {', '.join(_OUTCOMES)}")


@dataclass(frozen=True)
class Settings:
    """What can be chosen about a world before it begins."""

    seed: int = 0
    livemode: bool = False
    #: Seconds before each further try of a webhook.
    retry_after: Sequence[float] = RETRY_AFTER
    #: Webhooks on their way at once; with 1 they arrive strictly in the order they were sent.
    concurrency: int = 4
    #: Seconds a webhook's receiver has to answer.
    patience: float = 10.0


class World:
    def __init__(self, clock: Clock, settings: Settings) -> None:
        self.clock = clock
        self.livemode = settings.livemode
        self.ids = Ids(settings.seed)
        self.shapes = Shapes()
        self.store = Store()
        self.events = EventLog(self.ids, livemode=settings.livemode)
        self.endpoints = Endpoints(self.store, self.ids)
        self.postman = Postman(
            clock, self.endpoints,
            retry_after=settings.retry_after,
            concurrency=settings.concurrency,
            patience=settings.patience,
            seed=settings.seed,
        )  # fmt: skip
        #: Stripe sometimes makes two Event objects of one happening; so does this, when asked.
        self.twins = False
        #: Cards that will be declined, and with what code.
        self.declines: dict[str, str] = {}
        self.next_refunds: deque[RefundOutcome] = deque()
        self.next_declines: deque[str] = deque()
        #: Stripe has no search for merchants in India.
        self.searches = True
        #: What was uploaded, by the id of its file.
        self.uploads: dict[str, Upload] = {}
        #: What the PaymentIntent of a checkout session will carry, by the session.
        self.intentions: dict[str, Json] = {}
        self.account = self._open_account()

    def _open_account(self) -> Json:
        fields = self.shapes.fresh("account")
        fields["created"] = int(self.clock.now().timestamp())
        return self.store.put({"id": self.ids.new("account"), "object": "account", **fields})

    def record(self, kind: str, thing: Json, previous: Json | None, cause: Cause) -> None:
        for _ in range(2 if self.twins else 1):
            heard_by = len(self.endpoints.listening(kind))
            recorded = self.events.record(
                kind, thing, previous, cause, self.clock.now(), heard_by=heard_by
            )
            self.postman.post(recorded)


class Desk:
    """One actor's view of the world: an API request, or Stripe itself.

    A `past` desk writes history: its objects are backdated and its events long since gone.
    """

    def __init__(
        self, world: World, cause: Cause | None = None, past: timedelta | None = None
    ) -> None:
        self.world = world
        self.cause = cause or Cause()
        self._past = past

    def before(self, ago: timedelta) -> "Desk":
        return Desk(self.world, self.cause, ago)

    def now(self) -> datetime:
        return self.world.clock.now() - (self._past or timedelta())

    def stamp(self, **later: float) -> int:
        return int((self.now() + timedelta(**later)).timestamp())

    def new(self, kind: str, event: str | None = None, **fields: Any) -> Json:
        thing = self.world.store.put(self.draft(kind, **fields))
        if event:
            self.emit(event, thing)
        return thing

    def draft(self, kind: str, **fields: Any) -> Json:
        """An object as it would be made; it is kept nowhere."""
        shape = self.world.shapes.fresh(kind)
        usual = {"created": self.stamp(), "livemode": self.world.livemode}
        shape |= {name: value for name, value in usual.items() if name in shape}
        if unknown := fields.keys() - shape.keys():
            raise KeyError(f"{kind} has no {sorted(unknown)}")
        name = self.world.ids.new(kind)
        return {"id": name, "object": kind, **shape, **copied(fields)}

    def get(self, kind: str, name: str, *, param: str = "id", status: int = 400) -> Json:
        thing = self.world.store.get(kind, name)
        if thing is None or thing.get("deleted"):
            raise missing(kind, name, param=param, status=status)
        return thing

    def change(self, thing: Json, event: str | None = None, **fields: Any) -> Json:
        old = self.get(thing["object"], thing["id"])
        new = self.world.store.put({**old, **copied(fields)})
        if event:
            self._tell(event, old, new)
        return new

    def _tell(self, event: str, old: Json, new: Json) -> None:
        if not event.endswith(".updated") and event not in _TELLS_THE_OLD:
            self.emit(event, new)
        elif previous := difference(old, new):
            self.emit(event, new, previous)

    def emit(self, event: str, thing: Json, previous: Json | None = None) -> None:
        if self._past is None:
            self.world.record(event, thing, previous, self.cause)
