"""The bridge's real process is killed while Stripe works on one of its calls; the next one settles it.

Every verb that moves money or ends something, and each call of those that make several.
"""

import asyncio
import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.model.clock import ManualClock
from bridge.sandbox.ports import Port
from bridge.sandbox.process import Process
from bridge.sandbox.stripe_server import Fault
from bridge.store.engine import Store

from .house_rules import APPROVALS, RIGHTS
from .moves import moves
from .office import ACCOUNT, Office, opened
from .wishes import A_SHOP, Prepare, a_card_that_works_again, a_dispute, about

#: The process asks the system for the time; the test's own clock is behind, and then ahead of it.
AN_HOUR = timedelta(hours=1)
#: `hold`: Stripe has not done it yet, and does it after the death; `silent`: it had done it.
HOLD, SILENT = "hold", "silent"

AUTHORISED = about("payment_is_authorised", "payment_intent")
SUBSCRIBED = about("renewal_succeeds", "subscription")
STOPPED = about("renewal_succeeds", "subscription", status="paused")
PAID = about("checkout_succeeds", "charge")
INVOICE = "invoice 60 eur for x"
CASES: tuple[tuple[str, Prepare, str, str], ...] = (
    ("refund 20", PAID, HOLD, "/v1/refunds"),
    ("refund 20", PAID, SILENT, "/v1/refunds"),
    (
        "refund 20 as credit note",
        about("renewal_succeeds", "charge"),
        HOLD,
        "/v1/credit_notes",
    ),
    ("retry", a_card_that_works_again, SILENT, "/v1/invoices/*/pay"),
    ("capture", AUTHORISED, HOLD, "/v1/payment_intents/*/capture"),
    ("cancel", AUTHORISED, SILENT, "/v1/payment_intents/*/cancel"),
    ("pay 50 eur for x to anyone", A_SHOP, SILENT, "/v1/payment_links"),
    (INVOICE, A_SHOP, SILENT, "/v1/invoices"),
    (INVOICE, A_SHOP, HOLD, "/v1/invoices"),
    (INVOICE, A_SHOP, SILENT, "/v1/invoiceitems"),
    (INVOICE, A_SHOP, HOLD, "/v1/invoices/*/finalize"),
    (INVOICE, A_SHOP, SILENT, "/v1/invoices/*/finalize"),
    (INVOICE, A_SHOP, HOLD, "/v1/invoices/*/send"),
    (INVOICE, A_SHOP, SILENT, "/v1/invoices/*/send"),
    ("invoice void", about("renewal_fails", "invoice"), SILENT, "/v1/invoices/*/void"),
    ("subscription cancel now", SUBSCRIBED, SILENT, "/v1/subscriptions/*"),
    ("subscription resume", STOPPED, HOLD, "/v1/subscriptions/*/resume"),
    ("submit", a_dispute, HOLD, "/v1/disputes/*"),
    ("accept", a_dispute, SILENT, "/v1/disputes/*/close"),
)


@pytest.mark.parametrize(
    ("text", "prepare", "kind", "path"), CASES, ids=lambda one: one if isinstance(one, str) else ""
)
async def test_a_process_that_is_killed_in_the_middle_of_a_call(
    text: str,
    prepare: Prepare,
    kind: str,
    path: str,
    store: Store,
    store_url: str,
    tmp_path: Path,
) -> None:
    clock, rules = (
        ManualClock(datetime.now(UTC) - AN_HOUR),
        {"roles": RIGHTS, "approvals": APPROVALS},
    )
    async with opened(store, store_url, clock, **rules) as office:
        await approved(office, text, prepare)
        clock.advance(datetime.now(UTC) - clock.now())  # Stripe's, too, while the process lives
        office.stripe.fail_next(Fault(kind, method="[PD]*", path=path))
        with Port() as port:
            process = bridge(office, tmp_path, store_url, port.number)
            process.start()
            try:
                async with asyncio.timeout(30):
                    await office.stripe.api.holding()
            finally:
                process.kill()
        assert (await office.happened())[-1] == "executing"
        before = len(office.told)
        await office.later(2 * AN_HOUR)  # the dead process's lease is over
        office.stripe.api.release()
        for _ in range(10):
            await office.later(timedelta(minutes=1))
        assert (await office.happened())[-1] == "succeeded"
        (action,) = {entry["action"] for entry in await office.trail() if entry["action"]}
        done = Counter((move.what, move.action) for move in moves(office.stripe))
        assert {name for _, name in done} == {action}
        assert set(done.values()) == {1}
        assert [heard.wanted.action_id for heard in office.told[before:]] == [None]
        assert await office.faults() == []


async def approved(office: Office, text: str, prepare: Prepare) -> None:
    """On its way, but no process has taken it up yet."""
    handlers = dict(office.worker.handlers)
    office.worker.handlers = {name: one for name, one in handlers.items() if name != "action"}
    await office.say("sam", text, reply_to=await prepare(office))
    said = await office.say("sam", "yes", reply_to=office.question().event_id)
    if "Waits for another person" in said:
        await office.say("fin", "approve", reply_to=office.question("Waits").event_id)
    assert (await office.happened())[-1] == "approved"
    await office.later(timedelta(minutes=2))
    office.worker.handlers = handlers


def bridge(office: Office, folder: Path, store_url: str, port: int) -> Process:
    """`stripe-bridge run` on the same store and the same Stripe, with no homeserver to talk to."""
    account, matrix = office.config.accounts[ACCOUNT], office.config.matrix
    data = {
        "store": {"url": store_url},
        "web": {"port": port},
        "accounts": {
            ACCOUNT: {
                "reader_key": office.stripe.reader_key,
                "writer_key": office.stripe.writer_key,
                "webhook_secrets": ["whsec_x"],
                "api_base": account.api_base,
            }
        },
        "matrix": {
            "homeserver": matrix.homeserver,
            "server_name": matrix.server_name,
            "as_token": "ours",
            "hs_token": "theirs",
        },
        "roles": RIGHTS,
        "people": {
            name: {"matrix": person.matrix, "roles": list(person.roles)}
            for name, person in office.config.people.items()
        },
        "approvals": APPROVALS,
    }
    file = folder / "bridge.yaml"
    file.write_text(json.dumps(data))
    program = str(Path(sys.executable).with_name("stripe-bridge"))
    return Process("bridge", [program, "run", "-c", str(file)], log=folder / "bridge.log")
