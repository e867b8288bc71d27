"""Only Stripe's own, recent, well-formed events of this account get past the edge."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe import WebhookSignature

from bridge.edges.stripe_signature import check_envelope, parse, verify
from bridge.model.errors import BadRequest

NOW = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
TOLERANCE = timedelta(minutes=5)
OLD, NEW = "whsec_old", "whsec_new"
BODY = '{"id": "evt_1"}'


def signed(body: str = BODY, secret: str = NEW, *, at: datetime = NOW) -> str:
    return str(WebhookSignature.generate_signature_header(body, secret, int(at.timestamp())))


def check(body: bytes, header: str | None, *secrets: str) -> int:
    return verify(body, header, secrets or (NEW, OLD), NOW, TOLERANCE)


def test_either_secret_verifies_while_one_is_rolled() -> None:
    assert check(BODY.encode(), signed(secret=NEW)) == 0
    assert check(BODY.encode(), signed(secret=OLD)) == 1


def test_one_of_several_signatures_is_enough() -> None:
    other = signed(secret="whsec_platform").partition("v1=")[2]
    header = f"{signed().partition(',')[0]},v1={other},{signed().partition(',')[2]},v0=abc"
    assert check(BODY.encode(), header) == 0
    assert check(BODY.encode(), header.replace(",", ", ")) == 0


@pytest.mark.parametrize("offset", [-301, 301, 10**9])
def test_a_timestamp_far_from_now_is_refused_in_both_directions(offset: int) -> None:
    with pytest.raises(BadRequest, match="clock"):
        check(BODY.encode(), signed(at=NOW + timedelta(seconds=offset)))


@pytest.mark.parametrize("offset", [-300, 0, 300])
def test_a_timestamp_within_the_tolerance_is_taken(offset: int) -> None:
    assert check(BODY.encode(), signed(at=NOW + timedelta(seconds=offset))) == 0


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=",
        "v1=abc",
        "t=now,v1=abc",
        "t=1",
        f"t={int(NOW.timestamp())}",
        f"t={int(NOW.timestamp())},v1=",
        f"t={int(NOW.timestamp())},v1=ä",
        f"t={int(NOW.timestamp())},v0=abc",
        f"t=-{int(NOW.timestamp())},v1=abc",
        "t=999999999999,v1=abc",
        "=" * 100,
        "t=1," * 5000,
    ],
)
def test_headers_that_are_garbage_are_refused(header: str | None) -> None:
    with pytest.raises(BadRequest):
        check(BODY.encode(), header)


@given(st.binary(max_size=200), st.text(max_size=200))
def test_nothing_unsigned_gets_through_and_nothing_else_is_raised(body: bytes, header: str) -> None:
    with pytest.raises(BadRequest):
        check(body, header)


@given(st.binary(min_size=1, max_size=64))
def test_a_changed_body_is_refused(extra: bytes) -> None:
    with pytest.raises(BadRequest):
        check(BODY.encode() + extra, signed())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"{",
        b'{"a": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_bodies_that_are_not_json_objects_are_refused(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(raw)


def envelope(**changed: Any) -> dict[str, Any]:
    return {"object": "event", "id": "evt_1", "type": "charge.failed", "livemode": False, **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {"object": "charge"},
        {"object": None},
        {"id": None},
        {"id": ""},
        {"id": "evt 1"},
        {"id": "evt_\ud800"},
        {"id": "e" * 300},
        {"type": 7},
        {"type": "Charge.Failed"},
        {"livemode": True},
        {"livemode": 0},
        {"livemode": None},
        {"account": "acct_other"},
    ],
)
def test_what_is_not_an_event_of_this_account_and_mode_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        check_envelope(envelope(**changed), livemode=False, account_id="acct_mine")


@pytest.mark.parametrize("changed", [{}, {"account": "acct_mine"}, {"object": "v2.core.event"}])
def test_events_of_this_account_are_taken(changed: dict[str, Any]) -> None:
    check_envelope(envelope(**changed), livemode=False, account_id="acct_mine")
