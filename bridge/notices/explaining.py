"""What the catalogue and the routes make of an event, for whoever asks why. Pure."""

from collections.abc import Iterator

from bridge.config.schema import Config
from bridge.model.event import Event, Json, parse_event
from bridge.model.explained import Explained, Rule
from bridge.model.signal import Signal
from bridge.model.words import Words
from bridge.notices.catalogue import NO_LINKS, signal_of
from bridge.notices.own_actions import ACTION_KEY
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
        tuple(dict.fromkeys(_keys(signal))),
        _action(event),
        routed.destinations,
    )


def _keys(signal: Signal) -> Iterator[str]:
    """What its cards may be called: a payment whose invoice became known late stays the card it was."""
    for move in signal.moves:
        yield move.key
    if signal.moves:
        yield from filter(None, (signal.objects.payment_intent, signal.objects.charge))


def _action(event: Event) -> str | None:
    metadata = event.object.get("metadata")
    named = metadata.get(ACTION_KEY) if isinstance(metadata, dict) else None
    return event.idempotency_key or (named if isinstance(named, str) else None)
