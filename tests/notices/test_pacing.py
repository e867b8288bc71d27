"""The bot's few messages: shared out over the lanes, the most urgent first."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.model.clock import ManualClock
from bridge.notices.pacing import Pacing

NOW = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
PAGE, DIGEST = 0, 3


def pacing(per_second: float = 0.2, burst: int = 2) -> tuple[Pacing, ManualClock]:
    clock = ManualClock(NOW)
    return Pacing(per_second, burst, clock), clock


def test_a_burst_goes_at_once_and_then_one_in_five_seconds() -> None:
    paced, clock = pacing()
    assert [paced.turn("a", DIGEST) for _ in range(2)] == [None, None]
    assert paced.turn("a", DIGEST) == timedelta(seconds=5)
    clock.advance(timedelta(seconds=5))
    assert paced.turn("a", DIGEST) is None


def test_a_page_that_came_last_goes_first() -> None:
    paced, clock = pacing(burst=1)
    assert paced.turn("z", DIGEST) is None
    waits = [paced.turn(lane, DIGEST) for lane in ("a", "b")]
    assert waits == [timedelta(seconds=5), timedelta(seconds=10)]
    assert paced.turn("page", PAGE) == timedelta(seconds=5)
    clock.advance(timedelta(seconds=5))
    assert paced.turn("a", DIGEST) is not None
    assert paced.turn("page", PAGE) is None
    clock.advance(timedelta(seconds=5))
    assert paced.turn("b", DIGEST) is not None  # a has waited longer
    assert paced.turn("a", DIGEST) is None


def test_a_lane_that_does_not_come_back_is_not_waited_for() -> None:
    paced, clock = pacing(burst=1)
    assert paced.turn("z", DIGEST) is None
    paced.turn("gone", PAGE)
    clock.advance(timedelta(seconds=11))
    assert paced.turn("a", DIGEST) is None


def test_what_the_homeserver_says_counts_more() -> None:
    paced, clock = pacing(burst=10)
    paced.exhausted(timedelta(seconds=60))
    assert paced.turn("a", PAGE) is not None
    clock.advance(timedelta(seconds=60))
    assert paced.turn("a", PAGE) is None


@given(
    asks=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 20)), max_size=60)
)
def test_never_more_than_the_budget_and_no_wait_without_end(
    asks: list[tuple[int, int, int]],
) -> None:
    paced, clock = pacing(burst=3)
    sent = 0
    for lane, urgency, seconds in asks:
        clock.advance(timedelta(seconds=seconds))
        wait = paced.turn(f"lane {lane}", urgency)
        sent += wait is None
        passed = (clock.now() - NOW).total_seconds()
        assert sent <= 3 + passed * 0.2 + 1e-6
        assert wait is None or timedelta(0) < wait <= timedelta(seconds=15)
