"""`evidence field text`, or a file with the field beside it: staged at Stripe, not sent to the bank."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from bridge.commands import disputes, evidence_files
from bridge.commands.choices import which
from bridge.commands.desk import Ask, Desk, Proposal, Reply, Result, say
from bridge.commands.finding import marked, marks
from bridge.model import evidence
from bridge.model.action import ActionState
from bridge.model.dispute import Dispute, as_dispute
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.model.evidence import BY_NAME, FIELDS, Field
from bridge.model.text import safe
from bridge.store.actions import Action

_REMOVE = ("remove ", "clear ", "delete ")
_SHOWN = 300


@dataclass(frozen=True)
class Wish:
    """An empty text takes back what is there."""

    field: Field
    text: str


async def propose(desk: Desk, ask: Ask) -> Proposal | Reply:
    account, rest = ask.subject.account, ask.command.rest
    disputes.writer(desk, account)
    dispute = await disputes.asked_about(desk, ask)
    disputes.must_be_answerable(desk, dispute)
    if ask.file and _is_about_the_file(ask):
        field = evidence_files.field_of(rest, dispute)
        params = await evidence_files.checked(desk, account, dispute, field, ask.file)
    else:
        wish = read_wish(rest, dispute)
        field, params = wish.field, {"value": wish.text}
    old = evidence.given(dispute.evidence).get(field.name, "")
    if old == params.get("value"):
        raise Refused(
            f"{_name(field)} is like that already." if old else f"{_name(field)}: there is none."
        )
    return Proposal(
        object_id=dispute.id,
        params={"field": field.name, "was": _beginning(old), **params},
        question=f"Stage {field.words}?",
        before=_trace(field, old),
    )


def _is_about_the_file(ask: Ask) -> bool:
    """In the thread of a file, texts can be staged as well."""
    rest = ask.command.rest
    return bool(ask.said.file) or not rest or evidence_files.is_named(rest)


def read_wish(rest: str, dispute: Dispute) -> Wish:
    """Which field, and the text for it, within Stripe's limits; raises `Refused` with what can be chosen. Pure."""
    if not rest:
        raise which("Which evidence, and what should stand there?", list(_wanted(dispute)))
    for word in _REMOVE:
        if rest.lower().startswith(word):
            return Wish(_known(rest[len(word) :], dispute)[0], "")
    field, text = _known(rest, dispute)
    if field.is_file:
        raise _is_a_file(field)
    if not text:
        raise Refused(
            f"What should stand in {field.words}? Write it behind: `evidence {field.words} …`"
        )
    text = safe(text, cap=len(text), lines=True)
    _must_fit(field, text, dispute)
    return Wish(field, text)


async def execute(desk: Desk, action: Action) -> Json:
    """Reads the dispute once more; a file goes to Stripe first, under a key of its own."""
    dispute = await disputes.read(desk, action.account, action.object_id)
    disputes.must_be_answerable(desk, dispute, "Nothing was staged.")
    value = action.params.get("value")
    if value is None:
        value = await evidence_files.upload(desk, action)
    return await desk.writers[action.account].stage_evidence(
        dispute=action.object_id,
        evidence={action.params["field"]: value},
        metadata=marks(action),
        key=action.id,
    )


async def find(desk: Desk, action: Action) -> Json | None:
    """The dispute, if the last that was done to it from here is this."""
    return marked([await desk.readers[action.account].dispute(action.object_id)], action)


def told(desk: Desk, action: Action, made: Json) -> Result:
    del desk
    field, dispute = BY_NAME[action.params["field"]], as_dispute(made)
    now = evidence.given(dispute.evidence).get(field.name, "")
    lines = [_before(action, field)]
    if (file := action.params.get("file")) and file["pages"] is None:
        lines.append("I could not count its pages; Stripe looks at them itself.")
    if lacks := evidence.missing(dispute.reason, dispute.evidence):
        lines.append(f"Still missing: {disputes.plainly(lacks)}.")
    title = f"{_name(field)} {'staged' if now else 'taken back'}; the bank has not seen it yet."
    words = say(title, "\n".join(line for line in lines if line))
    return Result(ActionState.SUCCEEDED, words, action.object_id, "staged", _trace(field, now))


def _before(action: Action, field: Field) -> str:
    was = action.params["was"]
    if not was:
        return ""
    return f"Before it was {'another file' if field.is_file else f'“{was}”'}."


def _beginning(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _trace(field: Field, value: str) -> Json:
    """For the audit trail, which never forgets: that it is another text, and not what people are called in it."""
    if field.is_file:
        return {"field": field.name, "file": value}
    digest = hashlib.sha256(value.encode()).hexdigest() if value else ""
    return {"field": field.name, "letters": len(value), "sha256": digest}


def _name(field: Field) -> str:
    return field.words[:1].upper() + field.words[1:]


def _known(typed: str, dispute: Dispute) -> tuple[Field, str]:
    if found := evidence.named(typed):
        return found
    if not (close := list(_close(typed))):
        raise which("I don't know that kind of evidence. What is it?", list(_wanted(dispute)))
    choices = [(field.about, _command(field)) for field in close]
    raise which("Which of these do you mean?", choices)


def _close(typed: str) -> Iterator[Field]:
    """Those that begin alike, then those that share a word, then those that are spelt alike."""
    words = typed.lower().replace("_", " ").split()[:3]
    names = {field.words: field for field in FIELDS}
    alike = [name for name in names if words and name.startswith(words[0])]
    alike += [name for name in names if words and words[0] in name.split()]
    for length in range(len(words), 0, -1):
        alike += get_close_matches(" ".join(words[:length]), names, n=3, cutoff=0.7)
    yield from (names[name] for name in dict.fromkeys(alike))


def _wanted(dispute: Dispute) -> Iterator[tuple[str, str]]:
    """What is missing, first."""
    first = evidence.missing(dispute.reason, dispute.evidence)
    for name in dict.fromkeys([*first, *evidence.wanted(dispute.reason), "uncategorized_text"]):
        yield BY_NAME[name].about, _command(BY_NAME[name])


def _command(field: Field) -> str:
    return f"evidence {field.words}" if field.is_file else f"evidence {field.words} …"


def _is_a_file(field: Field) -> Refused:
    drop = f"{_name(field)} is a file: drop a PDF, JPEG or PNG into this room, and write `{field.words}` beside it."
    instead = [one for one in FIELDS if not one.is_file and one.name.startswith(field.name)]
    lines = [f"In words it is {one.words}: `{_command(one)}`" for one in instead]
    return Refused(drop, lines=tuple(lines))


def _must_fit(field: Field, text: str, dispute: Dispute) -> None:
    there = {
        name: one for name, one in evidence.given(dispute.evidence).items() if name != field.name
    }
    total = evidence.letters(there) + len(text)
    if len(text) > field.most:
        raise Refused(
            f"{_name(field)} holds {field.most:,} characters at most; that is {len(text):,}."
        )
    if total > evidence.MOST_LETTERS:
        raise Refused(
            f"With that all texts together would have {total:,} characters; {evidence.MOST_LETTERS:,} are the most."
        )
