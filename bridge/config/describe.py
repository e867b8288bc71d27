"""The schema for `docs/configuration.md`, as tables and examples.

`python -m bridge.config.describe` writes them anew; what is around them is written by hand.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import AfterValidator, BaseModel, SecretStr, TypeAdapter
from pydantic.fields import FieldInfo

from bridge.config.kinds import Form
from bridge.config.schema import CHANNELS, ROUTES, Config
from bridge.config.shape import bare, holds_list, is_section, of_key
from bridge.config.sources import takes_file
from bridge.config.words import duration_words

_TABLE = re.compile(r"<!-- keys of (?P<place>\S+) -->\n.*?<!-- end -->", re.DOTALL)
_DEFAULT = re.compile(r"```yaml\n# default: (?P<name>\w+)\n.*?```", re.DOTALL)
_HEAD = "| key | what it is | default | bounds | meaning |\n|---|---|---|---|---|\n"
_WORDS = {
    str: "text",
    SecretStr: "secret",
    int: "whole number",
    bool: "`true` or `false`",
    timedelta: "duration",
    Decimal: "number",
}

_LIMITS = {
    "gt": "more than",
    "ge": "at least",
    "le": "at most",
    "min_length": "at least",
    "max_length": "at most",
}


def with_tables(text: str) -> str:
    """The documentation with every table and default written anew; what is around them stays."""
    tables = {place: _table(section) for place, section in sections()}
    defaults = {"routes": _yaml(ROUTES), "channels": _yaml(CHANNELS)}
    text = _DEFAULT.sub(lambda found: _block(found["name"], defaults[found["name"]]), text)
    return _TABLE.sub(lambda found: _marked(found["place"], tables[found["place"]]), text)


def sections(kind: Any = Config, place: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every section with where it stands: `file`, `web`, `accounts.NAME`, `routes[]`."""
    if is_section(kind):
        yield place or "file", kind
        for key in kind.model_fields:
            yield from sections(of_key(kind, key), f"{place}.{key}".lstrip("."))
    elif (inner := of_key(kind, 0)) is not None:
        yield from sections(inner, place + ("[]" if holds_list(kind) else ".NAME"))


def _marked(place: str, table: str) -> str:
    return f"<!-- keys of {place} -->\n{table}<!-- end -->"


def _block(name: str, content: str) -> str:
    return f"```yaml\n# default: {name}\n{content}```"


def _yaml(value: Any) -> str:
    """What one would write to say the same."""
    plain = TypeAdapter(type(value)).dump_python(value, mode="json", exclude_defaults=True)
    return yaml.safe_dump(
        plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100
    )


def _table(section: type[BaseModel]) -> str:
    rows = (_row(key, field) for key, field in section.model_fields.items())
    return _HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _row(key: str, field: FieldInfo) -> tuple[str, ...]:
    return (
        f"`{key}`",
        _kind(field.annotation),
        _default(field),
        _bounds(field),
        str(field.description),
    )


def _kind(annotation: Any) -> str:
    kind = bare(annotation)
    if get_origin(kind) is Literal:
        return _either(get_args(kind))
    if holds_list(kind):
        return f"list of {_many(of_key(kind, 0))}"
    if get_origin(kind) is dict:
        return f"mapping of names to {_many(of_key(kind, ''))}"
    if is_section(kind):
        return "section"
    return _either(kind) if issubclass(kind, StrEnum) else _WORDS[kind]


def _many(kind: Any) -> str:
    words = _kind(kind)
    return words if words.startswith("`") else f"{words}s"


def _either(options: Any) -> str:
    *most, last = (f"`{option}`" for option in options)
    return f"{', '.join(most)} or {last}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if field.is_required():
        return "**required**"
    if isinstance(value, BaseModel) or (value and takes_file(bare(field.annotation)) is False):
        return "see below"
    return f"`{_written(value)}`" if value is not None else "none"


def _written(value: Any) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case timedelta():
            return duration_words(value)
        case tuple():
            return f"[{', '.join(_in_list(str(item)) for item in value)}]"
        case dict():
            return "{}"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _in_list(text: str) -> str:
    return text if text[0].isalnum() else f'"{text}"'


def _bounds(field: FieldInfo) -> str:
    kind = bare(field.annotation)
    unit = " characters" if kind is str else " entries" if get_args(kind) else ""
    return "; ".join([*_limits(field.metadata, unit), *_forms(field)])


def _limits(metadata: list[Any], unit: str) -> Iterator[str]:
    for limit in metadata:
        for name, words in _LIMITS.items():
            if (bound := getattr(limit, name, None)) is not None:
                nothing = name == "min_length" and bound == 1
                yield "not empty" if nothing else f"{words} {duration_words(bound)}{unit}"


def _forms(field: FieldInfo) -> Iterator[str]:
    """Of the value, or of a list's items, or of a mapping's names."""
    inner = (
        found for kind in get_args(field.annotation) for found in getattr(kind, "__metadata__", ())
    )
    for found in [*field.metadata, *inner]:
        if isinstance(found, AfterValidator) and isinstance(found.func, Form):
            yield found.func.words


if __name__ == "__main__":
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    page.write_text(with_tables(page.read_text("utf-8")), "utf-8")
