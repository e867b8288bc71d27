"""The permissions that `check` lists are enough for the enabled verbs, and no verb is forgotten."""

import pytest

from bridge.commands.rights import least, words
from bridge.commands.table import TABLE, VERBS
from bridge.config.schema import RoleRights
from bridge.model.verbs import FREE
from bridge.sandbox.stripe_server.keys import ApiKey
from bridge.sandbox.stripe_server.resources.catalogue import ROUTES

from .office import Office

KNOWN = {route.permission.removeprefix("rak_") for route in ROUTES}


def test_only_enabled_verbs_count(office: Office) -> None:
    config = office.config.model_copy(update={"roles": {"eyes": RoleRights(verbs=("show",))}})
    assert least(config, TABLE).writer == ()
    config = office.config.model_copy(update={"roles": {"one": RoleRights(verbs=("refund",))}})
    assert least(config, TABLE).writer == ("charge_write",)
    assert "payment intent: read" in words(least(config, TABLE).reader)


@pytest.mark.parametrize("verb", TABLE, ids=lambda verb: verb.name)
def test_each_row_names_permissions_that_stripe_knows(verb: object) -> None:
    assert set(VERBS[verb.name].needs) <= KNOWN  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", TABLE, ids=lambda verb: verb.name)
def test_what_moves_money_asks_first_and_can_be_found_again(verb: object) -> None:
    row = VERBS[verb.name]  # type: ignore[attr-defined]
    if row.moves_money:
        assert row.deed
        assert row.deed.asks
        assert row.deed.find or (row.deed.events and row.deed.makes)
        assert row.name not in FREE


async def test_keys_cut_to_the_least_do_all_of_it(office: Office) -> None:
    needs = least(office.config, TABLE)
    ring = office.stripe.api.keys
    ring.reader = _cut(ring.reader, needs.reader)
    ring.writer = _cut(ring.writer, needs.writer)
    paid = await office.payment()
    assert "Payment of" in await office.say("sam", "show", reply_to=paid)
    assert "Noted, here and in Stripe" in await office.say("sam", "note x", reply_to=paid)
    await office.say("sam", "refund 20", reply_to=paid)
    assert "Refunded €20.00" in await office.say("sam", "yes", thread=paid)
    unpaid, _ = await office.renewal()
    await office.say("sam", "retry", reply_to=unpaid)
    assert "Declined: " in await office.say("sam", "yes", reply_to=office.question().event_id)
    await office.say("sam", "invoice 20 eur for x", reply_to=unpaid)
    assert "Sent: " in await office.say("sam", "yes", reply_to=office.question().event_id)
    await office.say("sam", "subscription cancel now", reply_to=unpaid)
    assert "Cancelled" in await office.say("sam", "yes", reply_to=office.question().event_id)


def _cut(key: ApiKey, needs: tuple[str, ...]) -> ApiKey:
    return ApiKey(key.name, key.value, granted=frozenset(f"rak_{need}" for need in needs))
