"""Which events are one story, which are told again, and what must be asked before."""

import json
from pathlib import Path
from typing import Any

from bridge.model.event import Event, parse_event
from bridge.model.signal import Objects, Signal, SignalClass
from bridge.model.words import Words
from bridge.notices.catalogue import (
    CATALOGUE,
    NO_LINKS,
    Links,
    Lookup,
    Need,
    links_in,
    needs,
    signal_of,
)

EVENTS = Path(__file__).parent / "events"
WORDS = Words()


def event(name: str, **changes: Any) -> Event:
    body = json.loads((EVENTS / f"{name}.json").read_text())
    body["data"]["object"].update(changes)
    return parse_event("acme", body)


def signal(name: str, links: Links = NO_LINKS, **changes: Any) -> Signal:
    return signal_of(event(name, **changes), links, WORDS)


def stories(*signals: Signal) -> set[str]:
    return {one.dedup_key for one in signals}


RENEWAL = Links(Objects(invoice="in_1QBFRenewal1"))


def test_the_four_events_of_a_failed_renewal_are_one_story() -> None:
    assert stories(
        signal("charge.failed", RENEWAL),
        signal("payment_intent.payment_failed", RENEWAL),
        signal("invoice.payment_failed"),
        signal("customer.subscription.updated"),
    ) == {"acme:payment:in_1QBFRenewal1:failed"}


def test_a_later_try_stays_in_the_story_but_is_told_again() -> None:
    first, second = signal("invoice.payment_failed"), signal("invoice.payment_failed--second-try")
    assert first.dedup_key == second.dedup_key
    assert first.turn != second.turn
    other = signal("charge.failed", RENEWAL, id="ch_second")
    assert other.turn != signal("charge.failed", RENEWAL).turn


def test_the_last_try_is_a_story_of_its_own() -> None:
    last = signal("invoice.payment_failed--last-try")
    assert last.dedup_key == "acme:payment:in_1QBFRenewal1:failed:given-up"
    assert signal(
        "invoice.payment_failed", attempt_count=1, next_payment_attempt=None
    ).dedup_key == ("acme:payment:in_1QBFRenewal1:failed")


def test_two_event_objects_of_one_happening_have_one_story_and_one_turn() -> None:
    body = json.loads((EVENTS / "charge.dispute.created.json").read_text())
    one = signal_of(parse_event("acme", body), NO_LINKS, WORDS)
    two = signal_of(parse_event("acme", {**body, "id": "evt_other"}), NO_LINKS, WORDS)
    assert (one.dedup_key, one.turn) == (two.dedup_key, two.turn)


def test_a_payment_by_itself_is_a_story_of_its_payment_intent() -> None:
    assert stories(
        signal("charge.succeeded"),
        signal("payment_intent.succeeded"),
        signal("checkout.session.completed"),
    ) == {"acme:payment:pi_3QBFShop1:paid"}


def test_what_is_paid_of_an_invoice_is_one_story() -> None:
    assert stories(
        signal("invoice.paid"),
        signal("invoice.payment_succeeded"),
        signal("invoice_payment.paid"),
        signal("checkout.session.completed--subscription"),
    ) == {"acme:payment:in_1QBFRenewal1:paid"}


def test_money_that_moves_belongs_to_the_turn_of_its_dispute() -> None:
    opened = stories(
        signal("charge.dispute.created"),
        signal("charge.dispute.funds_withdrawn"),
        signal("charge.dispute.updated--evidence-saved"),
    )
    assert opened == {"acme:dispute:dp_1QBFShop1:opened"}
    early = signal("charge.dispute.funds_reinstated", status="under_review")
    assert stories(
        signal("charge.dispute.closed--won"), signal("charge.dispute.funds_reinstated"), early
    ) == {"acme:dispute:dp_1QBFShop1:closed:won"}


def test_a_late_win_is_not_swallowed_by_the_loss() -> None:
    lost, won = signal("charge.dispute.closed"), signal("charge.dispute.updated--late-win")
    assert lost.dedup_key != won.dedup_key
    assert won.title == "Dispute won after all"


def test_an_inquiry_that_becomes_a_dispute_interrupts_again() -> None:
    became = signal("charge.dispute.updated--became-chargeback")
    assert became.signal_class is SignalClass.PAGE
    assert became.dedup_key != signal("charge.dispute.created--inquiry").dedup_key


