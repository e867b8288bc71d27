"""Whatever Stripe, or somebody with its secret, sends: an event is told, never an exception."""

import copy
import json
import re
import unicodedata
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.model.event import Event
from bridge.model.signal import Signal, SignalClass
from bridge.model.words import Words
from bridge.notices.catalogue import CATALOGUE, NO_LINKS, Lookup, Need, links_in, needs, signal_of
from bridge.notices.wording import message_of

BODIES = [
    json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "events").glob("*.json"))
]
WORDS = Words("en_GB", "Europe/Berlin")

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=40)
    | st.sampled_from(["", "\u202egnp.exe", "@everyone", "cus_1", "evil\x00", "\ud800", "9" * 500])
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


def event(kind: str, thing: Any, previous: Any) -> Event:
    return Event(
        account="acme",
        id="evt_1",
        type=kind,
        created=datetime(2026, 11, 27, 21, tzinfo=UTC),
        livemode=False,
        object=thing if isinstance(thing, dict) else {},
        previous=previous if isinstance(previous, dict) else {},
    )


def places(thing: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the whole itself excepted."""
    inner = thing.items() if isinstance(thing, dict) else enumerate(thing)
    if not isinstance(thing, dict | list):
        return []
    found = []
    for key, value in inner:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


@st.composite
def spoiled(draw: st.DrawFn) -> Event:
    """A real event with something else in one to five places."""
    body = copy.deepcopy(draw(st.sampled_from(BODIES)))
    data = body["data"]
    for _ in range(draw(st.integers(1, 5))):
        *parents, last = draw(st.sampled_from(places(data)))
        above = data
        for step in parents:
            above = above[step]
        above[last] = draw(anything)
        if not data:
            break
    return event(body["type"], data.get("object"), data.get("previous_attributes"))


def check(happened: Event, links: Any = NO_LINKS) -> Signal:
    signal = signal_of(happened, links, WORDS)
    assert len(signal.dedup_key) <= 200
    assert len(signal.turn) <= 120
    assert signal.dedup_key.startswith("acme:")
    assert signal.title
    ids = [name for name in asdict(signal.objects).values() if name]
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-]{1,120}", name) for name in ids)
    shown = [signal.title, signal.reason or "", signal.customer_name or ""]
    shown += [fact.value for fact in signal.facts]
    for text in shown:
        assert "\n" not in text
        assert not {unicodedata.category(c) for c in text.replace("\u200d", "")} & {
            "Cc",
            "Cf",
            "Cs",
        }
    message_of(signal, WORDS, "masked", "https://dashboard.example.org")
    return signal


@settings(max_examples=400)
@given(spoiled())
def test_a_real_event_with_odd_parts_is_told(happened: Event) -> None:
    needs(happened)
    check(happened)


@given(st.sampled_from([*CATALOGUE, "no.such_type"]), anything, anything)
def test_any_json_is_told(kind: str, thing: Any, previous: Any) -> None:
    happened = event(kind, thing, previous)
    needs(happened)
    check(happened)


@given(st.text(st.characters(codec=None), min_size=1, max_size=300), anything)
def test_any_type_is_told(kind: str, thing: Any) -> None:
    check(event(kind, thing, None))


@given(st.sampled_from(Lookup), anything, st.sampled_from(BODIES))
def test_any_answer_to_a_lookup_is_taken(lookup: Lookup, answer: Any, body: dict[str, Any]) -> None:
    data = body["data"]
    happened = event(body["type"], data["object"], data.get("previous_attributes"))
    check(happened, links_in(Need(lookup, "ch_1"), answer, happened))


DEEP_LIST: Any = []
DEEP_DICT: Any = {}
for _ in range(900):  # about as deep as the JSON parser goes
    DEEP_LIST, DEEP_DICT = [DEEP_LIST], {"id": DEEP_DICT, "address": DEEP_DICT}


@pytest.mark.parametrize("deep", [DEEP_LIST, DEEP_DICT], ids=["lists", "objects"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["id"])
def test_deep_nesting_ends_nowhere(body: dict[str, Any], deep: Any) -> None:
    thing, previous = body["data"]["object"], body["data"].get("previous_attributes", {})
    for key in {*thing, *previous}:
        check(event(body["type"], {**thing, key: deep}, {**previous, key: deep}))
        check(event(body["type"], thing, {**previous, key: deep}))


def test_what_no_row_knows_is_a_digest_told_plainly() -> None:
    signal = check(event("issuing_card.created", {"object": "issuing.card", "id": "ic_1"}, {}))
    assert not signal.known
    assert signal.signal_class is SignalClass.DIGEST
    assert signal.title == "Issuing card created"
    assert [(fact.label, fact.value) for fact in signal.facts] == [("Object", "issuing card ic_1")]


@pytest.mark.parametrize("kind", list(CATALOGUE))
def test_a_deleted_or_missing_object_is_told(kind: str) -> None:
    check(event(kind, {"id": "x_1", "object": "y", "deleted": True}, {}))
    check(event(kind, {}, {}))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["id"])
def test_expanded_objects_give_the_same_ids(body: dict[str, Any]) -> None:
    thing, previous = body["data"]["object"], body["data"].get("previous_attributes")
    names = ("customer", "charge", "payment_intent", "invoice", "latest_invoice", "subscription")
    expanded = {
        key: {"id": value} if key in names and isinstance(value, str) else value
        for key, value in thing.items()
    }
    plain = check(event(body["type"], thing, previous))
    assert check(event(body["type"], expanded, previous)).objects == plain.objects
