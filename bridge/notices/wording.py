"""A signal in the words of a message, as much of it as its readers may see. Pure."""

from collections.abc import Iterator, Mapping

from bridge.model.details import Details, shown_facts
from bridge.model.message import Link, Message
from bridge.model.signal import Objects, Signal
from bridge.model.text import SafeText, mask, safe
from bridge.model.words import Words


def message_of(
    signal: Signal,
    words: Words,
    details: Details,
    dashboard: str,
    mentions: tuple[str, ...] = (),
) -> Message:
    """`dashboard` is where Stripe's is (`https://…`); `mentions` are Matrix ids to interrupt."""
    return Message(
        title=_title(signal, words, details),
        tone=signal.signal_class,
        facts=tuple(shown_facts(signal.facts, details)),
        links=tuple(_links(signal, dashboard)),
        mentions=mentions,
        test_mode=not signal.livemode,
        ids=ids_of(signal.account, signal.objects)
        | {"event": signal.event_id, "type": signal.type},
    )


def _title(signal: Signal, words: Words, details: Details) -> SafeText:
    """`Dispute opened: €129.00, fraudulent · Anna Weber`."""
    if details == "none":
        return signal.title
    amount = words.money(signal.money) if signal.money else None
    behind = ", ".join(part for part in (amount, signal.reason) if part)
    who = signal.customer_name
    if who and details == "masked":
        who = mask(who)
    return safe(
        (f"{signal.title}: {behind}" if behind else signal.title) + (f" · {who}" if who else "")
    )


def _links(signal: Signal, dashboard: str) -> Iterator[Link]:
    if signal.dashboard_path:
        mode = "" if signal.livemode else "test/"
        yield Link(
            SafeText("Open in Stripe"), f"{dashboard.rstrip('/')}/{mode}{signal.dashboard_path}"
        )


def ids_of(account: str, objects: Objects) -> dict[str, str]:
    known: Mapping[str, str | None] = vars(objects)
    return {"account": account, **{name: value for name, value in known.items() if value}}
