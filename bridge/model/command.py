"""What a person asked for, and who they are."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """`verb` is one of `VERBS`; `rest` is what was typed behind it."""

    verb: str
    rest: str = ""


@dataclass(frozen=True)
class Actor:
    """A person with the rights they have at this moment, and the identity they speak with.

    `identity` is `platform:id` (`matrix:@anna:example.org`). A stranger has no name.
    """

    name: str
    identity: str
    roles: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset()
    #: Which of the roles give each verb.
    granted_by: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        return bool(self.name)
