"""How much of a signal its readers get to see."""

from datetime import UTC, datetime

from bridge.model.money import Money
from bridge.model.signal import Fact, Objects, Signal, SignalClass
from bridge.model.text import SafeText
from bridge.model.words import Words
from bridge.notices.wording import message_of

WORDS = Words("de_DE", "Europe/Berlin")
SIGNAL = Signal(
    account="acme",
    event_id="evt_1",
    type="customer.updated",
    signal_class=SignalClass.NOTIFY,
    title=SafeText("Billing details changed"),
    facts=(
        Fact("E-mail", SafeText("anna@example.org → bob@example.com"), personal=True),
        Fact("Address", SafeText("Bob @ Main Street 5, Berlin"), personal=True),
        Fact("Card", SafeText("Visa ending 4242")),
    ),
    objects=Objects(customer="cus_1", charge="ch_1"),
    dedup_key="acme:customer:cus_1:evt_1",
    occurred_at=datetime(2026, 11, 27, tzinfo=UTC),
    livemode=True,
    money=Money(123456, "eur"),
    reason=SafeText("because"),
    customer_name=SafeText("Anna Weber"),
    dashboard_path="customers/cus_1",
)


def test_full_details_name_the_customer_and_the_amount() -> None:
    message = message_of(SIGNAL, WORDS, "full", "https://dashboard.example.org/")
    assert message.title == "Billing details changed: 1.234,56 €, because · Anna Weber"
    assert message.facts == SIGNAL.facts
    assert message.links[0].url == "https://dashboard.example.org/customers/cus_1"
    assert message.ids == {
        "account": "acme",
        "event": "evt_1",
        "type": "customer.updated",
        "customer": "cus_1",
        "charge": "ch_1",
    }


def test_masked_details_show_people_by_their_initials() -> None:
    message = message_of(SIGNAL, WORDS, "masked", "https://dashboard.example.org")
    assert message.title == "Billing details changed: 1.234,56 €, because · A… W…"
    assert [fact.value for fact in message.facts] == [
        "a…@example.org → b…@example.com",
        "B… … M… S…",
        "Visa ending 4242",
    ]


def test_without_details_only_what_happened_is_said() -> None:
    message = message_of(SIGNAL, WORDS, "none", "https://dashboard.example.org")
    assert message.title == "Billing details changed"
    assert message.facts == ()
    assert message.text is None


def test_a_test_is_flagged_and_links_to_test_data() -> None:
    from dataclasses import replace

    message = message_of(replace(SIGNAL, livemode=False), WORDS, "full", "https://d.example.org")
    assert message.test_mode
    assert message.links[0].url == "https://d.example.org/test/customers/cus_1"


def test_what_has_no_page_has_no_link() -> None:
    from dataclasses import replace

    assert message_of(replace(SIGNAL, dashboard_path=None), WORDS, "full", "https://d").links == ()


def test_a_message_survives_its_way_through_the_store() -> None:
    message = message_of(SIGNAL, WORDS, "full", "https://d", mentions=("@anna:example.org",))
    assert type(message).from_json(message.to_json()) == message
