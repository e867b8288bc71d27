"""`preview`: the evidence as Stripe has it right now, all of it, before it goes to the bank."""

from collections.abc import Iterator, Mapping

from bridge.commands import disputes
from bridge.commands.desk import Ask, Desk, Reply
from bridge.config.profiles import details_of
from bridge.model import evidence
from bridge.model.details import shown_facts
from bridge.model.dispute import WAITING, Dispute
from bridge.model.errors import Refused
from bridge.model.message import Message
from bridge.model.signal import Fact
from bridge.model.text import SafeText, safe

#: Of all texts together, in bytes: one message must hold all of them. The rest is in Stripe's dashboard.
_SHOWN = 14_000
_PERSONAL = frozenset(
    {"customer_name", "customer_email_address", "customer_purchase_ip"}
    | {"billing_address", "shipping_address"}
)


async def perform(desk: Desk, ask: Ask) -> Reply:
    details = details_of(desk.config, ask.subject)
    if details == "none":
        raise Refused("This room is not to show amounts or people. Ask in another one.")
    dispute = await disputes.asked_about(desk, ask)
    there = evidence.given(dispute.evidence)
    share = _share(there)
    told = [
        Fact(words(name), await _shown(desk, ask, name, value, share), name in _PERSONAL)
        for name, value in there.items()
    ]
    facts = shown_facts([*told, *_more(dispute), *_around(desk, dispute)], details)
    title = f"Evidence in the {disputes.name(desk, dispute)}"
    return Reply(
        Message(safe(title), facts=tuple(facts), text=safe(_warning(desk, dispute), cap=600))
    )


def words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def code(dispute: Dispute) -> str:
    """A short name for exactly this evidence: it is another one when anything in it changes."""
    return evidence.fingerprint(dispute.evidence)[:8]


def _share(there: Mapping[str, str]) -> int:
    """What each of the longer texts may take, when the shorter ones are shown in full."""
    sizes = sorted(len(text.encode()) for name, text in there.items() if not evidence.is_file(name))
    left = _SHOWN
    for place, size in enumerate(sizes):
        share = left // (len(sizes) - place)
        if size > share:
            return share
        left -= size
    return _SHOWN


async def _shown(desk: Desk, ask: Ask, name: str, value: str, share: int) -> SafeText:
    if evidence.is_file(name):
        file = await desk.readers[ask.subject.account].file(value)
        size = max(1, round(int(file.get("size") or 0) / 1000))
        return safe(f"{file.get('filename') or value} ({file.get('type')}, {size:,} kB)")
    beginning = value.encode()[:share].decode(errors="ignore")
    more = f" … ({len(value):,} characters in all)" if beginning != value else ""
    return safe(f"{beginning}{more}", cap=_SHOWN)


def _more(dispute: Dispute) -> Iterator[Fact]:
    """What is staged in forms that have no word here."""
    for name, value in dispute.evidence.items():
        if isinstance(value, dict) and evidence.fingerprint(value) != evidence.fingerprint({}):
            yield Fact(words(name), safe("there; see Stripe's dashboard"))


def _around(desk: Desk, dispute: Dispute) -> Iterator[Fact]:
    if dispute.status in WAITING:
        lacks = evidence.missing(dispute.reason, dispute.evidence)
        yield Fact("Missing", safe(disputes.plainly(lacks) or "nothing"))
        yield Fact("Answer by", safe(disputes.deadline(desk, dispute)))
    yield Fact("State", safe(dispute.state_words))
    yield Fact("Code", safe(code(dispute)))


def _warning(desk: Desk, dispute: Dispute) -> str:
    if problem := dispute.why_not_answered(desk.clock.now()):
        return problem
    return "The bank has not seen it. `submit` sends all of it, once: that is final, and cannot be added to."
