"""The hazards, one a row: what is wrong all the while, and what befalls the house again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from benchmarks.faults.bridges import BridgeProcess
from benchmarks.faults.house import House
from benchmarks.faults.proxy import CUTS, REFUSALS, Mood
from bridge.sandbox.stripe_server.webhooks import Manners

Befall = Callable[[House, Random], Awaitable[None]]
BOTH = ("sqlite", "postgresql")

#: Longer than the lease in house.py.
_FROZEN_SECONDS = 6.5
_FULL_SECONDS = (0.5, 2.5)
#: Seconds by which the clock is wrong, one jump after the other.
_JUMPS = (20.0, -20.0, 90.0, 0.0, -90.0, 3600.0, -3600.0, 0.0, 86_400.0)
#: Of one process a thread of life: how often it is killed before it has even started.
_UNREADY = 0.25
#: How often any instant will do.
_ANY = 0.4
_SOMETHING_HAPPENS_WITHIN = 2.0
_SLOW = 0.15
_PAUSE = 0.005


@dataclass(frozen=True)
class Hazard:
    """`blows` in the full form and in the short one, up to `gap` seconds after each other."""

    name: str
    says: str
    begin: Befall | None = None
    blow: Befall | None = None
    blows: tuple[int, int] = (8, 3)
    gap: float = 1.5
    stores: tuple[str, ...] = BOTH
    launcher: bool = False


async def kill_a_bridge(house: House, rng: Random) -> None:
    """At any instant, also of its start; the next one begins at once."""
    chosen = rng.choice(house.bridges)
    if rng.random() > _UNREADY:
        await _ready(chosen)
        await _instant(house, rng)
    await chosen.kill()
    chosen.start()


async def freeze_a_bridge(house: House, rng: Random) -> None:
    """Past its lease: to the others it is dead, and then it comes back with what it had in hand."""
    chosen = rng.choice(house.bridges)
    await _instant(house, rng)
    chosen.freeze()
    try:
        await asyncio.sleep(_FROZEN_SECONDS)
    finally:
        chosen.thaw()


async def kill_the_homeserver(house: House, rng: Random) -> None:
    await _instant(house, rng)
    await house.homeserver.kill()
    await asyncio.sleep(rng.uniform(0, 2))
    await house.homeserver.start()


async def restart_the_database(house: House, rng: Random) -> None:
    await _instant(house, rng)
    await house.disk.restart(crash=rng.random() < 0.5)


async def fill_the_store(house: House, rng: Random) -> None:
    await house.fill_store()
    await asyncio.sleep(rng.uniform(*_FULL_SECONDS))
    await house.empty_store()


async def move_the_clock(house: House, rng: Random) -> None:
    """Of one bridge: the others know better."""
    rng.choice(house.bridges).control.set_clock(rng.choice(_JUMPS))


async def slow_homeserver(house: House, _rng: Random) -> None:
    """Between what was done and its answer there is time to die."""
    house.back.mood = Mood(slow=_SLOW)


async def cut_everything(house: House, _rng: Random) -> None:
    for proxy in (house.front, house.back):
        proxy.mood = Mood(CUTS, share=0.25)


async def refuse(house: House, _rng: Random) -> None:
    house.back.mood = Mood(REFUSALS, share=0.3)


async def hold_webhooks(house: House, _rng: Random) -> None:
    house.stripe.behave(Manners(hold=True, duplicates=2))


async def bring_webhooks(house: House, rng: Random) -> None:
    """What was held, in disorder and three times; and some that came long ago once more."""
    house.stripe.release(shuffle=True)
    await hold_webhooks(house, rng)
    told = [event["id"] for event in house.stripe.events()]
    for event in rng.sample(told, min(5, len(told))):
        house.stripe.world.postman.resend(event)


async def _instant(house: House, rng: Random) -> None:
    """Any, or one at which a message is with the homeserver and nobody knows yet that it is said."""
    if rng.random() < _ANY:
        await asyncio.sleep(rng.uniform(0, 1))
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(_SOMETHING_HAPPENS_WITHIN):
            while not house.back.sending:
                await asyncio.sleep(_PAUSE)
    await asyncio.sleep(rng.uniform(0, _SLOW / 2))


async def _ready(one: BridgeProcess) -> None:
    """A bridge that cannot start just now is as good as killed."""
    try:
        await one.up()
    except OSError:
        return


HAZARDS = (
    Hazard("calm", "nothing: what the others are measured against", blows=(4, 2)),
    Hazard(
        "bridge-killed",
        "SIGKILL of a bridge at any instant, and a new one at once",
        begin=slow_homeserver,
        blow=kill_a_bridge,
        blows=(50, 4),
        gap=0.3,
    ),
    Hazard(
        "bridge-frozen",
        "SIGSTOP past the lease, then SIGCONT",
        begin=slow_homeserver,
        blow=freeze_a_bridge,
        blows=(6, 1),
        gap=2.0,
    ),
    Hazard(
        "homeserver-killed",
        "SIGKILL of Synapse, and a restart",
        begin=slow_homeserver,
        blow=kill_the_homeserver,
        blows=(6, 1),
        gap=4.0,
    ),
    Hazard(
        "database-restarted",
        "crashes and restarts of PostgreSQL",
        begin=slow_homeserver,
        blow=restart_the_database,
        blows=(8, 2),
        stores=("postgresql",),
    ),
    Hazard(
        "connections-cut",
        "bodies cut in the middle, both ways, between all three",
        begin=cut_everything,
        blows=(12, 3),
    ),
    Hazard(
        "homeserver-refuses",
        "429 with a wait, and 502 before and after it was done",
        begin=refuse,
        blows=(12, 3),
    ),
    Hazard(
        "store-full",
        "no space left for a while, again and again",
        begin=slow_homeserver,
        blow=fill_the_store,
        blows=(10, 2),
        launcher=True,
    ),
    Hazard(
        "clock-jumps",
        "a clock that is wrong by seconds, minutes, hours, a day",
        blow=move_the_clock,
        blows=(16, 4),
        launcher=True,
    ),
    Hazard(
        "webhooks-shuffled",
        "every webhook three times and in disorder, old ones again",
        begin=hold_webhooks,
        blow=bring_webhooks,
        blows=(12, 3),
        gap=1.0,
    ),
)
