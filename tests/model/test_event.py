"""An event's envelope, snapshot or thin, read without trusting it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.event import id_of, moment, parse_event

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def test_a_snapshot_event() -> None:
    event = parse_event(
        "acme",
        {
            "id": "evt_1",
            "object": "event",
            "type": "customer.updated",
            "api_version": "2026-10-28.endive",
            "created": 1795813200,
            "livemode": True,
            "request": {"id": "req_1", "idempotency_key": "key-1"},
            "data": {"object": {"id": "cus_1"}, "previous_attributes": {"name": "Anna"}},
        },
    )
    assert (event.account, event.id, event.type) == ("acme", "evt_1", "customer.updated")
    assert event.created == datetime(2026, 11, 27, 21, tzinfo=UTC)
    assert event.livemode
    assert event.object == {"id": "cus_1"}
    assert event.previous == {"name": "Anna"}
    assert event.idempotency_key == "key-1"
    assert event.api_version == "2026-10-28.endive"
    assert not event.thin


def test_a_thin_event_names_its_object_and_its_cause() -> None:
    event = parse_event(
        "acme",
        {
            "id": "evt_test_1",
            "object": "v2.core.event",
            "type": "v1.charge.dispute.created",
            "created": "2026-11-27T21:00:00.123Z",
            "livemode": False,
            "reason": {"type": "request", "request": {"id": "req_1", "idempotency_key": "key-1"}},
            "related_object": {"id": "dp_1", "type": "dispute", "url": "/v1/disputes/dp_1"},
        },
    )
    assert event.thin
    assert event.type == "charge.dispute.created"
    assert event.related_id == "dp_1"
    assert event.idempotency_key == "key-1"
    assert event.created == datetime(2026, 11, 27, 21, 0, 0, 123000, tzinfo=UTC)
    assert event.object == {}


@given(
    st.fixed_dictionaries(
        {"id": json_values, "type": json_values},
        optional=dict.fromkeys(
            (
                "object",
                "created",
                "livemode",
                "request",
                "reason",
                "data",
                "api_version",
                "related_object",
            ),
            json_values,
        ),
    ),
    st.booleans(),
)
def test_any_envelope_is_read(body: dict[str, Any], thin: bool) -> None:
    if thin:
        body["object"] = "v2.core.event"
    event = parse_event("acme", body)
    assert event.created.tzinfo is UTC
    assert isinstance(event.object, dict)
    assert isinstance(event.id, str)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("cus_1", "cus_1"),
        ({"id": "cus_1", "object": "customer"}, "cus_1"),
        ({"id": "cus_1", "deleted": True}, "cus_1"),
        ({"id": {"id": "deep"}}, None),
        ({}, None),
        ("", None),
        (None, None),
        (7, None),
        (["cus_1"], None),
    ],
)
def test_an_id_is_read_from_an_id_or_an_object(value: object, name: str | None) -> None:
    assert id_of(value) == name


@pytest.mark.parametrize(
    "odd", [None, True, "soon", 1e9, 10**30, -(10**30), [], {}, "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_moment_is_the_epoch(odd: object) -> None:
    assert moment(odd) == datetime(1970, 1, 1, tzinfo=UTC)


@given(json_values)
def test_moments_are_always_aware(value: object) -> None:
    assert moment(value).tzinfo is UTC
