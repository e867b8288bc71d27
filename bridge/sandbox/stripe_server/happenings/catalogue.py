"""The scenes by name. A new scene is added here; its keyword arguments are what can be asked for."""

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from . import buying, fighting, paying, renewing, settling

Scene = Callable[..., Json]

SCENES: Final[tuple[Scene, ...]] = (
    buying.checkout_succeeds,
    buying.payment_fails,
    buying.payment_is_authorised,
    paying.link_is_paid,
    paying.link_is_paid_later,
    paying.checkout_is_paid,
    paying.checkout_is_paid_later,
    paying.late_payment_settles,
    paying.checkout_expires,
    renewing.renewal_fails,
    renewing.renewal_fails_again,
    renewing.renewal_recovers,
    renewing.renewal_succeeds,
    renewing.subscription_renews,
    renewing.billing_details_change,
    renewing.subscription_ends,
    fighting.dispute_opens,
    fighting.dispute_closes,
    fighting.inquiry_escalates,
    fighting.dispute_is_appealed,
    fighting.early_fraud_warning,
    settling.refund_settles,
    settling.refund_fails,
    settling.payout_fails,
    settling.event,
)


@dataclass(frozen=True)
class Argument:
    name: str
    kinds: tuple[type, ...]
    default: Any

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    def takes(self, value: Any) -> bool:
        if isinstance(value, bool):
            return bool in self.kinds
        return isinstance(value, self.kinds) or (isinstance(value, int) and float in self.kinds)


def arguments(scene: Scene) -> Iterator[Argument]:
    hints = typing.get_type_hints(scene)
    for name, parameter in inspect.signature(scene).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            yield Argument(name, tuple(_kinds(hints[name])), parameter.default)


def _kinds(hint: Any) -> Iterator[type]:
    if typing.get_origin(hint) is types.UnionType:
        for choice in typing.get_args(hint):
            yield from _kinds(choice)
    else:
        yield typing.get_origin(hint) or hint


def play(desk: Desk, name: str, given: Mapping[str, Any]) -> Json:
    scene = next((s for s in SCENES if s.__name__ == name), None)
    if scene is None:
        known = ", ".join(s.__name__ for s in SCENES)
        raise invalid(f"No such happening: '{name}'. There are: {known}", param="happening")
    known_arguments = {argument.name: argument for argument in arguments(scene)}
    for key, value in given.items():
        if key not in known_arguments:
            raise invalid(
                f"{name} has no argument {key}; it has: {', '.join(known_arguments)}", param=key
            )
        if not known_arguments[key].takes(value):
            raise invalid(f"{name}: {key} cannot be {value!r}.", param=key)
    for argument in known_arguments.values():
        if argument.required and argument.name not in given:
            raise invalid(f"{name} needs {argument.name}.", param=argument.name)
    return scene(desk, **given)
