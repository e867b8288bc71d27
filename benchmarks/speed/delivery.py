"""How much of the homeserver's own speed arrives, how soon, and at what cost; and the peers beside it."""

from statistics import median

from benchmarks.speed.cost import cpu_seconds
from benchmarks.speed.figures import Book
from benchmarks.speed.house import House
from benchmarks.speed.load import send_paced
from benchmarks.speed.peers import Peer

_CONCURRENCIES = (8, 16, 32)
_PER_SECOND = 25


class Ceiling:
    """The bare client at its best."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.at_once = _CONCURRENCIES[0]

    async def find(self, number: int) -> None:
        rates = {one: await self._house.through_bare(number, one) for one in _CONCURRENCIES}
        self.at_once = max(rates, key=lambda one: rates[one])

    async def rate(self, number: int) -> float:
        return await self._house.through_bare(number, self.at_once)


async def deliveries(
    house: House, ceiling: Ceiling, peers: list[Peer], book: Book, number: int
) -> None:
    """One round: each in turn carries `number` messages."""
    pids = house.bridge.process.pid, house.homeserver.process.pid
    bare = await ceiling.rate(number)
    before = [cpu_seconds(pid) for pid in pids]
    ours = await house.through_bridge(number)
    spent = [cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
    book.note("delivery_vs_ceiling", ours / bare)
    book.tell("delivery_vs_ceiling", bare_per_second=bare, bridge_per_second=ours)
    book.note("bridge_cpu_share", spent[0] / spent[1])
    book.tell(
        "bridge_cpu_share",
        bridge_ms=1000 * spent[0] / number,
        synapse_ms=1000 * spent[1] / number,
    )
    for peer in peers:
        theirs = await peer.carry(house, number)
        book.note(f"delivery_vs_{peer.key}", ours / theirs)
        book.tell(f"delivery_vs_{peer.key}", per_second=theirs)


async def latency(house: House, book: Book, seconds: float) -> None:
    """One round: a bare client's steady stream, then as many webhooks to the bridge."""
    number = int(seconds * _PER_SECOND)
    marks, messages = house.messages(number)
    begun = await house.bare.send_paced(messages, _PER_SECOND)
    bare = await _median_way(house, marks, begun)
    webhooks = list(house.bag.over_rooms(number))
    signer = house.bridge.signer
    requests = [signer.request(one) for one in webhooks]
    begun = await send_paced(house.bridge.port, requests, _PER_SECOND)
    ours = await _median_way(house, [one.mark for one in webhooks], begun)
    book.note("latency_over_bare", ours / bare)
    book.tell("latency_over_bare", bare_ms=1000 * bare, bridge_ms=1000 * ours)
    await house.settled()


async def _median_way(house: House, marks: list[str], begun: list[float]) -> float:
    await house.watcher.sees(marks)
    return median(house.watcher.seen[mark] - at for mark, at in zip(marks, begun, strict=True))
