"""Pydantic's findings as sentences for the person who wrote the file. No value is ever repeated."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bridge.config.mistakes import Problem, Where
from bridge.config.names import close_to
from bridge.config.shape import is_section, of_key
from bridge.config.sources import SUFFIX, takes_file

_SHOULD_BE: dict[str, tuple[str, str | None]] = {
    "bool": ("should be true or false", None),
    "int": ("should be a whole number", None),
    "decimal": ("should be a number like 500 or 12.50", None),
    "finite": ("should be a number like 500 or 12.50", None),
    "string": ("should be a text", None),
    "tuple": ("should be a list", "write `[one, two]`, or lines that begin with a dash"),
    "dict": ("should be a mapping", "write lines of `key: value` under it"),
    "model": ("should be a mapping", "write lines of `key: value` under it"),
    "time": ("should be a duration like 90s, 10m, 2h or 1d", None),
}
_BOUNDS = {
    "greater_than": ("should be more than", "gt"),
    "greater_than_equal": ("should be at least", "ge"),
    "less_than": ("should be less than", "lt"),
    "less_than_equal": ("should be at most", "le"),
}


def explained(error: ErrorDetails, schema: type[BaseModel]) -> Problem:
    where: Where = tuple(step for step in error["loc"] if step != "[key]")
    kind, context = error["type"], error.get("ctx", {})
    if kind == "bridge":
        return Problem(where, context["problem"], context["hint"] or None)
    if kind == "missing":
        return Problem(where, "is missing", _description(where, schema))
    if kind == "extra_forbidden":
        return Problem(where, "is not a known key", _known_keys(where, schema))
    if error.get("input", "") is None:
        return Problem(
            where,
            "has no value",
            "give one (a text that begins with # in quotes), or remove the line",
        )
    return Problem(where, *_finding(kind, context, error["msg"]))


def _finding(kind: str, context: Mapping[str, Any], message: str) -> tuple[str, str | None]:
    if kind == "value_error":
        return str(context["error"]), None
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"{words} {duration_words(context[bound])}", None
    if kind in {"enum", "literal_error"}:
        return f"should be {context['expected'].replace(chr(39), '`')}", None
    if kind in {"too_short", "string_too_short"}:
        return "should not be empty", None
    if kind in {"too_long", "string_too_long"}:
        return f"is too long (at most {context['max_length']})", None
    return _SHOULD_BE.get(kind.partition("_")[0], (message, None))


def _description(where: Where, schema: type[BaseModel]) -> str | None:
    section = _at(where[:-1], schema)
    field = section.model_fields.get(str(where[-1])) if section else None
    return field.description if field else None


def _known_keys(where: Where, schema: type[BaseModel]) -> str | None:
    section = _at(where[:-1], schema)
    if section is None:
        return None
    keys = list(section.model_fields)
    if str(where[-1]).removesuffix(SUFFIX) in keys:
        return "only single values and lists of them can come from a file"
    files = [key + SUFFIX for key in keys if takes_file(of_key(section, key))]
    return close_to(str(where[-1]), [*keys, *files]) or f"the keys here are {', '.join(keys)}"


def _at(where: Where, schema: type[BaseModel]) -> type[BaseModel] | None:
    kind: Any = schema
    for step in where:
        kind = of_key(kind, step)
    return kind if is_section(kind) else None


def duration_words(value: object) -> str:
    """A `timedelta` as people write it in the file (`1h30m`); anything else as it is."""
    if not isinstance(value, timedelta):
        return _plain_duration(str(value))
    seconds = int(value.total_seconds())
    parts = (
        (seconds // 86400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "m"),
        (seconds % 60, "s"),
    )
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def _plain_duration(text: str) -> str:
    """Pydantic says `5 minutes` and `1 day`."""
    return re.sub(r"^(\d+) (d|h|m|s)(?:ay|our|inute|econd)s?$", r"\1\2", text)
