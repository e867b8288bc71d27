"""An event moves its cards: each is kept, and brought up to date wherever it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.model.room_message import room_lane
from bridge.model.signal import CardKind, Move, Signal, Subject, SubjectKind
from bridge.notices.card_beside import is_settled
from bridge.notices.cards import Card, advance
from bridge.store import cards
from bridge.store.cards import CardId
from bridge.store.engine import Tx


@dataclass(frozen=True)
class Moved:
    """`standing`: by the keys of the subjects in whose rooms it stands, or soon will, what waits there."""

    id: CardId
    news: str
    version: int
    changed: bool
    standing: Mapping[str, str | None]


async def move_cards(tx: Tx, signal: Signal, now: datetime) -> list[Moved]:
    """In the commit that marks the event handled; the first of them tells it."""
    named = [(await _card_id(tx, signal, move), move) for move in signal.moves]
    moved: dict[CardId, Moved] = {}
    # In a fixed order, so that two transactions never wait for each other in a circle.
    for one, move in sorted(named, key=lambda pair: pair[0]):
        moved[one] = await _move(tx, one, signal, move, now)
    return [moved[one] for one, _ in named]


async def _move(tx: Tx, one: CardId, signal: Signal, move: Move, now: datetime) -> Moved:
    kept = await cards.lock(tx, one, now)
    before = Card.from_json(one.account, one.kind, one.key, kept.body) if kept.body else None
    card = advance(before, signal, move)
    changed = card != before
    version = kept.version + changed
    if changed:
        await cards.keep(tx, one, card.to_json(), version, now, settled=is_settled(card))
    standing = {place.subject: place.waiting for place in await cards.places(tx, one)}
    said = next((said for said in card.said if said.event == signal.event_id), None)
    return Moved(one, said.news if said else "", version, changed, standing)


async def _card_id(tx: Tx, signal: Signal, move: Move) -> CardId:
    """A payment whose invoice became known late stays the card it is."""
    known = [move.key]
    if move.kind is CardKind.PAYMENT:
        known += [one for one in (signal.objects.payment_intent, signal.objects.charge) if one]
    ids = [CardId(signal.account, move.kind, key) for key in dict.fromkeys(known)]
    return (await cards.one_of(tx, ids) if len(ids) > 1 else None) or ids[0]


async def story_of(tx: Tx, signal: Signal) -> str:
    """The thread in which it belongs: that of its card, if it moves one."""
    if not signal.moves:
        return signal.dedup_key
    return card_story(await _card_id(tx, signal, signal.moves[0]))


def card_story(one: CardId) -> str:
    return f"{one.account}:card:{one.kind}:{one.key}"


def subject_of(key: str) -> Subject:
    account, kind, name = key.split("/", 2)
    return Subject(account, SubjectKind(kind), name)


def card_key(subject: Subject, one: CardId, version: int) -> str:
    """No second delivery of this for the same version of the card in the same room."""
    return f"{room_lane(subject)}|{one.kind}:{one.key}|{version}"
