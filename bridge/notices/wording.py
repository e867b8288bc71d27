"""A signal in the words of a message, as much of it as its readers may see. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from bridge.model.message import Link, Message
from bridge.model.signal import Fact, Objects, Signal
from bridge.model.text import SafeText, mask, safe
from bridge.model.words import Words

#: `masked` shows people by their initials; `none` only says what happened: no amount, no person.
Details = Literal["full", "masked", "none"]


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


def shown_facts(facts: tuple[Fact, ...], details: Details) -> Iterator[Fact]:
    if details == "none":
        return
    for fact in facts:
        masks = fact.personal and details == "masked"
        yield replace(fact, value=_masked(fact.value)) if masks else fact


def _masked(value: str) -> SafeText:
    """`old → new` keeps its arrow: that something changed may be seen."""
    return SafeText(" → ".join(mask(side) for side in value.split(" → ")[:2]))


def _links(signal: Signal, dashboard: str) -> Iterator[Link]:
    if signal.dashboard_path:
        mode = "" if signal.livemode else "test/"
        yield Link(
            SafeText("Open in Stripe"), f"{dashboard.rstrip('/')}/{mode}{signal.dashboard_path}"
        )


def ids_of(account: str, objects: Objects) -> dict[str, str]:
    known: Mapping[str, str | None] = vars(objects)
    return {"account": account, **{name: value for name, value in known.items() if value}}
