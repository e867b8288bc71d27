"""The chart's `config`, as a JSON schema: `python -m tests.deploy.config_schema` writes it anew.

It is the configuration's own schema, with each secret in the chart's form and without what the chart
itself decides. Words and bounds that need the program are left to `stripe-bridge`.
"""

import json
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bridge.config.kinds import Form
from bridge.config.schema import Config
from bridge.config.shape import bare, holds_list, is_section, of_key

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "stripe-chat-bridge"
FILE = CHART / "values.schema.json"

Schema = dict[str, Any]

SECRET = {"$ref": "#/definitions/secret"}
DURATION = {"$ref": "#/definitions/duration"}
_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": ["number", "string"]},
    timedelta: DURATION,
}
#: What the chart decides by itself.
_OWNED = {"store", "web.port"}
_BOUNDS = {"ge": "minimum", "le": "maximum"}


def with_config(schema: Schema) -> Schema:
    """The chart's whole schema with its `config` written anew."""
    return schema | {"properties": schema["properties"] | {"config": config_schema()}}


def config_schema(kind: Any = Config, place: str = "") -> Schema:
    if is_section(kind):
        return _section(kind, place)
    if is_secret(kind):
        return SECRET
    if holds_list(kind):
        return {"type": "array", "items": config_schema(of_key(kind, 0), place)}
    if (inner := of_key(kind, "")) is not None:
        return _mapping(kind, config_schema(inner, place))
    return _value(bare(kind))


def is_secret(kind: Any) -> bool:
    return bare(kind) is SecretStr or (holds_list(kind) and of_key(kind, 0) is SecretStr)


def _section(section: Any, place: str) -> Schema:
    properties, required = {}, []
    for key, field in section.model_fields.items():
        here = f"{place}.{key}".lstrip(".")
        if here in _OWNED:
            continue
        kind = of_key(section, key)
        properties[key] = _described(config_schema(kind, here), field)
        if field.is_required() and not is_secret(kind):
            required.append(key)
    return _closed(properties, required)


def _closed(properties: Schema, required: list[str]) -> Schema:
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return schema | ({"required": required} if required else {})


def _described(schema: Schema, field: FieldInfo) -> Schema:
    # Beside a $ref, draft 7 ignores everything.
    if "$ref" in schema:
        return schema
    bounds = {
        word: getattr(bound, name)
        for bound in field.metadata
        for name, word in _BOUNDS.items()
        if schema.get("type") == "integer" and hasattr(bound, name)
    }
    return {"description": field.description, **schema, **bounds}


def _mapping(kind: Any, inner: Schema) -> Schema:
    form = _form(get_args(bare(kind))[0])
    names = (
        {"propertyNames": {"pattern": f"^(?:{form.pattern})$", "maxLength": form.longest}}
        if form
        else {}
    )
    return {"type": "object", "additionalProperties": inner, **names}


def _form(key: Any) -> Form | None:
    forms = (getattr(one, "func", None) for one in get_args(key)[1:])
    return next((form for form in forms if isinstance(form, Form)), None)


def _value(kind: Any) -> Schema:
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [str(word) for word in kind]}
    return dict(_SIMPLE[kind])


if __name__ == "__main__":
    FILE.write_text(json.dumps(with_config(json.loads(FILE.read_text())), indent=2) + "\n")
