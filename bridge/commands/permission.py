"""Who is who, and who may do what, at this moment. No rule is a no."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.config.schema import Config
from bridge.model.command import Actor
from bridge.model.errors import Denied
from bridge.model.verbs import FREE
from bridge.store import people
from bridge.store.engine import Tx
from bridge.store.people import Changes


@dataclass(frozen=True)
class Directory:
    """The configuration's people, with what commands have changed about them."""

    config: Config
    changes: Changes

    def actor(self, identity: str) -> Actor:
        """Whoever has this identity; a stranger if nobody has."""
        name = self._owner(identity)
        return self.person(name, identity) if name else Actor("", identity, verbs=FREE)

    def person(self, name: str, identity: str = "") -> Actor:
        """By name; without any right if they are not in the configuration any more."""
        granted: dict[str, set[str]] = {}
        roles = self.roles(name)
        for role in roles:
            for verb in self.config.roles[role].verbs:
                granted.setdefault(verb, set()).add(role)
        by = {verb: frozenset(roles) for verb, roles in granted.items()}
        return Actor(name, identity, roles, frozenset(granted) | FREE, by)

    def roles(self, name: str) -> tuple[str, ...]:
        """Those of the configuration and those given by command, without those taken by command."""
        person, changed = self.config.people.get(name), self.changes.roles
        if person is None:
            return ()
        given = [role for (who, role), yes in changed.items() if who == name and yes]
        taken = {role for (who, role), yes in changed.items() if who == name and not yes}
        wanted = dict.fromkeys([*person.roles, *sorted(given)])
        return tuple(one for one in wanted if one not in taken and one in self.config.roles)

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody, in the configuration's order."""
        return tuple(self.config.people)

    def called(self, words: str) -> str | None:
        """Whom a name, whatever its letters' size, or an identity means."""
        wanted = words.lower()
        by_name = next((name for name in self.names if name.lower() == wanted), None)
        identity = f"matrix:{words}" if words.startswith("@") else words
        return by_name or self._owner(identity)

    def matrix_of(self, name: str) -> str | None:
        """Where they are interrupted in a room."""
        person = self.config.people.get(name)
        return person.matrix if person else None

    def may_approve(self, name: str, verb: str, roles: Iterable[str]) -> bool:
        """With one of the roles; where none is named, whoever may ask for the verb themselves."""
        wanted = set(roles)
        if wanted:
            return bool(wanted & set(self.roles(name)))
        return verb in self.person(name).granted_by

    def approvers(self, verb: str, roles: Iterable[str], without: Iterable[str]) -> tuple[str, ...]:
        """The people who may, in the configuration's order."""
        roles, out = tuple(roles), set(without)
        return tuple(
            name
            for name in self.config.people
            if name not in out and self.may_approve(name, verb, roles)
        )

    def _owner(self, identity: str) -> str | None:
        for name, person in self.config.people.items():
            if identity == f"matrix:{person.matrix}" or identity in person.identities:
                return name
        linked = self.changes.linked.get(identity)
        return linked if linked in self.config.people else None


async def directory(tx: Tx, config: Config) -> Directory:
    return Directory(config, await people.changes(tx))


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
