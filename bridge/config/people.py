"""The configuration's people as they are now that commands have changed something about them. Pure."""

from collections.abc import Iterator

from bridge.config.schema import Config, Person
from bridge.model.people import Changes

_MATRIX = "matrix:"


def as_changed(config: Config, changes: Changes) -> Config:
    """With those brought in and without those sent away; everybody with the roles they have now."""
    return config.model_copy(update={"people": dict(_people(config, changes))})


def _people(config: Config, changes: Changes) -> Iterator[tuple[str, Person]]:
    for name, person in config.people.items():
        brought = changes.people.get(name)
        if brought is None or brought.given:
            roles = _roles(config, changes, name, person.roles)
            yield name, person.model_copy(update={"roles": roles})
    for name, brought in sorted(changes.people.items()):
        # Somebody of the configuration with the same name need not be the same person.
        if brought.given and brought.identity and name not in config.people:
            yield name, _new(brought.identity, _roles(config, changes, name, ()))


def _new(identity: str, roles: tuple[str, ...]) -> Person:
    if identity.startswith(_MATRIX):
        return Person.model_construct(
            matrix=identity.removeprefix(_MATRIX), roles=roles, identities=()
        )
    return Person.model_construct(matrix=None, roles=roles, identities=(identity,))


def _roles(
    config: Config, changes: Changes, name: str, configured: tuple[str, ...]
) -> tuple[str, ...]:
    """Those of the configuration and those given by command, without those taken by command."""
    given = [role for (who, role), yes in changes.roles.items() if who == name and yes]
    taken = {role for (who, role), yes in changes.roles.items() if who == name and not yes}
    wanted = dict.fromkeys([*configured, *sorted(given)])
    return tuple(one for one in wanted if one not in taken and one in config.roles)
