"""The sender's own budget of messages, shared over all lanes with the most urgent first."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bridge.model.clock import Clock

#: A lane that does not come back for its turn in this time has lost it.
_GRACE = timedelta(seconds=5)
#: No lane rests for more turns than this: something urgent may come into it meanwhile.
_MOST_TURNS = 3
#: What floating point leaves of a message that is nearly there would be no time to wait.
_NOTHING = 1e-6


@dataclass(frozen=True)
class _Waiter:
    urgency: int
    number: int
    until: datetime


@dataclass
class Pacing:
    """`burst` messages at once, then `per_second`; nobody sleeps here, lanes are told to come again."""

    per_second: float
    burst: int
    clock: Clock
    _left: float = 0.0
    _at: datetime | None = None
    _waiting: dict[str, _Waiter] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def turn(self, lane: str, urgency: int) -> timedelta | None:
        """None if the lane may send one message now; else how long until it should ask again."""
        now = self.clock.now()
        self._refill(now)
        mine = self._waiting.pop(lane, None)
        number = mine.number if mine else next(self._numbers)
        self._waiting = {one: w for one, w in self._waiting.items() if w.until > now}
        ahead = sum((w.urgency, w.number) < (urgency, number) for w in self._waiting.values())
        missing = 1 + ahead - self._left
        if missing < _NOTHING:
            self._left -= 1
            return None
        wait = timedelta(seconds=min(missing, _MOST_TURNS) / self.per_second)
        self._waiting[lane] = _Waiter(urgency, number, now + wait + _GRACE)
        return wait

    def spend(self) -> None:
        """One more message went out in the same turn."""
        self._refill(self.clock.now())
        self._left -= 1

    def give_back(self) -> None:
        """Nothing went out in this turn."""
        self._left = min(self._left + 1, float(self.burst))

    def exhausted(self, after: timedelta) -> None:
        """The homeserver counts differently: nothing goes out before that."""
        self._refill(self.clock.now())
        self._left = min(self._left, 1 - after.total_seconds() * self.per_second)

    def _refill(self, now: datetime) -> None:
        if self._at is None:
            self._left = float(self.burst)
        else:
            passed = max(0.0, (now - self._at).total_seconds())
            self._left = min(float(self.burst), self._left + passed * self.per_second)
        self._at = now
