"""Customers from before the bridge get their rooms and cards, once, and nobody is pinged."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import stripe
from click.testing import CliRunner
from sqlalchemy import select

from bridge.cli import main
from bridge.edges.matrix_content import OURS
from bridge.edges.stripe_api import StripeApi
from bridge.model.clock import SystemClock
from bridge.model.errors import StripeRefused
from bridge.model.ports import Listed
from bridge.notices.backfill import Backfill
from bridge.sandbox.stripe_server import Manners
from bridge.store.engine import Store
from bridge.store.tables import backfill as backfill_table

from .conftest import ACCOUNT, House

MONTH = timedelta(days=30)


@pytest_asyncio.fixture
async def reader(house: House) -> AsyncIterator[StripeApi]:
    """A reader of a Stripe whose webhooks never reached the bridge."""
    house.stripe.behave(Manners(hold=True))
    key = house.config.accounts[ACCOUNT].reader_key.get_secret_value()
    api = StripeApi(key, api_base=house.stripe.url, timeout=timedelta(seconds=10))
    yield api
    await api.close()


def work(house: House, store: Store, reader: StripeApi) -> Backfill:
    return Backfill(house.config, store, SystemClock(), reader, ACCOUNT)


def seen(what: Listed, at: datetime) -> None:
    pass


async def test_a_customer_gets_a_room_with_their_cards_and_no_ping(
    house: House, store: Store, reader: StripeApi
) -> None:
    made = house.stripe.happen("renewal_fails", name="Grace", amount=4900, currency="eur")
    house.stripe.happen("renewal_recovers", invoice=made["invoice"])
    filled = work(house, store, reader)
    await filled.one(made["customer"])
    room = house.room("customer", made["customer"])
    await house.told(room, "Renewal paid: €49.00 · Grace", "You can reply: refund")
    await house.told(room, "Subscription: active: €49.00, each month · Grace")
    await house.told(room, "Grace: €49.00 paid")
    ours = [event for event in house.sam.timeline(room) if house.is_ours(event)]
    assert all(event.content["msgtype"] == "m.notice" and not event.mentions for event in ours)
    assert all(event.thread is None for event in ours)

    again = work(house, store, reader)
    await again.one(made["customer"])
    assert again.tally.cards == 0

    # What comes by webhook later is the same card.
    house.stripe.behave(Manners())
    house.stripe.release(shuffle=True)
    await house.stripe.settled()
    said = await house.sam.say(room, "!stripe help")
    await house.answer(room, said, "help")
    roots = [e for e in house.sam.room(room).shown() if house.is_ours(e) and not e.thread]
    named = [e.content[OURS]["ids"].get("card") for e in roots]
    assert named.count(f"payment:{made['invoice']}") == 1


async def test_all_since_then_are_filled_and_a_broken_run_goes_on_where_it_was(
    house: House, store: Store, reader: StripeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = [
        house.stripe.happen("renewal_succeeds", name=f"Grace {number}", amount=4900, currency="eur")
        for number in range(4)
    ]
    read: list[str] = []
    owner = StripeApi.owner

    async def broken(self: StripeApi, customer: str) -> dict[str, Any]:
        read.append(customer)
        if len(read) == 3:
            raise StripeRefused("The network is gone.")
        return await owner(self, customer)

    monkeypatch.setattr(StripeApi, "owner", broken)
    with pytest.raises(StripeRefused):
        await work(house, store, reader).since(MONTH, "since:30d", seen)
    assert len(read) == 3
    first = set(read[:2])
    read.clear()
    monkeypatch.setattr(StripeApi, "owner", owner)
    resumed = work(house, store, reader)
    await resumed.since(MONTH, "since:30d", seen)
    assert resumed.tally.customers == 2
    for one in made:
        await house.told(house.room("customer", one["customer"]), "paid: €49.00", within=40)
    assert first < {one["customer"] for one in made}
    again = work(house, store, reader)
    await again.since(MONTH, "since:30d", seen)
    assert again.tally.cards == 0


async def test_those_who_were_never_charged_are_found_too(
    house: House, store: Store, reader: StripeApi
) -> None:
    ada = house.stripe.happen("checkout_succeeds", name="Ada", amount=12900, currency="eur")
    http = stripe.AIOHTTPClient()
    client = stripe.StripeClient(
        house.stripe.owner_key, base_addresses={"api": house.stripe.url}, http_client=http
    )
    new = await client.v1.customers.create_async({"name": "Nora New", "email": "n@example.com"})
    billed = await client.v1.customers.create_async({"name": "Bill Billed"})
    bill = await client.v1.invoices.create_async(
        {
            "customer": billed.id,
            "currency": "eur",
            "collection_method": "send_invoice",
            "days_until_due": 14,
        }
    )
    await client.v1.invoice_items.create_async(
        {"customer": billed.id, "invoice": bill.id, "amount": 7700, "currency": "eur"}
    )
    await client.v1.invoices.finalize_invoice_async(bill.id)
    await http.close_async()  # type: ignore[no-untyped-call]
    lists: list[Listed] = []
    filled = work(house, store, reader)
    await filled.since(MONTH, "since:30d", lambda what, at: lists.append(what))
    assert list(dict.fromkeys(lists)) == [Listed.CHARGES, Listed.INVOICES, Listed.CUSTOMERS]
    assert filled.tally.customers == (3 if ada["customer"] else 2)
    await house.told(house.room("customer", billed.id), "€77.00")
    first = await house.told(house.room("customer", new.id), "A customer since", "nothing to pay")
    assert (first.mentions, first.content["msgtype"]) == ((), "m.notice")
    assert house.sam.room(first.room_id).name == "Nora New"
    await house.told(house.room("customer", new.id), "Owes: nothing")

    again = work(house, store, reader)
    await again.since(MONTH, "since:30d", seen)
    said = await house.sam.say(first.room_id, "!stripe help")
    await house.answer(first.room_id, said, "help")
    ours = [e for e in house.sam.room(first.room_id).shown() if house.is_ours(e)]
    assert sum("A customer since" in e.body for e in ours) == 1
    async with store.read() as tx:
        assert list(await tx.run(select(backfill_table))) == []


async def test_an_open_dispute_gets_its_room_too(
    house: House, store: Store, reader: StripeApi
) -> None:
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    charge = await reader.charge(made["charge"])
    await work(house, store, reader).one(charge["customer"]["id"])
    opened = await house.told(house.room("dispute", made["dispute"]), "Dispute opened: €259.00")
    assert opened.mentions == ()
    critical = house.sam.timeline(house.channel("payments-critical"))
    assert [event for event in critical if house.is_ours(event)] == []


async def test_it_waits_for_the_bridge_and_says_so_when_nothing_is_sent(
    house: House, store: Store, reader: StripeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bridge.model.errors import BridgeError
    from bridge.store import backfill

    async def full(_: Any) -> int:
        return 10_000

    async def rest(_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(backfill, "waiting", full)
    filled = work(house, store, reader)
    filled.rest = rest
    with pytest.raises(BridgeError, match="goes on where it was"):
        await filled.one("cus_1")


@pytest.mark.parametrize("wrong", [[], ["--customer", "cus_1", "--since", "3d"]])
def test_it_wants_to_know_which(wrong: list[str]) -> None:
    told = CliRunner().invoke(main, ["backfill", *wrong])
    assert told.exit_code == 2
    assert "--customer or --since" in told.output
