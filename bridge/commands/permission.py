"""Who is who, and who may do what, at this moment. No rule is a no."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.config.people import as_changed
from bridge.config.schema import Config
from bridge.model.command import Actor
from bridge.model.errors import Denied
from bridge.model.verbs import FREE
from bridge.store import people
from bridge.store.engine import Tx

_MATRIX = "matrix:"


@dataclass(frozen=True)
class Directory:
    """The people there are at this moment: `config` is as commands have changed it.

    `away` are those of the configuration whom a command has sent away.
    """

    config: Config
    linked: Mapping[str, str]
    away: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody: the configuration's people in its order, then those brought in by command."""
        return tuple(self.config.people)

    def actor(self, identity: str) -> Actor:
        """Whoever has this identity; a stranger if nobody has."""
        name = self._owner(identity)
        return self.person(name, identity) if name else Actor("", identity, verbs=FREE)

    def person(self, name: str, identity: str = "") -> Actor:
        """By name; without any right if nobody is called that any more."""
        granted: dict[str, set[str]] = {}
        roles = self.roles(name)
        for role in roles:
            for verb in self.config.roles[role].verbs:
                granted.setdefault(verb, set()).add(role)
        by = {verb: frozenset(roles) for verb, roles in granted.items()}
        return Actor(name, identity, roles, frozenset(granted) | FREE, by)

    def roles(self, name: str) -> tuple[str, ...]:
        person = self.config.people.get(name)
        return person.roles if person else ()

    def called(self, words: str) -> str | None:
        """Whom a name, whatever its letters' size, or an identity means."""
        wanted = words.lower()
        by_name = next((name for name in self.names if name.lower() == wanted), None)
        identity = f"matrix:{words}" if words.startswith("@") else words
        return by_name or self._owner(identity)

    def matrix_of(self, name: str) -> str | None:
        """Where they are interrupted in a room: their Matrix id, or one that they have linked."""
        return next(iter(self._on_matrix(name)), None)

    def identities(self, name: str) -> tuple[str, ...]:
        """All that they are called, most certain first."""
        person = self.config.people.get(name)
        if person is None:
            return ()
        own = (f"matrix:{person.matrix}",) if person.matrix else ()
        linked = (one for one, owner in self.linked.items() if owner == name)
        return (*own, *person.identities, *linked)

    def may_approve(self, name: str, verb: str, roles: Iterable[str]) -> bool:
        """With one of the roles; where none is named, whoever may ask for the verb themselves."""
        wanted = set(roles)
        if wanted:
            return bool(wanted & set(self.roles(name)))
        return verb in self.person(name).granted_by

    def approvers(self, verb: str, roles: Iterable[str], without: Iterable[str]) -> tuple[str, ...]:
        roles, out = tuple(roles), set(without)
        return tuple(
            name for name in self.names if name not in out and self.may_approve(name, verb, roles)
        )

    def _on_matrix(self, name: str) -> Iterator[str]:
        for one in self.identities(name):
            if one.startswith(_MATRIX):
                yield one.removeprefix(_MATRIX)

    def _owner(self, identity: str) -> str | None:
        for name, person in self.config.people.items():
            named = person.matrix and identity == f"{_MATRIX}{person.matrix}"
            if named or identity in person.identities:
                return name
        linked = self.linked.get(identity)
        return linked if linked in self.config.people else None


async def directory(tx: Tx, config: Config) -> Directory:
    changes = await people.changes(tx)
    away = frozenset(
        name for name, one in changes.people.items() if not one.given and name in config.people
    )
    return Directory(as_changed(config, changes), changes.linked, away)


def permit(actor: Actor, verb: str) -> Actor:
    """The actor, if one of their roles names the verb; raises `Denied`."""
    if verb in FREE:
        return actor
    if not actor.known:
        raise Denied(
            "I don't know you, so I can't do that for you. Whoever runs this bridge can add you."
        )
    if verb not in actor.verbs:
        raise Denied(f"None of your roles may `{verb}`, so nothing was done.")
    return actor
