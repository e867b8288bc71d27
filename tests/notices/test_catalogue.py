"""One JSON and one expected text for every event type, and for the turns that one type can take.

`UPDATE_TEXTS=1 pytest tests/notices` writes the texts anew; then read them as support would.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from stripe.params import _webhook_endpoint_create_params as subscribable

from bridge.edges.plain_text import plain_text
from bridge.model.event import Event, parse_event
from bridge.model.words import Words
from bridge.notices.catalogue import (
    CATALOGUE,
    NO_LINKS,
    Links,
    Need,
    links_in,
    needs,
    signal_class_of,
    signal_of,
)
from bridge.notices.wording import message_of

HERE = Path(__file__).parent
EVENTS = sorted((HERE / "events").glob("*.json"))
WORDS = Words("en_GB", "UTC")


def answer(need: Need) -> Any:
    """What Stripe would say to a look-up; an event's ids that are not there are known to nobody."""
    answers = json.loads((HERE / "answers.json").read_text())
    return answers[need.lookup].get(need.id)


def links_for(event: Event) -> Links:
    links = NO_LINKS
    for need in needs(event):
        links = links.and_(links_in(need, answer(need), event))
    return links


def told(path: Path) -> str:
    event = parse_event("acme", json.loads(path.read_text()))
    signal = signal_of(event, links_for(event), WORDS)
    message = message_of(signal, WORDS, "full", "https://dashboard.stripe.com")
    title, body = plain_text(message, 4000)
    asked = [f"{need.lookup} {need.id}" for need in needs(event)]
    about = [
        f"class: {signal.signal_class}",
        f"story: {signal.dedup_key}",
        f"turn:  {signal.turn}",
        *([f"asks:  {', '.join(asked)}"] if asked else []),
    ]
    return "\n".join(["\n".join(about), "", title, body]).rstrip() + "\n"


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_each_event_reads_as_expected(path: Path) -> None:
    expected = path.with_suffix(".txt")
    if os.environ.get("UPDATE_TEXTS"):
        expected.write_text(told(path))
    assert told(path) == expected.read_text()


def test_every_row_has_an_event_and_a_text() -> None:
    assert set(CATALOGUE) <= {path.stem for path in EVENTS}
    assert {path.stem for path in EVENTS} == {path.stem for path in (HERE / "events").glob("*.txt")}


def test_each_file_holds_the_type_it_is_named_after() -> None:
    for path in EVENTS:
        assert json.loads(path.read_text())["type"] == path.stem.partition("--")[0]


def test_every_type_is_one_that_stripe_sends() -> None:
    known = Path(subscribable.__file__).read_text()
    assert [name for name in CATALOGUE if f'"{name}"' not in known] == []


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_no_event_is_more_urgent_than_its_type_was_taken_for(path: Path) -> None:
    event = parse_event("acme", json.loads(path.read_text()))
    signal = signal_of(event, links_for(event), WORDS)
    assert signal_class_of(event.type).urgency <= signal.signal_class.urgency
