"""The bridge's real process is killed while Stripe works on its call; the next one settles it."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from bridge.model.clock import ManualClock
from bridge.sandbox.ports import Port
from bridge.sandbox.process import Process
from bridge.sandbox.stripe_server import Fault
from bridge.store.engine import Store

from .office import ACCOUNT, Office, opened

#: The process asks the system for the time; the test's own clock is behind, and then ahead of it.
AN_HOUR = timedelta(hours=1)


async def approved(office: Office) -> None:
    """A refund on its way, which no process has taken up yet."""
    handlers = dict(office.worker.handlers)
    office.worker.handlers = {name: one for name, one in handlers.items() if name != "action"}
    paid = await office.payment()
    await office.say("sam", "refund 20", reply_to=paid)
    await office.say("sam", "yes", thread=paid)
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
        "roles": {"support": {"verbs": ["refund"]}},
        "people": {"sam": {"matrix": "@sam:test", "roles": ["support"]}},
    }
    file = folder / "bridge.yaml"
    file.write_text(yaml.safe_dump(data))
    program = str(Path(sys.executable).with_name("stripe-bridge"))
    return Process("bridge", [program, "run", "-c", str(file)], log=folder / "bridge.log")


@pytest.mark.parametrize("kind", ["hold", "silent"])
async def test_a_process_that_is_killed_in_the_middle_of_a_call(
    kind: str, store: Store, store_url: str, tmp_path: Path
) -> None:
    """`hold`: Stripe has not done it yet, and does it after the death; `silent`: it had done it."""
    async with opened(store, store_url, ManualClock(datetime.now(UTC) - AN_HOUR)) as office:
        await approved(office)
        office.stripe.fail_next(Fault(kind, method="POST", path="/v1/refunds"))
        with Port() as port:
            process = bridge(office, tmp_path, store_url, port.number)
            process.start()
            try:
                async with asyncio.timeout(30):
                    await office.stripe.api.holding()
            finally:
                process.kill()
        assert (await office.happened())[-1] == "executing"
        await office.later(2 * AN_HOUR)  # the dead process's lease is over
        office.stripe.api.release()
        for _ in range(10):
            await office.later(timedelta(minutes=1))
        assert [amount for amount, _ in office.refunds()] == [2000]
        assert (await office.happened())[-1] == "succeeded"
        assert sum("Refunded €20.00" in heard.words for heard in office.told) == 1
        assert await office.faults() == []
