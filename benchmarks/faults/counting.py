"""What people see against what happened: seen, lost, doubled, out of order. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from benchmarks.faults.rooms import View
from benchmarks.faults.stream import Mark


@dataclass(frozen=True)
class Count:
    """`sent` is what had to be seen; `doubled` is what stands there more often than it happened."""

    sent: int
    seen: int
    lost: int
    doubled: int
    disordered: int
    #: What was wrong, in words.
    wrong: tuple[str, ...] = field(default=(), compare=False)

    @property
    def clean(self) -> bool:
        return (self.lost, self.doubled, self.disordered) == (0, 0, 0)


def compare(
    views: Collection[View],
    marks: Collection[Mark],
    places: Mapping[Mark, int],
    began: Mapping[tuple[str, str], int],
) -> Count:
    """`places` is when each mark happened, `began` when what a card (of a room and amount) is about."""
    seen = {mark for view in views for mark in _seen(view)}
    lost = [mark for mark in marks if mark not in seen]
    doubled = list(_doubled(views, marks))
    disordered = [one for view in views for one in _disordered(view, places, began)]
    wrong = [f"lost: {one}" for one in lost]
    wrong += [f"doubled: {one}" for one in doubled]
    wrong += [f"out of order: {one}" for one in disordered]
    sent = len(marks)
    return Count(sent, sent - len(lost), len(lost), len(doubled), len(disordered), tuple(wrong))


def _seen(view: View) -> Iterator[Mark]:
    for thread in view.threads:
        yield Mark(view.name, thread.amount, thread.shown, shown=True)
        said = (words for line in thread.lines for words, amount in line if amount == thread.amount)
        yield from (Mark(view.name, thread.amount, words) for words in (*thread.versions, *said))


def _doubled(views: Collection[View], marks: Collection[Mark]) -> Iterator[str]:
    """Rooms, messages, cards of one object, and lines of its history that are there once more."""
    yield from _again(f"room {view.called}" for view in views)
    for view in views:
        yield from _again(f"delivery {one} in {view.name}" for one in view.deliveries)
        yield from _again(f"card {thread.amount} in {view.name}" for thread in view.threads)
        for thread in view.threads:
            told = (
                one
                for line in thread.lines
                for one in line
                if Mark(view.name, one[1], one[0]) in marks
            )
            yield from _again(f"line {words}: {amount} in {view.name}" for words, amount in told)
            yield from _again(
                f"{words}: {amount} aloud in {view.name}" for words, amount in thread.aloud
            )


def _again(things: Iterable[str]) -> Iterator[str]:
    """What comes more than once, each time after the first."""
    return (thing for thing, n in Counter(things).items() for _ in range(n - 1))


def _disordered(
    view: View, places: Mapping[Mark, int], began: Mapping[tuple[str, str], int]
) -> Iterator[str]:
    """Cards among each other, what each card said, and what its history said."""
    cards = [began.get((view.name, thread.amount)) for thread in view.threads]
    yield from _late(f"cards in {view.name}", [[at] if at else [] for at in cards])
    for thread in view.threads:
        of = _Placing(view.name, thread.amount, places)
        yield from _late(f"{view.name} {thread.amount}", [of(words) for words in thread.versions])
        told = [[one for words, _ in line for one in of(words)] for line in thread.lines]
        yield from _late(f"{view.name} {thread.amount} thread", told)


@dataclass(frozen=True)
class _Placing:
    room: str
    amount: str
    places: Mapping[Mark, int]

    def __call__(self, words: str) -> list[int]:
        """When this was so; nothing if it is of no account."""
        place = self.places.get(Mark(self.room, self.amount, words))
        return [] if place is None else [place]


def _late(what: str, told: list[list[int]]) -> Iterator[str]:
    """Each message's places; those that came after a message of something later."""
    latest = 0
    for number, at in enumerate(told):
        if at and min(at) < latest:
            yield f"number {number} of {told} in {what}"
        latest = max([latest, *at])
