import asyncio

import apprise
import pytest

from bridge.sandbox.receiver import NotReceived, Receiver


async def _notify(receiver: Receiver, title: str) -> bool:
    sender = apprise.Apprise()
    assert sender.add(receiver.apprise_url("finance?retry=0"))
    result = await asyncio.to_thread(
        sender.notify, title=title, body="of it", notify_type=apprise.NotifyType.WARNING
    )
    return bool(result)


async def test_what_apprise_sends_is_received() -> None:
    async with Receiver() as receiver:
        waiting = asyncio.create_task(receiver.receives(lambda came: came.title == "A dispute"))
        assert await _notify(receiver, "A dispute")
        came = await waiting
    assert (came.path, came.body, came.kind) == ("finance", "of it", "warning")


async def test_it_refuses_when_told_to() -> None:
    async with Receiver() as receiver:
        receiver.answer_next(500)
        assert not await _notify(receiver, "refused")
        assert await _notify(receiver, "taken")
        assert [came.title for came in receiver.received] == ["taken"]


async def test_what_did_not_come_is_told_with_what_did() -> None:
    async with Receiver() as receiver:
        await _notify(receiver, "this")
        with pytest.raises(
            NotReceived,
            match=r"did not get an escalation \(waited 0.1 s\). It got: finance: 'this'",
        ):
            await receiver.receives(
                lambda came: came.title == "that", within=0.1, what="an escalation"
            )
