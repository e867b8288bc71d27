"""Avatars follow what a room is about, are brought to the homeserver once, and are never needed."""

import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from structlog.testing import capture_logs

from bridge.model.clock import ManualClock
from bridge.model.event import Event
from bridge.model.outcome import Outcome, Refused, Retry
from bridge.model.ports import Homeserver
from bridge.notices.avatars import Avatar, Avatars, dispute_avatar, first_avatar, picture
from bridge.notices.drawing import SIDE
from bridge.notices.room_shape import Shape, reshaped, shape_of
from bridge.store.engine import Store
from bridge.store.rooms import BoundRoom

NOW = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)


class Media:
    """Takes pictures as `answer` says; `took` are their names."""

    def __init__(self, answer: Outcome | None = None) -> None:
        self.answer = answer
        self.took: list[str] = []

    async def upload(self, data: bytes, content_type: str, filename: str) -> str | Outcome:
        assert (content_type, data[:4]) == ("image/png", b"\x89PNG")
        self.took.append(filename)
        return self.answer or f"mxc://example.org/{len(self.took)}"


def avatars(store: Store, media: Media, server: str = "example.org") -> Avatars:
    return Avatars(store, ManualClock(NOW), cast("Homeserver", media), server, {})


async def test_a_picture_is_brought_once_for_all_rooms_and_processes(store: Store) -> None:
    media = Media()
    first = avatars(store, media)
    content = await first.content(Avatar.CUSTOMER)
    assert content == {
        "url": "mxc://example.org/1",
        "info": {
            "mimetype": "image/png",
            "w": SIDE,
            "h": SIDE,
            "size": len(picture(Avatar.CUSTOMER)),
        },
    }
    assert await first.content(Avatar.CUSTOMER) == content
    assert await avatars(store, media).content(Avatar.CUSTOMER) == content
    assert media.took == ["customer.png"]


async def test_another_homeserver_is_given_its_own(store: Store) -> None:
    await avatars(store, Media()).content(Avatar.SPACE)
    moved = Media()
    await avatars(store, moved, "example.com").content(Avatar.SPACE)
    assert moved.took == ["space.png"]


async def test_a_homeserver_that_takes_no_pictures_is_asked_once_and_logged_once(
    store: Store,
) -> None:
    media = Media(Refused("no media repository", "M_UNRECOGNIZED"))
    refused = avatars(store, media)
    with capture_logs() as logs:
        assert [await refused.content(one) for one in Avatar] == [None] * len(Avatar)
    assert len(media.took) == 1
    assert [(one["event"], one["log_level"]) for one in logs] == [("avatars_refused", "warning")]


async def test_one_that_is_busy_is_asked_again_with_the_next_room(store: Store) -> None:
    media = Media(Retry("busy", after=timedelta(seconds=1)))
    busy = avatars(store, media)
    assert await busy.content(Avatar.CHANNEL) is None
    media.answer = None
    assert await busy.content(Avatar.CHANNEL)


async def test_what_is_not_known_any_more_is_no_picture(store: Store) -> None:
    media = Media()
    assert await avatars(store, media).content(None) is None
    assert await avatars(store, media).content("a name of an older version") is None
    assert media.took == []


@pytest.mark.parametrize("avatar", Avatar)
def test_every_avatar_is_a_sign_on_a_colour(avatar: Avatar) -> None:
    png = picture(avatar)
    assert struct.unpack(">II", png[16:24]) == (SIDE, SIDE)
    points = _points(png)
    assert len(points) == SIDE * SIDE
    corners = {points[0], points[SIDE - 1], points[-SIDE], points[-1]}
    assert corners == {0}, "clients round the corners off: nothing of the sign is there"
    white = sum(point == 255 for point in points) / len(points)
    assert 0.01 < white < 0.5
    assert len(png) < 2_000


def test_no_two_are_alike() -> None:
    assert len({picture(one) for one in Avatar}) == len(Avatar)


