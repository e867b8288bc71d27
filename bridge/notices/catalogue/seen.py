"""One event as the catalogue's rows see it. Nothing here trusts the JSON's shape: what is not
there, or is of another kind, is None."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.model.event import Event, id_of, moment
from bridge.model.money import Money, money_of
from bridge.model.signal import Objects
from bridge.model.text import SafeText, safe
from bridge.model.words import Words

#: Paths into a Stripe object, separated by spaces: the first that leads to something wins.
Paths = str
_ID = re.compile(r"[A-Za-z0-9_.\-]{1,120}")


@dataclass(frozen=True)
class Seen:
    """`objects` are the ids found in the event and by look-ups; `words` is how to tell things."""

    event: Event
    words: Words
    objects: Objects = Objects()
    money: Money | None = None

    def text(self, paths: Paths) -> SafeText | None:
        return first_text(self.event.object, paths)

    def code(self, paths: Paths) -> str:
        """A status or reason to compare with; empty when there is none."""
        return self.text(paths) or ""

    def at(self, paths: Paths) -> Any:
        return first(self.event.object, paths)

    def code_before(self, paths: Paths) -> str:
        return first_text(self.event.previous, paths) or ""

    def is_true(self, path: str) -> bool:
        return self.at(path) is True

    def number(self, path: str) -> int:
        value = self.at(path)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def moment(self, paths: Paths) -> datetime | None:
        return moment_in(self.at(paths))

    def amount(self, path: str, currency: Paths = "currency") -> SafeText | None:
        money = money_in(self.event.object, path, currency)
        return self.words.money(money) if money else None

    def before(self, paths: Paths) -> Any:
        """What was there before the change: only in events of the `*.updated` kind."""
        return first(self.event.previous, paths)

    def changed(self, path: str) -> bool:
        *parents, last = path.split(".")
        above = dig(self.event.previous, ".".join(parents)) if parents else self.event.previous
        return isinstance(above, Mapping) and last in above

    def fill(self, template: str) -> str | None:
        """`dispute:{dispute}:opened` with the event's ids; None if one of them is not known.

        Besides the names of `Objects`: `{id}` and `{status}` of the object, `{event}`, `{payment}`
        (the PaymentIntent, else the charge), `{bill}` (the invoice, else the payment), and `{try}`.
        """
        known = {name: value for name, value in self._names().items() if value}
        try:
            return template.format_map(known)
        except KeyError:
            return None

    def _names(self) -> dict[str, str | None]:
        payment = self.objects.payment_intent or self.objects.charge
        return {
            **vars(self.objects),
            "id": stripe_id(self.event.object),
            "status": stripe_id(self.event.object.get("status")),
            "event": stripe_id(self.event.id),
            "try": str(self.number("attempt_count")),
            "payment": payment,
            "bill": self.objects.invoice or payment,
        }


#: A row's own way to say something; None says nothing.
Telling = Callable[[Seen], str | None]


def dig(thing: object, path: str) -> Any:
    """What is at `a.b.0.c`; None wherever the way ends early."""
    for step in path.split("."):
        if isinstance(thing, Mapping):
            thing = thing.get(step)
        elif isinstance(thing, list) and step.isdecimal() and int(step) < len(thing):
            thing = thing[int(step)]
        else:
            return None
    return thing


def first(thing: object, paths: Paths) -> Any:
    found = (dig(thing, path) for path in paths.split())
    return next((value for value in found if value is not None), None)


def first_text(thing: object, paths: Paths) -> SafeText | None:
    for path in paths.split():
        value = dig(thing, path)
        if isinstance(value, str) and (shown := safe(value)):
            return shown
    return None


def stripe_id(value: object) -> str | None:
    """An id, or the id of an expanded object; what could not be one of Stripe's is none."""
    name = id_of(value)
    return name if name and _ID.fullmatch(name) else None


def first_id(thing: object, paths: Paths) -> str | None:
    return next(filter(None, (stripe_id(dig(thing, path)) for path in paths.split())), None)


def money_in(thing: object, amount: Paths, currency: Paths) -> Money | None:
    return money_of(first(thing, amount), first(thing, currency))


def moment_in(value: object) -> datetime | None:
    """Stripe's seconds as a moment; 0 stands for none (a dispute that takes no answer)."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    at = moment(value)
    return at if at.timestamp() else None
