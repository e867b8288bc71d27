"""A file that was dropped into a room, on its way to become evidence.

It is read twice: before anything is promised, and again when it goes to Stripe; what goes there is
byte for byte what was looked at.
"""

import asyncio
import re

from bridge.commands import disputes
from bridge.commands.choices import which
from bridge.commands.desk import Desk
from bridge.commands.finding import called_since
from bridge.model import document, evidence
from bridge.model.action import ActionState
from bridge.model.dispute import Dispute
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of
from bridge.model.evidence import BY_NAME, FIELDS, MOST_BYTES, Field
from bridge.model.ports import Attachment
from bridge.store.actions import Action

_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]+")
_NAME_CAP = 80


def field_of(caption: str, dispute: Dispute) -> Field:
    """What was written beside the file, if that names a field for files and nothing else; raises `Refused`."""
    found = evidence.named(caption)
    if found and is_named(caption):
        return found[0]
    if found and not found[0].is_file:
        raise which(f"{found[0].words} is a text, not a file. What is the file?", _choices(dispute))
    raise which("What is that file? Reply to it, or write in its thread:", _choices(dispute))


def is_named(words: str) -> bool:
    """Whether they are the name of a field for files, and nothing else."""
    found = evidence.named(words)
    return found is not None and found[0].is_file and not found[1]


async def checked(
    desk: Desk, account: str, dispute: Dispute, field: Field, file: Attachment
) -> Json:
    """What is frozen of it; raises `Refused` for what Stripe or the bank would not take."""
    read = await asyncio.to_thread(document.read, await _content(desk, file.address))
    most = evidence.most_pages(dispute.network)
    if read.pages is not None and read.pages >= most:
        raise Refused(
            f"That PDF has {read.pages} pages; fewer than {most} are taken. Keep what matters."
        )
    others = await _others(desk, account, dispute, field)
    if read.size + others > MOST_BYTES:
        raise Refused(
            f"With that all files together would have {_megabytes(read.size + others)}; "
            f"{_megabytes(MOST_BYTES)} are the most."
        )
    return {
        "file": {
            "address": file.address,
            "name": f"{_stem(file.name)}.{read.kind}",
            "sha256": read.digest,
            "size": read.size,
            "pages": read.pages,
        }
    }


async def upload(desk: Desk, action: Action) -> str:
    """Stripe's id for it; a call that was not answered may have made it already."""
    file, key = action.params["file"], f"{action.id}:file"
    if action.state is not ActionState.APPROVED and (there := await _made(desk, action, key)):
        return there
    content = await _content(desk, file["address"])
    read = await asyncio.to_thread(document.read, content)
    if read.digest != file["sha256"]:
        raise Refused("The file is not the one that was looked at; nothing was staged.")
    made = await disputes.writer(desk, action.account).upload_evidence(
        name=file["name"], content=content, key=key
    )
    return str(made["id"])


async def _made(desk: Desk, action: Action, key: str) -> str | None:
    made = await desk.readers[action.account].made_by(key, ("file.created",), called_since(action))
    return next((id_of(one) for one in made), None)


async def _content(desk: Desk, address: str) -> bytes:
    if not address:
        raise Refused(
            "That file is encrypted, and I can't read it. Drop it into an unencrypted room."
        )
    return await desk.media.fetch(address, MOST_BYTES)


async def _others(desk: Desk, account: str, dispute: Dispute, field: Field) -> int:
    """How large the files in the other fields are, each counted once."""
    there = evidence.given(dispute.evidence).items()
    ids = {one for name, one in there if evidence.is_file(name) and name != field.name}
    files = [await desk.readers[account].file(one) for one in sorted(ids)]
    return sum(int(one.get("size") or 0) for one in files)


def _choices(dispute: Dispute) -> list[tuple[str, str]]:
    """What banks look for with this reason, first."""
    wanted = [one for one in evidence.wanted(dispute.reason) if evidence.is_file(one)]
    files = [field.name for field in FIELDS if field.is_file]
    ordered = [BY_NAME[name] for name in dict.fromkeys([*wanted, *files])]
    return [(field.about, f"evidence {field.words}") for field in ordered]


def _stem(name: str) -> str:
    """A file's name without its ending and without anything that could mean something to a program."""
    stem = name.rpartition(".")[0] or name
    return _UNSAFE.sub("_", stem).strip(" ._")[:_NAME_CAP] or "evidence"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
