"""Stripe's ids among the words of a command, and what is meant when several things could be. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.commands.arguments import Arguments, read
from bridge.commands.choices import which
from bridge.commands.desk import Ask
from bridge.model.command import Command
from bridge.model.errors import Refused
from bridge.model.signal import Objects

#: What an id begins with, and which of `Objects` it names. Payments by bank are charges, too.
_KINDS: Mapping[str, str] = {
    "ch": "charge",
    "py": "charge",
    "pi": "payment_intent",
    "in": "invoice",
    "cus": "customer",
    "sub": "subscription",
    "du": "dispute",
    "dp": "dispute",
    "re": "refund",
    "pyr": "refund",
    "po": "payout",
}
_ID = re.compile(rf"(?P<kind>{'|'.join(_KINDS)})_[A-Za-z0-9_]{{4,250}}")


@dataclass(frozen=True)
class Named:
    """One object by its id; `kind` is a field of `Objects`."""

    kind: str
    id: str

    @property
    def objects(self) -> Objects:
        return replace(Objects(), **{self.kind: self.id})


@dataclass(frozen=True)
class Candidate:
    """Something that could be meant: what it is, in words for people, and the id that names it."""

    id: str
    words: str
    objects: Objects


def named(word: str) -> Named | None:
    """The object whose id the whole word is."""
    found = _ID.fullmatch(word)
    return Named(_KINDS[found["kind"]], word) if found else None


def take_ids(arguments: Arguments) -> tuple[list[Named], Arguments]:
    """The objects named among the words, each once, and the arguments without them."""
    ids = [one for word in arguments.words if (one := named(word))]
    rest = tuple(word for word in arguments.words if not named(word))
    return list(dict.fromkeys(ids)), replace(arguments, words=rest)


def about(ask: Ask) -> Ask:
    """The same command, about what it names by an id, if it does: else as it is."""
    ids, _ = take_ids(read(ask.command.rest))
    one = the_named(ask, ids)
    return replace(ask, objects=one.objects) if one else ask


def the_named(ask: Ask, ids: Sequence[Named]) -> Named | None:
    """The one that is named; None if none is. Two, or another one than is replied to, are asked back."""
    if len(ids) > 1:
        raise which("You name several. Which one?", [_choice(ask, one.id, one.id) for one in ids])
    if not ids:
        return None
    about = [one for one in vars(ask.objects).values() if one]
    of_its_kind = getattr(ask.objects, ids[0].kind)
    if ask.replied and of_its_kind and ids[0].id not in about:
        choices = [("What you reply to", of_its_kind), ("What you name", ids[0].id)]
        raise which(
            f"You reply to a message about {of_its_kind}, and name {ids[0].id}. Which one?",
            [_choice(ask, words, one) for words, one in choices],
        )
    return ids[0]


def only(
    ask: Ask, found: Sequence[Candidate], *, what: str, none: str, complete: bool = True
) -> Candidate:
    """The only candidate. `what` is asked if there are several; `complete`: there are no more of them."""
    if len(found) == 1 and complete:
        return found[0]
    if not found:
        raise Refused(none if complete else f"{none} I have only looked at the newest; name it.")
    older = "" if complete else " There may be older ones, too: name one of those by its id."
    raise which(f"{what}{older}", [_choice(ask, one.words, one.id) for one in found])


def again(command: Command, object_id: str) -> str:
    """The same command for that object: its id first, so that it stands whatever else is cut off."""
    words = (part for part in re.split(r"(\s+)", command.rest) if not named(part))
    return " ".join(f"!stripe {command.verb} {object_id} {''.join(words)}".split())


def _choice(ask: Ask, words: str, object_id: str) -> tuple[str, str]:
    return words, again(ask.command, object_id)
