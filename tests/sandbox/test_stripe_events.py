"""The list of events, and thin events fetched by their id."""

import json
from datetime import timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.events import difference

from .conftest import ClientFor


async def test_newest_first_and_by_type(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    sandbox.happen("renewal_fails")
    everything = await owner.v1.events.list_async({"limit": 100})
    assert [e.id for e in everything.data] == [e["id"] for e in sandbox.events()[::-1]]
    asked: tuple[tuple[Any, list[str]], ...] = (
        ({"type": "charge.failed"}, ["charge.failed"]),
        (
            {"type": "invoice.*"},
            [
                "invoice.payment_failed",
                "invoice.updated",
                "invoice.finalized",
                "invoice.created",
            ],
        ),
        ({"types": ["charge.failed", "invoice.created"]}, ["charge.failed", "invoice.created"]),
        ({"types": ["payout.failed"]}, []),
    )
    for params, found in asked:
        assert [e.type for e in (await owner.v1.events.list_async(params)).data] == found


async def test_refused_filters(owner: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="at most 20"):
        await owner.v1.events.list_async({"types": [f"type.{n}" for n in range(21)]})
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of these"):
        await owner.v1.events.list_async({"types": ["charge.failed"], "type": "charge.failed"})


async def test_since_the_last_good_one(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    last_good = sandbox.happen("checkout_succeeds")["events"][-1]
    missed = sandbox.happen("renewal_fails")["events"]
    page = await owner.v1.events.list_async({"ending_before": last_good, "limit": 3})
    assert [e.id for e in page.data] == missed[:3][::-1]
    assert page.has_more
    walked = [event.id async for event in page.auto_paging_iter()]
    assert walked == missed


async def test_by_time_and_not_beyond_thirty_days(
    sandbox: SandboxStripe, owner: stripe.StripeClient, clock: ManualClock
) -> None:
    old = sandbox.happen("payout_fails")["events"][0]
    clock.advance(timedelta(days=2))
    new = sandbox.happen("payout_fails")["events"][0]
    noon = int((clock.now() - timedelta(days=1)).timestamp())
    later = await owner.v1.events.list_async({"created": {"gte": noon}})
    earlier = await owner.v1.events.list_async({"created": {"lt": noon}})
    assert ([e.id for e in later.data], [e.id for e in earlier.data]) == ([new], [old])
    clock.advance(timedelta(days=29))
    assert [e.id for e in (await owner.v1.events.list_async({})).data] == [new]


async def test_an_event_stays_as_it_was(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds")
    await owner.v1.refunds.create_async({"charge": made["charge"]})
    told = next(e for e in sandbox.events() if e["type"] == "charge.succeeded")
    read = (await owner.v1.events.retrieve_async(told["id"])).to_dict()
    assert read["data"]["object"]["amount_refunded"] == 0
    assert read["api_version"] == stripe.api_version


async def test_a_thin_event_leads_to_the_whole(
    sandbox: SandboxStripe, client_for: ClientFor
) -> None:
    client = client_for(sandbox.reader_key)
    made = sandbox.happen("dispute_opens")
    thin = next(iter(sandbox.world.events)).thin
    notification: Any = client.parse_event_notification_without_verification(json.dumps(thin))
    assert type(notification).__name__ == "V1ChargeDisputeCreatedEventNotification"
    event = await notification.fetch_event_async()
    assert event.snapshot_event == made["events"][0]
    dispute = await notification.fetch_related_object_async()
    assert dispute.id == made["dispute"]
    listed = await client.v2.core.events.list_async({"object_id": made["dispute"], "limit": 9})
    assert [e.id for e in listed.data][-1] == thin["id"]
    assert len(listed.data) == 2


async def test_a_thin_event_tells_its_cause(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds")
    await owner.v1.charges.update_async(
        made["charge"], {"description": "hat"}, {"idempotency_key": "action-9"}
    )
    thin = list(sandbox.world.events)[-1].thin
    event: Any = await owner.v2.core.events.retrieve_async(thin["id"])
    assert event.reason.request.idempotency_key == "action-9"
    changes = event.to_dict()["changes"]
    assert changes == {"before": {"description": None}, "after": {"description": "hat"}}


values = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)
hashes = st.dictionaries(st.sampled_from("abcd"), values)


def restored(new: Any, previous: Any) -> Any:
    old = dict(new)
    for key, value in previous.items():
        both = isinstance(value, dict) and isinstance(new.get(key), dict)
        old[key] = restored(new[key], value) if both else value
    return old


def filled(value: Any, like: Any) -> Any:
    """The old state with null for what it lacked, as previous_attributes cannot tell them apart."""
    if not (isinstance(value, dict) and isinstance(like, dict)):
        return value
    return {key: filled(value.get(key), like.get(key)) for key in value.keys() | like.keys()}


@given(hashes, hashes)
def test_previous_attributes_lead_back_to_the_old_state(old: Any, new: Any) -> None:
    previous = difference(old, new)
    assert filled(restored(new, previous), old) == filled(old, new)
    assert not previous.keys() & {key for key in old if key in new and old[key] == new[key]}
