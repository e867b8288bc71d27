"""What a look at one connection brought: well, worth a note, or wrong and how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    WELL = "well"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """`what` was looked at, and `says` what was found; `hint` is what to do."""

    what: str
    verdict: Verdict
    says: str
    hint: str | None = None


def well(what: str, says: str) -> Finding:
    return Finding(what, Verdict.WELL, says)


def note(what: str, says: str, hint: str | None = None) -> Finding:
    return Finding(what, Verdict.NOTE, says, hint)


def wrong(what: str, says: str, hint: str | None = None) -> Finding:
    return Finding(what, Verdict.WRONG, says, hint)
