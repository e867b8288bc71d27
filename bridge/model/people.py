"""What commands have changed about people, on top of the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Brought:
    """Whether somebody was brought in or sent away, and the identity they were brought in with."""

    given: bool
    identity: str | None


@dataclass(frozen=True)
class Changes:
    """`linked`: identity to person. `roles`: (person, role) to whether it was given or taken."""

    linked: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    people: Mapping[str, Brought] = field(default_factory=dict)
