"""What the pinned card of a room says, whatever shape Stripe's answers have."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.edges.matrix_content import matrix_content
from bridge.model.message import Message
from bridge.model.words import Words
from bridge.notices.about import Known, about_customer, about_dispute
from bridge.notices.card_wording import View

VIEW = View(Words("en_GB", "UTC"), "full", "https://dashboard.stripe.com")
DUE = 1_796_169_540  # 1 Dec 2026, 23:59 UTC
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CARD = {"brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2029}
CUSTOMER = {
    "id": "cus_1",
    "name": "Anna Weber",
    "email": "anna@example.org",
    "invoice_settings": {"default_payment_method": {"type": "card", "card": CARD}},
}


def charge(amount: int, back: int = 0, currency: str = "eur", status: str = "succeeded") -> Any:
    return {
        "status": status,
        "amount_captured": amount,
        "amount_refunded": back,
        "currency": currency,
    }


def subscription(**changes: Any) -> Any:
    price = {"unit_amount": 4900, "currency": "eur", "recurring": {"interval": "month"}}
    item = {"price": price, "quantity": 1, "current_period_end": DUE}
    return {"status": "active", "items": {"data": [item]}, **changes}


def facts(message: Message) -> list[tuple[str, str]]:
    return [(fact.label, fact.value) for fact in message.facts]


def test_a_customers_card_says_all_that_matters() -> None:
    known = Known(
        CUSTOMER,
        charges=[charge(12900, 2000), charge(4900, status="failed"), charge(500, currency="jpy")],
        subscriptions=[subscription(status="canceled"), subscription()],
        open_invoices=[
            {"number": "A-1", "amount_remaining": 4900, "currency": "eur", "due_date": DUE}
        ],
        disputes=[{"amount": 25900, "currency": "eur", "status": "needs_response"}],
        notes=[("sam", "called twice")],
    )
    message = about_customer("acme", known, VIEW, livemode=True)
    assert message.title == "Anna Weber: €109.00, JP¥500 paid"
    assert facts(message) == [
        ("Paid so far", "€109.00, JP¥500"),
        ("Owes", "€49.00"),
        ("Subscription", "active, €49.00 each month, renews 1 Dec 2026"),
        ("Subscription", "ended, €49.00 each month"),
        ("Pays with", "Visa ending 4242, valid until 08/2029"),
        ("Open invoice", "A-1, €49.00, due 1 Dec 2026"),
        ("Dispute", "€259.00, waiting for your answer"),
        ("E-mail", "anna@example.org"),
        ("Note by sam", "called twice"),
    ]
    assert message.links[0].url == "https://dashboard.stripe.com/customers/cus_1"
    assert (message.tone, message.mentions) == (None, ())


def test_a_sum_that_is_not_all_says_so() -> None:
    known = Known(CUSTOMER, charges=[charge(100)] * 3, all_charges=False)
    message = about_customer("acme", known, VIEW, livemode=True)
    assert facts(message)[0] == ("Paid in the last 3 charges", "€3.00")


def test_an_end_that_is_planned_is_no_renewal() -> None:
    known = Known(CUSTOMER, subscriptions=[subscription(cancel_at_period_end=True)])
    told = dict(facts(about_customer("acme", known, VIEW, livemode=True)))
    assert told["Subscription"] == "active, €49.00 each month, ends 1 Dec 2026"


def test_many_things_are_counted_and_not_all_listed() -> None:
    known = Known(CUSTOMER, subscriptions=[subscription()] * 8)
    told = facts(about_customer("acme", known, VIEW, livemode=True))
    listed = [value for label, value in told if label == "Subscription"]
    assert len(listed) == 6 and listed[-1] == "and 3 more"


@pytest.mark.parametrize("details", ["masked", "none"])
def test_people_are_masked_as_the_room_wants_it(details: Any) -> None:
    view = View(VIEW.words, details, VIEW.dashboard)
    known = Known(CUSTOMER, charges=[charge(12900)], notes=[("sam", "Anna called")])
    shown = matrix_content(about_customer("acme", known, view, livemode=True), delivery="d")["body"]
    assert "Anna" not in shown and "anna@" not in shown
    assert ("€129.00" in shown) is (details == "masked")


def test_a_disputes_card_has_its_deadline_and_what_is_missing() -> None:
    dispute = {
        "id": "dp_1",
        "amount": 25900,
        "currency": "eur",
        "status": "needs_response",
        "reason": "product_not_received",
        "evidence": {"shipping_tracking_number": "1Z999", "receipt": None},
        "evidence_details": {"due_by": DUE, "submission_count": 0},
        "charge": "ch_1",
    }
    message = about_dispute("acme", dispute, VIEW, livemode=False, now=NOW)
    assert message.title == "Dispute over €259.00: waiting for your answer"
    told = dict(facts(message))
    assert told["Reason"] == "not received"
    assert told["Answer by"].endswith("2026, 23:59 UTC (7 days left)")
    assert told["Evidence there"] == "shipping tracking number"
    assert told["Evidence missing"].startswith("shipping documentation, customer communication")
    assert told["Sent to the bank"] == "not yet"
    assert message.test_mode
    over = about_dispute("acme", {**dispute, "status": "lost"}, VIEW, livemode=False, now=NOW)
    assert not {"Answer by", "Evidence missing"} & dict(facts(over)).keys()


odd = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = [*CUSTOMER, *charge(1), *subscription(), "evidence", "evidence_details", "price", "due_date"]
thing = st.dictionaries(st.sampled_from(KEYS), odd, max_size=8)


@given(thing, st.lists(thing, max_size=3), st.lists(thing, max_size=3))
def test_no_shape_of_an_answer_breaks_it(owner: Any, some: list[Any], more: list[Any]) -> None:
    known = Known(owner, some, True, more, some, more)
    for message in (
        about_customer("acme", known, VIEW, livemode=True),
        about_dispute("acme", owner, VIEW, livemode=True, now=NOW),
    ):
        assert matrix_content(message, delivery="d")["body"]


def test_who_takes_care_stands_on_both_cards() -> None:
    known = Known(CUSTOMER, assigned={"pi_1": "sam", "cus_1": "fin"})
    told = facts(about_customer("acme", known, VIEW, livemode=True))
    assert [value for label, value in told if label == "Assigned to"] == ["fin", "sam: pi_1"]
    dispute = {"id": "du_1", "amount": 100, "currency": "eur", "status": "lost"}
    message = about_dispute(
        "acme",
        dispute,
        VIEW,
        livemode=True,
        now=NOW,
        notes=[("sam", "lost it")],
        assigned={"du_1": "fin"},
    )
    assert facts(message)[-2:] == [("Assigned to", "fin"), ("Note by sam", "lost it")]
