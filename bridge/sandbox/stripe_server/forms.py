"""Form-encoded nested parameters, as Stripe reads them: `a[b][0]=c` is {"a": {"b": {"0": "c"}}}.

Lists stay mappings from positions here: only the type of a parameter tells whether `x[0]` is a
list's first element or a key called "0" (metadata may have one).
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

from .errors import invalid
from .shapes import Json

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_INNER = re.compile(r"\[([^\[\]]*)\]")
_DEEPEST = 20


def parse_form(text: str) -> Json:
    return nested(parse_qsl(text, keep_blank_values=True))


def nested(pairs: Iterable[tuple[str, str]]) -> Json:
    found: Json = {}
    for name, value in pairs:
        _place(found, path_of(name), value, name)
    return found


def path_of(name: str) -> tuple[str, ...]:
    match = _NAME.match(name)
    if match is None:
        raise invalid(f"Invalid parameter name: {name}", param=name)
    path = (match[1], *_INNER.findall(match[2]))
    if len(path) > _DEEPEST:
        raise invalid("Parameters are nested too deeply.", param=match[1])
    return path


def _place(found: Json, path: tuple[str, ...], value: str, name: str) -> None:
    here = found
    for step in path[:-1]:
        inner = here.setdefault(_key(here, step), {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid parameter: {name} is both a value and a hash.", param=name)
        here = inner
    last = _key(here, path[-1])
    if isinstance(here.get(last), dict):
        raise invalid(f"Invalid parameter: {name} is both a value and a hash.", param=name)
    here[last] = value


def _key(here: Json, step: str) -> str:
    return step or str(len(here))


def name_of(path: tuple[str, ...]) -> str:
    return path[0] + "".join(f"[{step}]" for step in path[1:])
