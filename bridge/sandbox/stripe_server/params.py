"""Requests are measured against the installed SDK's own typed parameters (`stripe.params`).

What the SDK's types do not allow, this server refuses as Stripe would: unknown parameters, wrong
enum values, words where a number belongs.
"""

import re
import types
import typing
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final, Literal, Union

from .errors import StripeError, invalid
from .forms import name_of
from .shapes import Json

_INTEGER: Final = re.compile(r"-?\d{1,18}\Z")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?\Z")
#: These are options of the SDK's call, never sent as parameters.
_OPTIONS: Final = frozenset({
    "api_key", "stripe_version", "stripe_account", "stripe_context",
    "max_network_retries", "idempotency_key", "content_type", "headers",
})  # fmt: skip
_LONGEST: Final = 5_000
_LONGEST_EVIDENCE: Final = 20_000

Path = tuple[str, ...]


def params_class(dotted: str) -> type:
    """`RefundCreateParams`, or with its module below stripe.params: `v2.core.EventListParams`."""
    module, _, name = f"stripe.params.{dotted}".rpartition(".")
    found = getattr(import_module(module), name)
    if not isinstance(found, type):
        raise TypeError(f"stripe.params.{dotted} is not a class")
    return found


class Checker:
    def __init__(self) -> None:
        self._fields: dict[type, dict[str, Any]] = {}

    def check(self, dotted: str, raw: Json) -> Json:
        return self._hash(params_class(dotted), raw, ())

    def fields(self, of: type) -> dict[str, Any]:
        if of not in self._fields:
            # Two names in the SDK's own request options exist for type checkers only.
            names = {"StripeContext": object, "Mapping": Mapping}
            hints = typing.get_type_hints(of, localns=names)
            self._fields[of] = {k: v for k, v in hints.items() if k not in _OPTIONS}
        return self._fields[of]

    def _hash(self, of: type, raw: Json, path: Path) -> Json:
        fields = self.fields(of)
        for name in raw:
            if name not in fields:
                raise _unknown((*path, name))
        for name in sorted(getattr(of, "__required_keys__", frozenset()) & fields.keys()):
            if name not in raw:
                raise _absent((*path, name))
        return {name: self._value(fields[name], raw[name], (*path, name)) for name in raw}

    def _value(self, hint: Any, raw: Any, path: Path) -> Any:
        choices = tuple(_alternatives(hint))
        if isinstance(raw, dict):
            return self._nested(choices, raw, path)
        return _scalar(choices, str(raw), path)

    def _nested(self, choices: tuple[Any, ...], raw: Json, path: Path) -> Any:
        for choice in choices:
            if typing.is_typeddict(choice) or _is_typed_dict(choice):
                return self._hash(choice, raw, path)
            if typing.get_origin(choice) is dict:
                return {key: _text(value, (*path, key)) for key, value in raw.items()}
            if typing.get_origin(choice) is list:
                return self._list(typing.get_args(choice)[0], raw, path)
        raise invalid("Invalid value: a hash was not expected here.", param=name_of(path))

    def _list(self, of: Any, raw: Json, path: Path) -> list[Any]:
        if not all(key.isascii() and key.isdigit() for key in raw):
            raise invalid("Invalid array", param=name_of(path))
        ordered = sorted(raw, key=int)
        return [self._value(of, raw[key], (*path, key)) for key in ordered]


def _is_typed_dict(choice: Any) -> bool:
    return isinstance(choice, type) and hasattr(choice, "__required_keys__")


def _alternatives(hint: Any) -> Iterable[Any]:
    if typing.get_origin(hint) in {Union, types.UnionType}:
        for choice in typing.get_args(hint):
            yield from _alternatives(choice)
    else:
        yield hint


def _scalar(choices: tuple[Any, ...], raw: str, path: Path) -> Any:
    words = [
        word for c in choices if typing.get_origin(c) is Literal for word in typing.get_args(c)
    ]
    if raw in words:
        return raw
    enum = [word for word in words if word]
    # The SDK types an enum as `Literal[...]|str` so that old clients live; Stripe itself is strict.
    plain = [c for c in choices if isinstance(c, type) and not (enum and c is str)]
    if not raw:
        return _empty(plain, path)
    for kind in plain:
        if (value := _plain(kind, raw)) is not None:
            return _short(value, path)
    raise _wrong(plain, enum, raw, path)


def _empty(plain: list[Any], path: Path) -> str:
    if str in plain:
        return ""
    name = name_of(path)
    raise invalid(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a "
        f"parameter; however '{name}' cannot be unset. You should remove '{name}' from your request "
        "or supply a non-empty value.",
        code="parameter_invalid_empty",
        param=name,
    )


def _plain(kind: type, raw: str) -> Any:
    if kind is bool:
        return {"true": True, "false": False}.get(raw)
    if kind is int:
        return int(raw) if _INTEGER.match(raw) else None
    if kind is float:
        return float(raw) if _NUMBER.match(raw) else None
    # An uploaded file is typed as anything; what stands for it among the parameters is its name.
    return raw if kind is str or kind.__name__ in {"Any", "Decimal"} else None


def _text(value: Any, path: Path) -> str:
    if isinstance(value, dict):
        raise invalid("Invalid string: a hash was given.", param=name_of(path))
    return str(value)


def _short(value: Any, path: Path) -> Any:
    longest = _LONGEST_EVIDENCE if path[0] == "evidence" else _LONGEST
    if isinstance(value, str) and len(value) > longest:
        raise invalid(
            f"Invalid string: {value[:10]}...{value[-10:]}; must be at most {longest} characters",
            param=name_of(path),
        )
    return value


def _unknown(path: Path) -> StripeError:
    name = name_of(path)
    return invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def _absent(path: Path) -> StripeError:
    name = name_of(path)
    return invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)


def _wrong(plain: list[Any], enum: list[str], raw: str, path: Path) -> StripeError:
    name = name_of(path)
    if enum:
        *most, last = enum
        words = f"{', '.join(most)}, or {last}" if most else last
        return invalid(f"Invalid {name}: must be one of {words}", param=name)
    if int in plain:
        return invalid(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=name)
    if bool in plain:
        return invalid(f"Invalid boolean: {raw}", param=name)
    expected = "decimal" if float in plain else "object"
    return invalid(f"Invalid {expected}", param=name)
