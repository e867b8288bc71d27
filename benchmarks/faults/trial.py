"""One hazard on one store: the stream, the blows, the settling, and the count of what people see."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random

from benchmarks.faults.counting import Count, compare
from benchmarks.faults.hazards import Hazard
from benchmarks.faults.house import House, Manner, Site
from benchmarks.faults.rooms import read_rooms, view_of
from benchmarks.faults.stream import Size, Stream

Doing = Callable[[str], None]

FULL = Size(customers=30, payments=4, renewals=1, disputes=10)
SHORT = Size(customers=5, payments=2, renewals=1, disputes=1)
#: After the last blow: for what was not taken, and for what is not settled.
_TAKEN_SECONDS = 120
_SETTLED_SECONDS = 180
#: How long what is wrong all the while may keep things from settling, before it is mended.
_LASTS_SECONDS = 60


async def trial(hazard: Hazard, site: Site, doing: Doing, *, short: bool) -> Count:
    async with House(site, Manner(launcher=hazard.launcher)) as house:
        rng = Random(f"{site.seed} {hazard.name} {site.disk.name}")
        stream = Stream(house, SHORT if short else FULL, rng)
        stream.prepare()
        feeding = asyncio.create_task(stream.run())
        try:
            await _strike(hazard, house, stream, rng, doing, blows=hazard.blows[short])
            if not hazard.blow:  # then it lasts until nothing is left that it could befall
                await asyncio.wait({feeding}, timeout=_TAKEN_SECONDS)
                await house.idle(_LASTS_SECONDS)
            doing("healing")
            await house.heal()
            await asyncio.wait({feeding}, timeout=_TAKEN_SECONDS)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
        doing("settling")
        settled = await house.idle(_SETTLED_SECONDS)
        doing("reading the rooms")
        count = await _count(house, stream)
        return count if count.clean else await _explained(house, count, settled=settled)


async def _strike(
    hazard: Hazard, house: House, stream: Stream, rng: Random, doing: Doing, *, blows: int
) -> None:
    """A share of the stream before each blow, so that there is always something to lose."""
    total = stream.size.steps
    if hazard.begin:
        await hazard.begin(house, rng)
    for blow in range(blows):
        doing(f"blow {blow + 1} of {blows}, {stream.sent} of {total} steps")
        stream.allow(total * (blow + 1) // (blows + 1) - total * blow // (blows + 1))
        await asyncio.sleep(rng.uniform(0, hazard.gap))
        if hazard.blow:
            await hazard.blow(house, rng)
    stream.allow(total - total * blows // (blows + 1))


async def _count(house: House, stream: Stream) -> Count:
    (login,) = house.people.values()
    rooms = await read_rooms(house.homeserver.url, login)
    views = [view_of(room, house.sender) for room in rooms]
    return compare(views, stream.marks, stream.places, stream.began)


async def _explained(house: House, count: Count, *, settled: bool) -> Count:
    """With what the store and the bridge itself know of what went wrong."""
    late = () if settled else ("not everything was settled in time",)
    left = [f"left in the store: {one}" for one in await house.lookout.leftovers()]
    return replace(count, wrong=(*late, *left, *count.wrong))
