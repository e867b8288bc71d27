"""A card is the same whatever order Stripe's events come in, and however often; and what it says."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.event import parse_event
from bridge.model.signal import CardKind, Objects, Signal, SignalClass
from bridge.model.words import Words
from bridge.notices.card_beside import is_settled
from bridge.notices.card_states import Reached, may_follow, state_of
from bridge.notices.card_wording import View, history_of, message_of_card
from bridge.notices.cards import MOST, Card, advance
from bridge.notices.catalogue import Links, signal_of
from bridge.sandbox.stripe_server import SandboxStripe

EVENTS = Path(__file__).parent / "events"
WORDS = Words("en_GB", "UTC")
VERBS = ("refund", "note", "escalate", "show", "help")
VIEW = View(WORDS, "full", "https://dashboard.stripe.com", VERBS)
NOW = parse_event("acme", json.loads((EVENTS / "invoice.paid.json").read_text())).created


def signal(name: str, seconds: int = 0, **changes: Any) -> Signal:
    body = json.loads((EVENTS / f"{name}.json").read_text())
    body["data"]["object"].update(changes)
    body["created"] = int((NOW + timedelta(seconds=seconds)).timestamp())
    links = Links(Objects(invoice="in_1QBFRenewal1")) if "Renewal" in json.dumps(body) else Links()
    return signal_of(parse_event("acme", body), links, WORDS)


RENEWAL = [
    signal("charge.failed"),
    signal("payment_intent.payment_failed"),
    signal("invoice.payment_failed"),
    signal("customer.subscription.updated", 1),
    signal("invoice.payment_failed--second-try", 300),
    signal("charge.failed", 300, id="ch_second"),
    signal("invoice.paid", 600),
    signal("invoice.payment_succeeded", 600),
    signal("invoice_payment.paid", 600),
    signal("customer.subscription.updated--paid-again", 600),
]
DISPUTE = [
    signal("charge.dispute.created"),
    signal("charge.dispute.funds_withdrawn"),
    signal("charge.dispute.updated--evidence-saved", 10),
    signal("charge.dispute.closed", 900),
    signal("charge.dispute.updated--late-win", 2000),
    signal("charge.dispute.closed--won", 2000),
]
PAYOUT = [signal("payout.paid"), signal("payout.failed", 86_400)]
REFUND = [
    signal("charge.succeeded"),
    signal("refund.created--pending", 60),
    signal("refund.updated", 90),
    signal("refund.failed", 5000),
]
FRAUD = [
    signal("charge.succeeded"),
    signal("radar.early_fraud_warning.created", 60),
    signal("charge.dispute.created", 900),
    signal("radar.early_fraud_warning.updated", 900),
    signal("charge.dispute.closed--won", 2000),
]
CREDITED = [
    signal("invoice.finalized", id="in_1QBFBig1"),
    signal("credit_note.created", 60),
    signal("credit_note.created", 61, id="cn_second", total=1000),
    signal("credit_note.voided", 90, id="cn_second", total=1000),
    signal("invoice.paid", 600, id="in_1QBFBig1"),
]
STORIES = {
    "fraud": (FRAUD, "paid"),
    "credited": (CREDITED, "paid"),
    "renewal": (RENEWAL, "paid"),
    "dispute": (DISPUTE, "won"),
    "payout": (PAYOUT, "failed"),
    "refund": (REFUND, "paid"),
}


def told(signals: list[Signal]) -> dict[tuple[str, str], Card]:
    cards: dict[tuple[str, str], Card] = {}
    for one in signals:
        for move in one.moves:
            key = (move.kind, move.key)
            cards[key] = advance(cards.get(key), one, move)
    return cards


def first(signals: list[Signal]) -> Card:
    return next(iter(told(signals).values()))


@pytest.mark.parametrize("name", STORIES)
@given(data=st.data())
def test_any_order_and_repetition_of_a_story_ends_in_the_same_card(
    name: str, data: st.DataObject
) -> None:
    signals, state = STORIES[name]
    again = data.draw(st.lists(st.sampled_from(signals), max_size=6))
    shuffled = data.draw(st.permutations([*signals, *again]))
    cards = told(list(shuffled))
    assert cards == told(signals)
    key = next(iter(told(signals)))
    assert cards[key].state == state
    assert message_of_card(cards[key], VIEW) == message_of_card(first(signals), VIEW)


@pytest.mark.parametrize("name", STORIES)
def test_a_card_never_forgets_what_it_knew_on_its_way_through_the_store(name: str) -> None:
    for card in told(STORIES[name][0]).values():
        kept = json.loads(json.dumps(card.to_json()))
        assert Card.from_json(card.account, card.kind, card.key, kept) == card


@pytest.mark.parametrize("name", STORIES)
def test_what_is_repeated_changes_nothing(name: str) -> None:
    signals, _ = STORIES[name]
    cards = told(signals)
    for one in signals:
        for move in one.moves:
            assert advance(cards[move.kind, move.key], one, move) == cards[move.kind, move.key]


@given(data=st.data())
def test_a_late_event_moves_nothing_back(data: st.DataObject) -> None:
    """Of each beginning of a story: what comes too late from before it leaves the state as it is."""
    signals, _ = STORIES[data.draw(st.sampled_from(list(STORIES)))]
    known = data.draw(st.integers(1, len(signals)))
    missed = data.draw(st.integers(0, known - 1))
    whole = signals[:known]
    without = whole[:missed] + whole[missed + 1 :]
    if not without:
        return
    late = signals[missed]
    for key, card in told([*without, late]).items():
        assert card.state == told(whole)[key].state


@pytest.mark.parametrize(
    ("kind", "states", "end"),
    [
        (CardKind.DISPUTE, ["needs_response", "under_review", "lost", "won"], "won"),
        (CardKind.DISPUTE, ["won", "lost"], "won"),
        (CardKind.DISPUTE, ["lost", "needs_response"], "lost"),
        (CardKind.DISPUTE, ["lost", "appeal_needs_response", "lost"], "lost"),
        (CardKind.DISPUTE, ["warning_closed", "warning_needs_response"], "warning_closed"),
        (CardKind.PAYOUT, ["paid", "failed"], "failed"),
        (CardKind.PAYOUT, ["failed", "paid"], "failed"),
        (CardKind.PAYMENT, ["failed", "paid"], "paid"),
        (CardKind.PAYMENT, ["paid", "failed"], "paid"),
        (CardKind.PAYMENT, ["given-up", "failed"], "given-up"),
        (CardKind.PAYMENT, ["uncollectible", "paid"], "paid"),
        (CardKind.PAYMENT, ["voided", "paid"], "voided"),
        (CardKind.SUBSCRIPTION, ["active", "past_due", "active"], "active"),
        (CardKind.SUBSCRIPTION, ["canceled", "active"], "canceled"),
        (CardKind.SUBSCRIPTION, [], ""),
    ],
)
def test_where_a_state_may_lead(kind: CardKind, states: list[str], end: str) -> None:
    moments = (NOW + timedelta(hours=hour) for hour in count())
    reached = [Reached(at, one, "", f"evt_{one}") for at, one in zip(moments, states, strict=False)]
    assert state_of(kind, reached) == end


def test_within_one_second_what_an_event_says_was_before_decides() -> None:
    behind = Reached(NOW, "past_due", "active", "evt_1")
    again = Reached(NOW, "active", "past_due", "evt_2")
    created = Reached(NOW, "active", "", "evt_0")
    assert state_of(CardKind.SUBSCRIPTION, [again, behind]) in {"active", "past_due"}
    assert state_of(CardKind.SUBSCRIPTION, [behind, created]) == "past_due"
    later = Reached(NOW + timedelta(seconds=1), "active", "past_due", "evt_2")
    assert state_of(CardKind.SUBSCRIPTION, [later, created, behind]) == "active"


def test_no_state_leads_back_to_itself_by_a_known_end() -> None:
    for kind, end in ((CardKind.DISPUTE, "won"), (CardKind.PAYMENT, "paid")):
        assert not any(may_follow(kind, end, other) for other in ("lost", "failed", "open"))


def test_the_four_events_of_a_failed_renewal_are_one_card_that_says_it_all() -> None:
    message = message_of_card(first(RENEWAL[:4]), VIEW)
    assert message.title == ("Renewal failed: €49.00, not enough money in the account · Anna Weber")
    facts = {fact.label: fact.value for fact in message.facts}
    assert facts["At stake"] == "€49.00 each month"
    assert facts["Attempt"].startswith("1; next try ")
    assert facts["You can reply"] == "note, escalate, show"
    assert "Next" in facts
    assert [link.label for link in message.links] == ["Open in Stripe", "Customer", "Subscription"]


def test_paid_in_the_end_it_says_so_and_no_longer_what_is_over() -> None:
    message = message_of_card(first(RENEWAL), VIEW)
    assert message.title == "Renewal paid: €49.00 · Anna Weber"
    labels = {fact.label for fact in message.facts}
    assert not labels & {"Attempt", "At stake", "Next", "The bank's advice"}
    facts = {fact.label: fact.value for fact in message.facts}
    assert facts["You can reply"].startswith("refund")


def test_the_history_has_each_news_once() -> None:
    card = first(RENEWAL)
    said = [one.type for one in card.history]
    assert said == [
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.updated",
        "charge.failed",
        "invoice.payment_failed",
        "invoice.paid",
        "customer.subscription.updated",
    ]


def test_several_lines_of_a_history_are_one_list_with_their_times() -> None:
    card = first(RENEWAL)
    message = history_of(card, [one.news for one in card.history], VIEW)
    assert message is not None
    assert len(message.lines) == len(card.history)
    assert message.mentions == ()
    assert history_of(card, [], VIEW) is None
    one = history_of(card, ["paid"], VIEW)
    assert one is not None
    assert (one.title, one.lines) == ("Renewal paid: €49.00", ())


def test_refunds_belong_to_their_payment_and_a_failed_one_is_told() -> None:
    card = first(REFUND[:3])
    assert message_of_card(card, VIEW).title.startswith("Partly refunded: €25.00 of €")
    assert message_of_card(first(REFUND), VIEW).title.startswith("Refund failed: €25.00")


def shown(signals: list[Signal]) -> dict[str, str]:
    """What the first card says: its title, and its facts by their labels."""
    message = message_of_card(first(signals), VIEW)
    return {"": message.title, **{fact.label: fact.value for fact in message.facts}}


def test_two_refunds_of_different_fates_are_told_apart() -> None:
    second = signal("refund.created--pending", 70, id="re_second", amount=1000)
    card = shown([*REFUND[:3], second])
    assert card[""].startswith("Refund under way: €35.00") or "Partly refunded" in card[""]
    assert card["Refunds"] == "€25.00 made, €10.00 under way"
    assert "Refunds" not in shown(REFUND[:3])


def test_a_warning_of_fraud_is_the_title_until_something_was_done() -> None:
    warned = shown(FRAUD[:2])
    assert warned[""] == "Early fraud warning: €129.00, stolen card · Anna Weber"
    assert warned["Next"].startswith("Reply `refund`")
    assert warned["You can reply"].startswith("refund")
    assert message_of_card(first(FRAUD[:2]), VIEW).tone is SignalClass.PAGE
    refunded = signal("refund.updated", 120, status="succeeded", amount=12900)
    done = shown([*FRAUD[:2], refunded])
    assert done[""].startswith("Refunded: €129.00")
    assert done["Fraud warning"] == "stolen card"
    assert message_of_card(first([*FRAUD[:2], refunded]), VIEW).tone is not SignalClass.PAGE


def test_a_payment_says_that_it_is_disputed_and_how_that_ended() -> None:
    disputed = shown(FRAUD[:3])
    assert disputed[""].startswith("Payment received: €129.00")
    assert disputed["Dispute"] == "€129.00, waiting for your answer"
    assert disputed["Fraud warning"] == "stolen card"
    assert "refund" not in disputed["You can reply"]
    won = shown(FRAUD)
    assert won["Dispute"] == "€129.00, won"
    assert won["You can reply"].startswith("refund")
    payment, dispute = told(FRAUD).values()
    assert [one.type for one in payment.history] == [
        "charge.succeeded",
        "radar.early_fraud_warning.created",
        "radar.early_fraud_warning.updated",
    ], "what the dispute says stands on its own card"
    assert dispute.state == "won"


def test_a_dispute_of_a_payment_that_nobody_told_is_no_card_in_a_room() -> None:
    moves = signal("charge.dispute.created").moves
    assert [(move.kind, move.tells) for move in moves] == [
        (CardKind.DISPUTE, True),
        (CardKind.PAYMENT, False),
    ]


def test_credit_notes_are_summed_without_those_that_were_voided() -> None:
    assert shown(CREDITED[:3])["Credited"] == "€260.00"
    assert shown(CREDITED)["Credited"] == "€250.00"
    assert shown(CREDITED[:1]).get("Credited") is None
    card = first(CREDITED)
    lines = [history_of(card, [one.news], VIEW) for one in card.history]
    assert "Credit note issued: €250.00" in " ".join(one.title for one in lines if one)


@pytest.mark.parametrize(
    ("signals", "settled"),
    [
        (RENEWAL[:3], False),
        (RENEWAL[:6], False),
        (RENEWAL, True),
        (REFUND[:1], True),
        (REFUND[:2], False),
        (REFUND[:3], True),
        (FRAUD[:3], False),
        (FRAUD, True),
        (DISPUTE[:3], False),
        (DISPUTE[:4], True),
        (PAYOUT[:1], True),
        (CREDITED[:2], False),
        ([signal("charge.succeeded", captured=False)], False),
        ([signal("customer.subscription.updated")], False),
    ],
)
def test_what_may_still_move_by_itself_is_not_settled(signals: list[Signal], settled: bool) -> None:
    assert is_settled(first(signals)) is settled


def test_a_card_that_was_kept_before_it_knew_what_is_beside_it_is_read() -> None:
    kept = first(RENEWAL).to_json()
    for one in kept["said"]:
        del one["aside"]
    known = first(RENEWAL)
    assert Card.from_json(known.account, known.kind, known.key, kept) == known


def test_only_verbs_that_somebody_may_use_are_offered() -> None:
    view = View(WORDS, "full", "https://d", ("note", "show"))
    facts = {fact.label: fact.value for fact in message_of_card(first(RENEWAL), view).facts}
    assert facts["You can reply"] == "note, show"
    assert "You can reply" not in {
        fact.label
        for fact in message_of_card(first(RENEWAL), View(WORDS, "full", "https://d")).facts
    }


@pytest.mark.parametrize("details", ["masked", "none"])
def test_what_readers_may_not_see_is_in_no_card_and_no_history(details: Any) -> None:
    view = View(WORDS, details, "https://d", VERBS)
    card = first(RENEWAL)
    history = history_of(card, [one.news for one in card.history], view)
    assert history is not None
    messages = [replace(one, ids={}, links=()) for one in (message_of_card(card, view), history)]
    shown = json.dumps([one.to_json() for one in messages], ensure_ascii=False)
    assert "Anna" not in shown and "anna.weber" not in shown
    assert ("€49.00" in shown) is (details == "masked")


def test_a_long_life_is_remembered_to_a_bound() -> None:
    signals = [
        signal("customer.subscription.updated--renewed", number, description=f"number {number}")
        for number in range(MOST + 20)
    ]
    signals = [
        type(one)(**{**vars(one), "turn": f"turn:{number}", "event_id": f"evt_{number}"})
        for number, one in enumerate(signals)
    ]
    assert all(len(card.said) <= MOST for card in told(signals).values())


async def test_what_the_sandbox_tells_of_a_renewal_is_one_card() -> None:
    """The events of a whole renewal as a Stripe server makes them, without any look-up's help but one."""
    async with SandboxStripe() as stripe:
        made = stripe.happen("renewal_fails", name="Grace", amount=4900, currency="eur")
        stripe.happen("renewal_fails_again", invoice=made["invoice"])
        stripe.happen("renewal_recovers", invoice=made["invoice"])
        happened = [event for event in stripe.events() if "payment" in json.dumps(event)]
    links = Links(Objects(invoice=made["invoice"]))
    signals = [signal_of(parse_event("acme", one), links, WORDS) for one in happened]
    payments = [card for (kind, _), card in told(signals).items() if kind == CardKind.PAYMENT]
    assert [(card.key, card.state) for card in payments] == [(made["invoice"], "paid")]
