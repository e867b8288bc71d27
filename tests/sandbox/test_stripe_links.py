"""Payment links and checkout sessions: paid, paid later, or never."""

from datetime import timedelta
from typing import Any

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.errors import StripeError

ITEMS: Any = [
    {
        "price_data": {"currency": "eur", "unit_amount": 2500, "product_data": {"name": "Repair"}},
        "quantity": 2,
    }
]
ONCE: Any = {
    "line_items": ITEMS,
    "restrictions": {"completed_sessions": {"limit": 1}},
    "metadata": {"chat_action": "7"},
    "payment_intent_data": {"metadata": {"chat_action": "7"}, "description": "Repair"},
    "inactive_message": "This was paid already.",
    "after_completion": {"type": "redirect", "redirect": {"url": "https://shop.example/thanks"}},
}
SESSION: Any = {"mode": "payment", "line_items": ITEMS, "success_url": "https://shop.example/ok"}
PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def told(sandbox: SandboxStripe, made: dict[str, Any]) -> list[str]:
    return [e["type"] for e in sandbox.events() if e["id"] in made["events"]]


async def test_a_single_use_link_is_paid_and_closes(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    link = await owner.v1.payment_links.create_async(ONCE)
    assert (link.active, link.currency, link.inactive_message) == (
        True,
        "eur",
        "This was paid already.",
    )
    assert link.url.startswith("https://buy.stripe.com/test_")
    assert sandbox.events()[-1]["type"] == "payment_link.created"
    made = sandbox.happen("link_is_paid", payment_link=link.id, email="guest@example.com")
    assert told(sandbox, made) == [*PAID, "checkout.session.completed", "payment_link.updated"]
    session = await owner.v1.checkout.sessions.retrieve_async(made["checkout_session"])
    assert (session.payment_link, session.payment_status, session.status) == (
        link.id,
        "paid",
        "complete",
    )
    assert (session.amount_total, session.to_dict()["metadata"]) == (5000, {"chat_action": "7"})
    assert session.customer is None
    assert session.customer_details is not None
    assert session.customer_details.email == "guest@example.com"
    intent = await owner.v1.payment_intents.retrieve_async(made["payment_intent"])
    assert (intent.description, intent.to_dict()["metadata"]) == ("Repair", {"chat_action": "7"})
    previous = sandbox.events()[-1]["data"]["previous_attributes"]
    assert previous == {"active": True, "restrictions": {"completed_sessions": {"count": 0}}}
    with pytest.raises(StripeError, match="is inactive"):
        sandbox.happen("link_is_paid", payment_link=link.id)
    assert len(sandbox.ledger()) == 1


async def test_a_link_is_withdrawn_and_opened_again(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    link = await owner.v1.payment_links.create_async({"line_items": ITEMS})
    gone = await owner.v1.payment_links.update_async(
        link.id, {"active": False, "metadata": {"by": "@ada"}}
    )
    assert (gone.active, gone.to_dict()["metadata"]) == (False, {"by": "@ada"})
    with pytest.raises(StripeError, match="is inactive"):
        sandbox.happen("link_is_paid", payment_link=link.id)
    with pytest.raises(StripeError, match="There is no payment_link like that yet"):
        sandbox.happen("link_is_paid")
    inactive = await owner.v1.payment_links.list_async({"active": False})
    assert [found.id for found in inactive.data] == [link.id]
    assert (await owner.v1.payment_links.list_async({"active": True})).data == []
    await owner.v1.payment_links.update_async(link.id, {"active": True})
    for _ in range(2):
        assert sandbox.happen("link_is_paid")["payment_link"] == link.id


async def test_what_is_sold(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    link = await owner.v1.payment_links.create_async({"line_items": ITEMS})
    assert "line_items" not in link.to_dict()
    made = sandbox.happen("link_is_paid")
    (of_link,) = (await owner.v1.payment_links.line_items.list_async(link.id)).data
    session = await owner.v1.checkout.sessions.retrieve_async(
        made["checkout_session"], {"expand": ["line_items"]}
    )
    assert session.line_items is not None
    (of_session,) = session.line_items.data
    assert of_link.id == of_session.id
    price: Any = of_link.price
    assert (of_link.description, of_link.amount_total, price.unit_amount) == ("Repair", 5000, 2500)
    again = await owner.v1.payment_links.create_async({
        "line_items": [{"price": price.id, "quantity": 1}]
    })  # fmt: skip
    assert again.currency == "eur"
    sessions = await owner.v1.checkout.sessions.list_async({"payment_link": link.id})
    assert [s.id for s in sessions.data] == [session.id]


@pytest.mark.parametrize("scene", ["link_is_paid_later", "checkout_is_paid_later"])
@pytest.mark.parametrize(
    ("outcome", "events", "status"),
    [
        ("succeeded", [
            "charge.succeeded", "payment_intent.succeeded", "checkout.session.async_payment_succeeded",
        ], "paid"),
        ("failed", [
            "charge.failed", "payment_intent.payment_failed", "checkout.session.async_payment_failed",
        ], "unpaid"),
    ],
)  # fmt: skip
async def test_completed_is_not_paid(
    sandbox: SandboxStripe,
    owner: stripe.StripeClient,
    scene: str,
    outcome: str,
    events: list[str],
    status: str,
) -> None:
    await owner.v1.payment_links.create_async({"line_items": ITEMS})
    await owner.v1.checkout.sessions.create_async(SESSION)
    waiting = sandbox.happen(scene, outcome="pending")
    assert told(sandbox, waiting) == [
        "payment_intent.created", "charge.pending", "payment_intent.processing",
        "checkout.session.completed",
    ]  # fmt: skip
    assert (waiting["payment_status"], waiting["status"]) == ("unpaid", "complete")
    assert sandbox.ledger()[0]["amount_captured"] == 0
    settled = sandbox.happen("late_payment_settles", outcome=outcome)
    assert (told(sandbox, settled), settled["payment_status"]) == (events, status)
    assert sandbox.ledger()[0]["amount_captured"] == (5000 if outcome == "succeeded" else 0)
    charge = await owner.v1.charges.retrieve_async(settled["charge"])
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.type == "sepa_debit"
    name = settled["checkout_session"]
    with pytest.raises(StripeError, match=r"waits for no money|no checkout\.session like that"):
        sandbox.happen("late_payment_settles", checkout_session=name)


async def test_the_whole_of_a_late_payment_at_once(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    await owner.v1.payment_links.create_async({"line_items": ITEMS})
    assert sandbox.happen("link_is_paid_later")["payment_status"] == "paid"
    assert sandbox.happen("link_is_paid_later", outcome="failed")["payment_status"] == "unpaid"
    with pytest.raises(StripeError, match="must be one of succeeded, failed, pending"):
        sandbox.happen("link_is_paid_later", outcome="lost")


async def test_a_checkout_for_a_known_customer(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    customer = sandbox.happen("checkout_succeeds")["customer"]
    asked: Any = {
        **SESSION, "customer": customer, "client_reference_id": "action-7",
        "metadata": {"a": "b"}, "payment_intent_data": {"metadata": {"a": "b"}},
    }  # fmt: skip
    session = await owner.v1.checkout.sessions.create_async(asked)
    assert (session.status, session.payment_status, session.payment_intent) == (
        "open",
        "unpaid",
        None,
    )
    assert session.url == f"https://checkout.stripe.com/c/pay/{session.id}"
    assert session.expires_at == session.created + 86_400
    made = sandbox.happen("checkout_is_paid", checkout_session=session.id)
    assert told(sandbox, made) == [*PAID, "checkout.session.completed"]
    paid = await owner.v1.checkout.sessions.retrieve_async(session.id)
    assert (paid.customer, paid.client_reference_id, paid.url) == (customer, "action-7", None)
    charge = await owner.v1.charges.retrieve_async(made["charge"])
    assert (charge.customer, charge.to_dict()["metadata"]) == (customer, {"a": "b"})
    for happening in ("checkout_is_paid", "checkout_expires"):
        with pytest.raises(StripeError, match="is complete"):
            sandbox.happen(happening, checkout_session=session.id)


async def test_a_checkout_by_mail(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    asked: Any = {**SESSION, "customer_email": "eve@example.com", "customer_creation": "always"}
    session = await owner.v1.checkout.sessions.create_async(asked)
    by_mail: Any = {"customer_details": {"email": "eve@example.com"}}
    assert [s.id for s in (await owner.v1.checkout.sessions.list_async(by_mail)).data] == [
        session.id
    ]
    made = sandbox.happen("checkout_is_paid")
    customer = await owner.v1.customers.retrieve_async(made["customer"])
    assert customer.email == "eve@example.com"


async def test_a_declined_checkout_stays_open(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    session = await owner.v1.checkout.sessions.create_async(SESSION)
    sandbox.decline_next("insufficient_funds")
    refused = sandbox.happen("checkout_is_paid")
    assert (refused["status"], refused["payment_status"]) == ("open", "unpaid")
    assert told(sandbox, refused)[-1] == "payment_intent.payment_failed"
    paid = sandbox.happen("checkout_is_paid", checkout_session=session.id)
    assert (paid["status"], paid["payment_intent"]) == ("complete", refused["payment_intent"])


async def test_only_authorised(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    asked: Any = {**SESSION, "payment_intent_data": {"capture_method": "manual"}}
    await owner.v1.checkout.sessions.create_async(asked)
    made = sandbox.happen("checkout_is_paid")
    assert (made["status"], made["payment_status"]) == ("complete", "unpaid")
    taken = await owner.v1.payment_intents.capture_async(made["payment_intent"])
    assert taken.status == "succeeded"


async def test_expired_by_us_or_by_itself(
    sandbox: SandboxStripe, owner: stripe.StripeClient, clock: ManualClock
) -> None:
    ours, its_own = [await owner.v1.checkout.sessions.create_async(SESSION) for _ in range(2)]
    ended = await owner.v1.checkout.sessions.expire_async(ours.id)
    assert (ended.status, sandbox.events()[-1]["type"]) == ("expired", "checkout.session.expired")
    with pytest.raises(stripe.InvalidRequestError, match="this one is expired"):
        await owner.v1.checkout.sessions.expire_async(ours.id)
    clock.advance(timedelta(hours=24))
    with pytest.raises(StripeError, match="has expired"):
        sandbox.happen("checkout_is_paid", checkout_session=its_own.id)
    assert sandbox.happen("checkout_expires")["checkout_session"] == its_own.id
    assert [
        s.id for s in (await owner.v1.checkout.sessions.list_async({"status": "open"})).data
    ] == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"expires_at": 29 * 60}, "at least 30 minutes"),
        ({"expires_at": 24 * 3600 + 1}, "at most 24 hours"),
        ({"mode": "subscription"}, "does not act on `mode`"),
        ({"customer": "cus_nobody"}, "No such customer"),
        ({"customer": "cus_1", "customer_email": "a@b.c"}, "only specify one of these"),
        ({"client_reference_id": "x" * 201}, "At most 200"),
        ({"line_items": []}, "At least one line item"),
        ({"payment_intent_data": {"metadata": {"a": "x" * 501}}}, "up to 500 characters"),
    ],
)
async def test_checkouts_refused(
    owner: stripe.StripeClient, clock: ManualClock, asked: dict[str, Any], message: str
) -> None:
    if "expires_at" in asked:
        asked = {"expires_at": int(clock.now().timestamp()) + asked["expires_at"]}
    params: Any = {**SESSION, **asked}
    with pytest.raises(stripe.InvalidRequestError, match=message):
        await owner.v1.checkout.sessions.create_async(params)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"price_data": {"currency": "eur", "unit_amount": 49,
                         "product_data": {"name": "x"}}}, r"at least €0\.50"),
        ({"price_data": {"currency": "xyz", "unit_amount": 500,
                         "product_data": {"name": "x"}}}, "Invalid currency: xyz"),
        ({"price_data": {"currency": "eur", "unit_amount": 500}}, "needs a product"),
        ({"price_data": {"currency": "eur", "product_data": {"name": "x"}}}, "fixed `unit_amount`"),
        ({"price_data": {"currency": "eur", "unit_amount": 500, "product": "prod_no"}},
         "No such product"),
        ({"price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "x"},
                         "recurring": {"interval": "month"}}}, "paid once"),
        ({"price": "price_nobody"}, "No such price"),
        ({"price_data": {"currency": "usd", "unit_amount": 500,
                         "product_data": {"name": "x"}}}, "same currency"),
        ({"price_data": {"currency": "eur", "unit_amount": 500,
                         "product_data": {"name": "x"}}, "quantity": 0}, "1 or more"),
    ],
)  # fmt: skip
async def test_items_refused(owner: stripe.StripeClient, item: Any, message: str) -> None:
    items: Any = [{"quantity": 1, **item}]
    if message == "same currency":
        items.append(ITEMS[0])
    with pytest.raises(stripe.InvalidRequestError, match=message):
        await owner.v1.payment_links.create_async({"line_items": items})


async def test_a_limit_is_one_or_more(owner: stripe.StripeClient) -> None:
    none: Any = {"line_items": ITEMS, "restrictions": {"completed_sessions": {"limit": 0}}}
    with pytest.raises(stripe.InvalidRequestError, match="1 payment or more"):
        await owner.v1.payment_links.create_async(none)