def test_a_dispute_has_a_deadline_only_while_an_answer_is_waited_for() -> None:
    assert signal("charge.dispute.created").deadline is not None
    assert signal("charge.dispute.created--already-lost").deadline is None
    assert signal("charge.dispute.closed").deadline is None


def test_a_refund_and_its_charge_are_one_story_whatever_comes_first() -> None:
    links = Links(Objects(refund="re_3QBFShop1"))
    assert stories(
        signal("refund.created"),
        signal("refund.created--pending"),
        signal("refund.updated"),
        signal("charge.refund.updated"),
        signal("charge.refunded", links),
    ) == {"acme:refund:re_3QBFShop1:made"}


def test_a_calm_event_never_takes_the_story_of_a_failed_refund() -> None:
    failed = signal("refund.failed")
    assert failed.signal_class is SignalClass.PAGE
    assert failed.dedup_key == signal("refund.updated--failed").dedup_key
    assert failed.dedup_key != signal("refund.created").dedup_key


def test_of_two_refunds_the_one_with_the_amount_is_meant() -> None:
    refunds = [{"id": "re_new", "amount": 700}, {"id": "re_3QBFShop1", "amount": 2500}]
    happened = event("charge.refunded")
    need = next(one for one in needs(happened) if one.lookup is Lookup.REFUNDS_OF_CHARGE)
    assert links_in(need, refunds, happened).objects.refund == "re_3QBFShop1"


def test_without_an_id_an_event_is_a_story_of_its_own() -> None:
    alone = signal("charge.dispute.created", id=None)
    assert alone.dedup_key == f"acme:event:{alone.event_id}"


def test_only_what_the_event_lacks_is_asked() -> None:
    assert needs(event("charge.dispute.created")) == (
        Need(Lookup.CHARGE, "ch_3QBFShop1"),
        Need(Lookup.INVOICE_OF_PAYMENT, "pi_3QBFShop1"),
    )
    assert needs(event("charge.failed")) == (Need(Lookup.INVOICE_OF_PAYMENT, "pi_3QBFRenewal1"),)
    assert needs(event("charge.failed", invoice="in_1")) == ()
    assert needs(event("charge.failed", payment_intent=None)) == ()
    assert needs(event("payment_intent.succeeded")) == (
        Need(Lookup.INVOICE_OF_PAYMENT, "pi_3QBFShop1"),
    )
    assert needs(event("payment_intent.succeeded", customer=None)) == ()  # a guest has no invoices
    assert needs(event("customer.updated")) == ()


def test_what_may_bear_a_room_asks_for_the_name() -> None:
    assert needs(event("customer.subscription.updated")) == (
        Need(Lookup.CUSTOMER, "cus_AnnaWeber1"),
    )
    assert needs(event("customer.subscription.updated--renewed")) == ()


def test_a_row_can_ask_every_lookup_it_names() -> None:
    """With everything known of an object but what the look-up would bring."""
    asked = {need.lookup for path in EVENTS.glob("*.json") for need in needs(event(path.stem))}
    assert asked == set(Lookup)


def test_links_fill_holes_and_overrule_nothing() -> None:
    links = Links(Objects(customer="cus_other", invoice="in_1"), customer_name="Somebody Else")
    told = signal("charge.succeeded", links)
    assert told.objects.customer == "cus_AnnaWeber1"
    assert told.objects.invoice == "in_1"
    assert told.customer_name == "Anna Weber"


def test_a_detached_card_is_still_the_customers() -> None:
    assert signal("payment_method.detached").objects.customer == "cus_AnnaWeber1"


def test_a_guest_at_a_checkout_interrupts_nobody() -> None:
    assert signal("payment_intent.payment_failed--guest").signal_class is SignalClass.GROUP
    assert signal("payment_intent.payment_failed").signal_class is SignalClass.NOTIFY


def test_what_cannot_wait_pages() -> None:
    paging = {
        "charge.dispute.created",
        "payout.failed",
        "refund.failed",
        "radar.early_fraud_warning.created",
        "reserve.hold.created",
        "reserve.plan.created",
        "account.updated",
        "capability.updated",
    }
    assert {name for name in paging if signal(name).signal_class is not SignalClass.PAGE} == set()


def test_each_type_stands_in_one_row() -> None:
    from bridge.notices.catalogue.rows import ROWS

    assert len(ROWS) == len(CATALOGUE)


def test_the_metadata_that_routes_can_match_is_text_only() -> None:
    told = signal("charge.succeeded", metadata={"order": "7", "odd": 7, "deep": {"a": "b"}})
    assert told.metadata == {"order": "7"}