def _points(png: bytes) -> list[int]:
    """Of an indexed PNG whose rows have no filter; its checksums are looked at on the way."""
    at, packed = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + data) == int.from_bytes(png[at + 8 + length : at + 12 + length])
        packed += data if kind == b"IDAT" else b""
        at += 12 + length
    raw = zlib.decompress(packed)
    rows = [raw[start : start + SIDE + 1] for start in range(0, len(raw), SIDE + 1)]
    assert {row[0] for row in rows} == {0}
    return [point for row in rows for point in row[1:]]


@pytest.mark.parametrize(
    ("status", "avatar"),
    [
        ("warning_needs_response", Avatar.DISPUTE_WAITS),
        ("needs_response", Avatar.DISPUTE_WAITS),
        ("appeal_needs_response", Avatar.DISPUTE_WAITS),
        ("warning_under_review", Avatar.DISPUTE_ANSWERED),
        ("under_review", Avatar.DISPUTE_ANSWERED),
        ("appeal_under_review", Avatar.DISPUTE_ANSWERED),
        ("won", Avatar.DISPUTE_WON),
        ("lost", Avatar.DISPUTE_LOST),
        ("warning_closed", Avatar.DISPUTE_CLOSED),
        ("prevented", Avatar.DISPUTE_CLOSED),
        ("charge_refunded", Avatar.DISPUTE_CLOSED),
        ("a state that Stripe adds", Avatar.DISPUTE_WAITS),
    ],
)
def test_a_disputes_avatar_is_its_state(status: str, avatar: Avatar) -> None:
    assert dispute_avatar(status) is avatar


@pytest.mark.parametrize(
    ("kind", "name", "live", "avatar"),
    [
        ("customer", "cus_1", True, Avatar.CUSTOMER),
        ("dispute", "du_1", True, Avatar.DISPUTE_WAITS),
        ("channel", "payments-critical", True, Avatar.CRITICAL),
        ("channel", "payments", True, Avatar.CHANNEL),
        ("space", "space", True, Avatar.SPACE),
        ("space", "space", False, Avatar.SPACE_TEST),
    ],
)
def test_a_new_room_has_the_avatar_of_its_kind(
    kind: str, name: str, live: bool, avatar: Avatar
) -> None:
    assert first_avatar(kind, name, livemode=live) is avatar


def room(**has: object) -> BoundRoom:
    bound = BoundRoom("acme/customer/cus_1", "!1", "acme", "customer", "cus_1", (), "Ada")
    return BoundRoom(**{**vars(bound), **has})


def happened(kind: str, minutes: int, **thing: object) -> Shape:
    event = Event("acme", "evt_1", kind, NOW + timedelta(minutes=minutes), False, {**thing})
    shape = shape_of(event)
    assert shape
    assert Shape.from_json(shape.to_json()) == shape
    return shape


def test_a_name_and_an_end_follow_clocks_of_their_own() -> None:
    """An older word on one of them is still news if only the other was told since."""
    deleted = reshaped(room(avatar="customer"), happened("customer.deleted", 10, id="cus_1"))
    assert (deleted.avatar, deleted.archived_at) == (
        Avatar.CUSTOMER_DELETED,
        NOW + timedelta(minutes=10),
    )
    late = reshaped(deleted, happened("customer.updated", 5, id="cus_1", name="Ada Lovelace"))
    assert (late.name, late.avatar) == ("Ada Lovelace", Avatar.CUSTOMER_DELETED)
    assert late.archived_at == deleted.archived_at
    older = reshaped(late, happened("customer.updated", 1, id="cus_1", name="Ada Byron"))
    assert older == late


def test_a_dispute_that_is_lost_and_won_later_is_won_in_any_order() -> None:
    opened = room(avatar=Avatar.DISPUTE_WAITS)
    lost = happened("charge.dispute.closed", 1, id="du_1", status="lost")
    won = happened("charge.dispute.closed", 2, id="du_1", status="won")
    for order in ((lost, won), (won, lost)):
        bound = opened
        for shape in order:
            bound = reshaped(bound, shape)
        assert bound.avatar is Avatar.DISPUTE_WON
        assert bound.archived_at
