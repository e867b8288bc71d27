"""Where values come from besides the file itself: the environment (`${NAME}`) and secret files (`key_file`)."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.config.document import Document, Plain
from bridge.config.mistakes import Where
from bridge.config.shape import holds_list, is_section, of_key

LARGEST = 1024 * 1024
SUFFIX = "_file"

_DOLLAR = re.compile(
    r"\$\$|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^}]*)?\}|(?P<broken>\$\{)"
)


def from_environment(document: Document, environ: Mapping[str, str]) -> None:
    document.data = _filled(document.data, (), document, environ)


def from_files(document: Document, schema: Any, folder: Path) -> None:
    """`key_file: path` becomes `key: what the file holds`; relative paths begin at `folder`."""
    _with_files(document.data, (), schema, document, folder)


def _filled(value: Plain, where: Where, document: Document, environ: Mapping[str, str]) -> Plain:
    if isinstance(value, dict):
        return {
            key: _filled(child, (*where, key), document, environ) for key, child in value.items()
        }
    if isinstance(value, list):
        return [_filled(child, (*where, n), document, environ) for n, child in enumerate(value)]
    return None if value is None else _expanded(value, where, document, environ)


def _expanded(text: str, where: Where, document: Document, environ: Mapping[str, str]) -> str:
    def replacement(found: re.Match[str]) -> str:
        name, default = found["name"], found["default"]
        if found["broken"]:
            document.spoil(
                where,
                "has a `${` that begins no `${NAME}` or `${NAME:-default}`",
                "write `$$` for a dollar sign",
            )
        elif name and not (environ.get(name) or default is not None or name in environ):
            document.spoil(
                where,
                f"the environment has no variable `{name}`",
                f"set it, or give a default: `${{{name}:-default}}`",
            )
        elif name:
            return environ.get(name) or (default or "").removeprefix(":-")
        return "$"

    return _DOLLAR.sub(replacement, text)


def _with_files(value: Plain, where: Where, schema: Any, document: Document, folder: Path) -> None:
    if isinstance(value, list):
        for number, item in enumerate(value):
            _with_files(item, (*where, number), of_key(schema, number), document, folder)
    elif isinstance(value, dict):
        for key in list(value):
            if (target := _file_key(key, schema)) is not None:
                _take_file(value, key, target, where, schema, document, folder)
            else:
                _with_files(value[key], (*where, key), of_key(schema, key), document, folder)


def _file_key(key: str, schema: Any) -> str | None:
    """The key that `key` gives a file for, if it is one of those."""
    target = key.removesuffix(SUFFIX)
    if not is_section(schema) or target == key or key in schema.model_fields:
        return None
    return target if target in schema.model_fields and takes_file(of_key(schema, target)) else None


def takes_file(kind: Any) -> bool:
    """Single values and lists of them; not whole sections."""
    item = of_key(kind, 0) if holds_list(kind) else kind
    return not is_section(item) and of_key(item, "") is None


def _take_file(
    section: dict[str, Plain],
    key: str,
    target: str,
    where: Where,
    schema: Any,
    document: Document,
    folder: Path,
) -> None:
    path, here = section.pop(key), (*where, key)
    document.lines.setdefault((*where, target), document.line(here))
    if target in section:
        document.add(here, f"is given, and `{target}` too", "keep one of them")
        return
    text = _content(path, here, document, folder)
    if text is None:
        document.spoiled.add((*where, target))
    elif holds_list(of_key(schema, target)):
        section[target] = [line.strip() for line in text.splitlines() if line.strip()]
    else:
        section[target] = text.rstrip("\r\n")


def _content(path: Plain, here: Where, document: Document, folder: Path) -> str | None:
    """What the file holds. No mistake shows it, nor the path: it may be a secret put there by mistake."""
    if document.is_spoiled(here):
        return None
    if not isinstance(path, str) or not path:
        document.add(here, "should be the path of a file")
        return None
    try:
        return _read(folder / path)
    except (OSError, ValueError) as error:
        document.add(here, f"the file {_why(error)}")
        return None


def _read(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise ValueError("is too large")
    text = raw.decode("utf-8-sig")
    if not text.strip():
        raise ValueError("is empty")
    return text


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or 'unknown error'}"
    return "is not UTF-8 text" if isinstance(error, UnicodeError) else str(error)
