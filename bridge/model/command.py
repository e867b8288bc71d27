"""What a person asked for, and who they are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """`verb` is one of `VERBS`; `rest` is what was typed behind it."""

    verb: str
    rest: str = ""


@dataclass(frozen=True)
class Actor:
    """A person of the configuration with the verbs their roles give them."""

    name: str
    matrix: str
    roles: tuple[str, ...]
    verbs: frozenset[str]
