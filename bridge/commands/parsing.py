"""What was typed, as a command, a yes or no, or neither: people also just talk."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from bridge.model.command import Command
from bridge.model.verbs import VERBS

PREFIX = "!stripe"
_WORD = re.compile(r"\A(\S+)\s*(.*)\Z", re.DOTALL)
_YES = {"yes", "y", "✅", "👍", "✔"}
_NO = {"no", "n", "cancel", "❌", "👎", "✖"}
_VERDICTS = {"approve", "deny"}


@dataclass(frozen=True)
class Unclear:
    """Addressed to the bridge, but not a verb; `closest` is what may have been meant."""

    word: str
    closest: str | None


@dataclass(frozen=True)
class Answer:
    """A yes or a no to a question of the bridge."""

    yes: bool


@dataclass(frozen=True)
class Verdict:
    """What another person says of a confirmed action, in words: a reaction is none."""

    approve: bool
    reason: str = ""


Meant = Command | Unclear | Answer | Verdict


def parse(body: str, *, reply: bool, asked: bool = False) -> Meant | None:
    """`reply` says that it answers a message of the bridge: then the words alone are enough.

    `asked`: something waits for a yes or no there, so that a mere `cancel` is a no and no verb.
    None means that it was not meant for the bridge.
    """
    words = body.strip()
    addressed = words == PREFIX or words[: len(PREFIX) + 1].rstrip() == PREFIX
    if addressed:
        words = words[len(PREFIX) :].strip() or "help"
    elif not reply:
        return None
    found = _WORD.match(words)
    if not found:
        return None
    first, rest = found[1].lower(), found[2].strip()
    if asked and not rest and answer_of(first):
        return answer_of(first)
    if first in VERBS:
        return Command(first, rest)
    if first.rstrip(".!") in _VERDICTS:
        return Verdict(first.startswith("approve"), rest)
    if answer := answer_of(words.lower().rstrip(".! ")):
        return answer
    return (
        Unclear(first[:40], next(iter(get_close_matches(first, VERBS, n=1)), None))
        if addressed
        else None
    )


def answer_of(word: str) -> Answer | None:
    """A whole message or a reaction as a yes or a no."""
    if word in _YES:
        return Answer(yes=True)
    return Answer(yes=False) if word in _NO else None
