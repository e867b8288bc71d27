"""Which dispute is meant, what Stripe says of it right now, and that in words."""

from collections.abc import Iterator

from bridge.commands.desk import Ask, Desk
from bridge.model import evidence
from bridge.model.dispute import WAITING, Dispute, as_dispute, time_left
from bridge.model.errors import Refused
from bridge.model.ports import StripeWriter
from bridge.model.signal import Fact, SubjectKind
from bridge.model.text import safe


async def asked_about(desk: Desk, ask: Ask) -> Dispute:
    """What the replied message is about, else the room; raises `Refused` if that is no dispute."""
    in_room = ask.subject.id if ask.subject.kind is SubjectKind.DISPUTE else None
    dispute_id = ask.objects.dispute or in_room
    if not dispute_id:
        raise Refused(
            "I can't tell which dispute you mean. Reply to its message, or write it in its room."
        )
    return await read(desk, ask.subject.account, dispute_id)


async def read(desk: Desk, account: str, dispute_id: str) -> Dispute:
    return as_dispute(await desk.readers[account].dispute(dispute_id))


def must_be_answerable(desk: Desk, dispute: Dispute, otherwise: str = "") -> None:
    """`otherwise` is what to say first."""
    if problem := dispute.why_not_answered(desk.clock.now()):
        raise Refused(f"{otherwise} {problem}".strip())


def writer(desk: Desk, account: str) -> StripeWriter:
    if account not in desk.writers:
        raise Refused("This account has no key for actions, so nothing can be done from here.")
    return desk.writers[account]


def amount(desk: Desk, dispute: Dispute) -> str:
    return desk.words.money(dispute.money) if dispute.money else "an unknown amount"


def name(desk: Desk, dispute: Dispute) -> str:
    kind = "inquiry about" if dispute.is_inquiry else "dispute over"
    return f"{kind} {amount(desk, dispute)}"


def facts(desk: Desk, dispute: Dispute) -> Iterator[Fact]:
    yield Fact("State", safe(dispute.state_words))
    yield Fact("Reason", safe(dispute.reason_words))
    if dispute.status in WAITING:
        yield Fact("Answer by", safe(deadline(desk, dispute)))
        yield from checklist(dispute)
    if dispute.charge:
        can = "yes" if dispute.refundable else "no, it would be paid twice"
        yield Fact("Can be refunded", safe(can))
    yield Fact("Sent to the bank", safe("yes" if dispute.submissions else "no"))


def deadline(desk: Desk, dispute: Dispute) -> str:
    """`3 Dec 2026, 09:38 UTC (8 days left)`."""
    if dispute.due_at is None:
        return "no answer is possible"
    left = time_left(dispute.due_at, desk.clock.now())
    return f"{desk.words.deadline(dispute.due_at)} ({left})"


def checklist(dispute: Dispute) -> Iterator[Fact]:
    """What banks look for with this reason: what is there, and what is not."""
    there = evidence.given(dispute.evidence)
    lacks = evidence.missing(dispute.reason, dispute.evidence)
    yield Fact("Evidence there", safe(plainly(there) or "none yet"))
    yield Fact("Evidence missing", safe(plainly(lacks) or "nothing"))


def plainly(names: dict[str, str] | list[str]) -> str:
    return ", ".join(one.replace("_", " ") for one in names)
