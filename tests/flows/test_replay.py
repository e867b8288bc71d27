"""`stripe-bridge replay`: handled once more, told only where somebody asks for it or it never was."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from sqlalchemy import update

from bridge.cli import main
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.stripe_server import Manners
from bridge.store.engine import open_store
from bridge.store.tables import inbox

from .conftest import ACCOUNT, House


@pytest.fixture
def file(house: House, tmp_path: Path) -> Path:
    """The same configuration, as a file."""
    config = house.config
    account, matrix = config.accounts[ACCOUNT], config.matrix
    assert matrix.as_token and matrix.hs_token
    told = {
        "store": {"url": config.store.url.get_secret_value()},
        "accounts": {
            ACCOUNT: {
                "reader_key": account.reader_key.get_secret_value(),
                "webhook_secrets": [one.get_secret_value() for one in account.webhook_secrets],
                "api_base": account.api_base,
            }
        },
        "matrix": {
            "homeserver": matrix.homeserver,
            "server_name": matrix.server_name,
            "id": matrix.id,
            "as_token": matrix.as_token.get_secret_value(),
            "hs_token": matrix.hs_token.get_secret_value(),
            "alias_prefix": matrix.alias_prefix,
            "sender_localpart": matrix.sender_localpart,
        },
    }
    path = tmp_path / "bridge.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


async def run(file: Path, *words: str) -> Result:
    arguments = ["replay", "--config", str(file), *words]
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)


def said(house: House, room: str) -> list[RoomEvent]:
    return [one for one in house.sam.timeline(room) if house.is_ours(one)]


async def test_what_was_told_is_told_again_only_where_it_is_asked_for(
    house: House, file: Path
) -> None:
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    room = house.room("dispute", made["dispute"])
    card = await house.told(room, "Dispute opened")
    await house.stripe.settled()
    before = {one.event_id for one in said(house, house.channel("payments-critical"))}

    plan = await run(file, "--since", "1h")
    assert plan.exit_code == 0 and "Say --yes" in plan.output
    done = await run(
        file, "--since", "1h", "--again", "room", "--type", "*dispute.created", "--yes"
    )
    assert done.exit_code == 0, done.output
    again = await house.told(room, "Again: Dispute opened")
    assert again.thread == card.event_id

    everything = await run(file, "--since", "1h", "--yes")
    assert everything.exit_code == 0, everything.output
    last = await house.sam.say(room, "!stripe help")
    await house.answer(room, last, "help")
    assert sum("Again" in one.body for one in said(house, room)) == 1
    assert sum("Dispute opened" in one.body for one in said(house, room) if not one.thread) == 1
    assert {one.event_id for one in said(house, house.channel("payments-critical"))} == before


async def test_an_event_that_never_came_is_fetched_from_stripe(house: House, file: Path) -> None:
    house.stripe.behave(Manners(hold=True))
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    (event,) = [
        one["id"] for one in house.stripe.events() if one["type"] == "charge.dispute.created"
    ]
    done = await run(file, "--event", event, "--yes")
    assert done.exit_code == 0, done.output
    await house.told(house.room("dispute", made["dispute"]), "Dispute opened")
    house.stripe.behave(Manners())
    house.stripe.release()
    await house.stripe.settled()
    # It is there by now: of another type than is asked for, and not unknown.
    other = await run(file, "--event", event, "--type", "invoice.*", "--yes")
    assert "There is nothing to replay." in other.output
    unknown = await run(file, "--event", "evt_nobodyknows", "--yes")
    assert unknown.exit_code == 1 and "evt_nobodyknows is not stored" in unknown.output


async def test_what_may_have_been_told_and_forgotten_is_left_alone(
    house: House, file: Path
) -> None:
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    room = house.room("dispute", made["dispute"])
    await house.told(room, "Dispute opened")
    await house.stripe.settled()
    store = open_store(house.config.store.url.get_secret_value())
    async with store.begin() as tx:
        long_ago = datetime.now(UTC) - timedelta(days=31)
        await tx.run(update(inbox).values(received_at=long_ago))
    await store.close()
    done = await run(file, "--since", "90d", "--again", "room", "--yes")
    assert "are left alone" in done.output and "There is nothing to replay." in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Which events?"),
        (("--since", "1h", "--again", "#nowhere"), "say one of room, #"),
        (("--since", "1h", "--account", "other"), "There is no account other"),
        (("--since", "1h"), "There is nothing to replay."),
    ],
)
async def test_what_cannot_be_replayed_is_said(
    words: tuple[str, ...], told: str, house: House, file: Path
) -> None:
    del house
    assert told in (await run(file, *words)).output
