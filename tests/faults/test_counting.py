"""What the harness calls lost, doubled and out of order: a count that cannot fail would prove nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from benchmarks.faults.counting import compare
from benchmarks.faults.refunds import Asking, Refunds, made
from benchmarks.faults.rooms import Thread, View, view_of
from benchmarks.faults.stream import Mark
from bridge.sandbox.seen import Room, RoomEvent

SENDER = "@stripe:sandbox.test"
FAILED, LOST, WON = "Payment failed", "Dispute lost", "Dispute won"
MARKS = [
    Mark("ada", "€1.00", FAILED),
    Mark("ada", "€2.00", FAILED),
    Mark("ada", "€3.00", LOST),
    Mark("ada", "€3.00", WON, shown=True),
]
PLACES = {
    MARKS[0]: 1,
    MARKS[1]: 2,
    MARKS[2]: 3,
    Mark("ada", "€3.00", WON): 4,
}
BEGAN = {("ada", "€1.00"): 1, ("ada", "€2.00"): 2}
FIRST, SECOND = Thread("€1.00", [FAILED]), Thread("€2.00", [FAILED])
DISPUTE = Thread("€3.00", [LOST, WON], [[(LOST, "€3.00")], [(WON, "€3.00")]])
WELL = View("ada", "Ada", [FIRST, SECOND, DISPUTE], ["one", "two", "three"])


def _counted(*views: View) -> tuple[int, int, int]:
    count = compare(views, MARKS, PLACES, BEGAN)
    assert len(count.wrong) == count.lost + count.doubled + count.disordered
    return count.lost, count.doubled, count.disordered


def _with(**what: Any) -> View:
    return replace(WELL, **what)


@pytest.mark.parametrize(
    ("view", "wrong"),
    [
        pytest.param(WELL, (0, 0, 0), id="all is well"),
        pytest.param(_with(threads=[FIRST, SECOND]), (2, 0, 0), id="a card is missing"),
        pytest.param(
            _with(threads=[FIRST, SECOND, replace(DISPUTE, versions=[LOST])]),
            (1, 0, 0),
            id="the card does not say the last word",
        ),
        pytest.param(
            _with(threads=[FIRST, SECOND, replace(DISPUTE, versions=[WON], lines=[])]),
            (1, 0, 0),
            id="nobody said what was so in between",
        ),
        pytest.param(
            _with(threads=[FIRST, FIRST, SECOND, DISPUTE]), (0, 1, 0), id="a card stands twice"
        ),
        pytest.param(
            _with(deliveries=["one", "two", "one"]), (0, 1, 0), id="a delivery came twice"
        ),
        pytest.param(
            _with(
                threads=[FIRST, SECOND, replace(DISPUTE, lines=[*DISPUTE.lines, DISPUTE.lines[1]])]
            ),
            (0, 0, 0),
            id="a line nobody counts on may be there twice",
        ),
        pytest.param(
            _with(threads=[FIRST, SECOND, replace(DISPUTE, lines=[DISPUTE.lines[0]] * 2)]),
            (0, 1, 0),
            id="the history says it twice",
        ),
        pytest.param(_with(threads=[SECOND, FIRST, DISPUTE]), (0, 0, 1), id="cards in disorder"),
        pytest.param(
            _with(threads=[FIRST, SECOND, replace(DISPUTE, versions=[WON, LOST, WON])]),
            (0, 0, 1),
            id="a card went back",
        ),
        pytest.param(
            _with(threads=[FIRST, SECOND, replace(DISPUTE, lines=DISPUTE.lines[::-1])]),
            (0, 0, 1),
            id="the history in disorder",
        ),
    ],
)
def test_what_is_wrong_is_counted(view: View, wrong: tuple[int, int, int]) -> None:
    assert _counted(view) == wrong


def test_a_second_room_of_one_customer_is_one_too_many() -> None:
    assert _counted(WELL, View("Ada", "Ada", [], [])) == (0, 1, 0)


def test_money_that_nobody_asked_for_counts_as_doubled() -> None:
    def asked(charge: str, wanted: int, *, confirmed: bool = True) -> Asking:
        return Asking("ada", charge, 1000, wanted, "ona", confirmed=confirmed)

    def charge(name: str, *amounts: int) -> dict[str, Any]:
        return {"charge": name, "refunds": [{"amount": amount} for amount in amounts]}

    askings = [asked("a", 100), asked("b", 200), asked("c", 300), asked("d", 400, confirmed=False)]
    ledger = [charge("a", 100), charge("b", 200, 200), charge("c"), charge("d", 400)]
    assert made(askings, ledger) == Refunds(asked=3, made=2, doubled=2)


def _event(number: int, body: str, **content: Any) -> RoomEvent:
    content = {"body": body, "io.example.delivery": {"delivery": f"d{number}"}, **content}
    at = datetime(2026, 11, 27, tzinfo=UTC)
    return RoomEvent("!a", f"$e{number}", SENDER, "m.room.message", content, at)


def test_a_room_is_read_as_people_read_it() -> None:
    room = Room("!a", state={("m.room.name", ""): {"name": "Ada"}})
    threaded = {"rel_type": "m.thread", "event_id": "$e1"}
    edits = {"rel_type": "m.replace", "event_id": "$e1"}
    history = "[test] 2 things happened\n- 27 Nov 2026, 10:23 – Dispute lost: €3.00\n- 10:24: Dispute won: €3.00, late"
    room.timeline = [
        _event(1, "🚨 [test] Dispute opened: €3.00, fraud · Ada\n- Fee: €15.00"),
        _event(2, history, **{"m.relates_to": threaded}),
        _event(3, "🚨 [test] Dispute lost: €3.00", **{"m.relates_to": threaded}),
        _event(
            4, "* x", **{"m.relates_to": edits, "m.new_content": {"body": "Dispute won: €3.00"}}
        ),
        replace(_event(5, "Dispute won: €3.00"), sender="@ada:sandbox.test"),
        _event(6, "no amount"),
    ]
    view = view_of(room, SENDER)
    assert view.deliveries == ["d1", "d2", "d3", "d4", "d6"]
    assert view.threads == [
        Thread(
            "€3.00",
            ["Dispute opened", "Dispute won"],
            [[("Dispute lost", "€3.00"), ("Dispute won", "€3.00")]],
            [("Dispute lost", "€3.00")],
        )
    ]
