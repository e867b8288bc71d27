"""Files that people drop into rooms: which of them are for us, and what one of them asks for."""

from collections.abc import Iterable

from bridge.commands import evidence_files
from bridge.commands.parsing import PREFIX, Meant
from bridge.model.command import Command
from bridge.model.ports import Attachment, ChatMessage
from bridge.model.signal import SubjectKind
from bridge.store import matrix_intake, rooms
from bridge.store.engine import Store, Tx


async def for_us(store: Store, said: Iterable[ChatMessage]) -> set[str]:
    """The ids of the messages that brought a file into a dispute's room."""
    files = [one for one in said if one.file]
    if not files:
        return set()
    async with store.read() as tx:
        found = [await rooms.of_id(tx, room_id) for room_id in {one.room_id for one in files}]
    disputed = {one.room_id for one in found if one and one.kind == SubjectKind.DISPUTE}
    return {one.event_id for one in files if one.room_id in disputed}


async def file_of(tx: Tx, said: ChatMessage) -> Attachment | None:
    """The file in this message, else in the one that it replies to, or whose thread it is in."""
    if said.file:
        return said.file
    for event_id in (said.reply_to, said.thread):
        if event_id and (found := await matrix_intake.said(tx, event_id, said.room_id)):
            return found.file
    return None


def meant(said: ChatMessage, kind: SubjectKind, otherwise: Meant | None) -> Meant | None:
    """What is said where a file is: in a dispute's room, a file and its name are evidence."""
    evidence = Command("evidence", said.body.strip().removeprefix(PREFIX).strip())
    if isinstance(otherwise, Command):
        return otherwise
    if said.file:
        return evidence if kind is SubjectKind.DISPUTE else None
    return evidence if evidence_files.is_named(said.body) else otherwise
