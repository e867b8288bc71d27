"""Who may do what. No rule is a no."""

from bridge.config.schema import Config
from bridge.model.command import Actor
from bridge.model.errors import Refused

#: What everybody in the configuration may ask: it changes nothing and shows nothing new.
FREE = frozenset({"help"})


def actor_of(config: Config, matrix_id: str) -> Actor | None:
    """The person with this Matrix id, or None for a stranger."""
    for name, person in config.people.items():
        if person.matrix == matrix_id:
            verbs = {
                v for role in person.roles if role in config.roles for v in config.roles[role].verbs
            }
            return Actor(name, matrix_id, person.roles, frozenset(verbs) | FREE)
    return None


def permit(actor: Actor | None, verb: str) -> Actor:
    """The actor, if one of their roles names the verb; raises `Refused`."""
    if actor is None:
        raise Refused(
            "I don't know you, so I can't do that for you. Whoever runs this bridge can add you."
        )
    if verb not in actor.verbs:
        raise Refused(f"None of your roles may `{verb}`, so nothing was done.")
    return actor
