"""What the catalogue and the routes make of an event, for whoever asks why. Pure."""

from bridge.config.schema import Config
from bridge.model.event import Json, parse_event
from bridge.model.explained import Explained, Rule
from bridge.model.words import Words
from bridge.notices.catalogue import NO_LINKS, signal_of
from bridge.notices.routing import route


def explain(config: Config, words: Words, account: str, body: Json) -> Explained:
    """Of an event's body, as Stripe sent it. What only a look at Stripe tells is left out."""
    event = parse_event(account, body)
    signal = signal_of(event, NO_LINKS, words)
    routed = route(signal, config.routes, config.targets)
    to = {rule.name: tuple(rule.to) for rule in config.routes}
    rules = tuple(Rule(one.route, one.but, to[one.route]) for one in routed.trace)
    return Explained(
        signal.title,
        signal.type,
        signal.signal_class,
        signal.occurred_at,
        signal.known,
        rules,
        routed.destinations,
    )
