"""What a homeserver has forgotten is looked up in the room, before it is said again."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bridge.edges import matrix_identity
from bridge.edges.matrix_content import delivery_of
from bridge.sandbox.homeserver import Synapse
from bridge.sandbox.seen import RoomEvent
from bridge.store.engine import Store
from bridge.store.tables import lane, outbox

from .conftest import House

_A_DAY = timedelta(hours=25)


async def begin_again(store: Store, said: RoomEvent) -> str:
    """As if the bridge had died after the homeserver took the message, and before it knew: whose uid."""
    uid = delivery_of({"content": said.content}) or ""
    async with store.begin() as tx:
        row = (await tx.run(select(outbox).where(outbox.c.uid == uid))).one()
        waits = {"state": "ready", "ref": None, "settled_at": None}
        await tx.run(update(outbox).where(outbox.c.id == row.id).values(**waits))
        begun = {"due_at": row.created_at, "lease_until": row.created_at, "lease_token": "dead"}
        await tx.run(update(lane).where(lane.c.key == row.lane).values(**begun))
    return uid


async def delivered(store: Store, uid: str) -> str | None:
    """Waits until it is; tells which message it has become."""
    async with asyncio.timeout(20):
        while True:
            async with store.read() as tx:
                row = (await tx.run(select(outbox).where(outbox.c.uid == uid))).one()
            if row.state == "delivered":
                return str(row.ref)
            await asyncio.sleep(0.02)


async def test_a_message_is_not_said_again_after_the_homeserver_forgot_it(
    house: House, homeserver: Synapse, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = house.channel("payments")
    help_ = await house.answer(channel, await house.sam.say(channel, "!stripe help"), "help")
    await house.stop()
    uid = await begin_again(store, help_)
    # A restarted homeserver knows of another device's messages what it knows of the day before's: nothing.
    monkeypatch.setattr(matrix_identity, "DEVICE", "ANOTHER")
    await homeserver.restart()
    house.clock.ahead = _A_DAY
    await house.start()
    assert await delivered(store, uid) == help_.event_id
    await house.sam.catches_up(await house.sam.say(channel, "What else?"), room=channel)
    same = [e for e in house.sam.timeline(channel) if e.body == help_.body and house.is_ours(e)]
    assert [e.event_id for e in same] == [help_.event_id]
