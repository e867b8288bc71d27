"""What contradicts itself between the parts of a configuration, each at the place that is wrong.

It reads plain data (of a file, or dumped from a `Config`), so that it also works where other parts
of the same file are mistaken; what has not even the right shape is left to the schema.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import SecretStr

from bridge.config.kinds import EVERYONE
from bridge.config.mistakes import Problem, Where

_TRUE = frozenset({"true", "yes", "on", "1", "y", "t"})
_FALSE = frozenset({"false", "no", "off", "0", "n", "f"})
_MODE_KEYS = {
    "appservice": ("as_token", "hs_token"),
    "bot": ("user_id", "access_token", "password"),
}
_KINDS = {"#": ("channel", "matrix.channels"), "@": ("target", "targets")}


def contradictions(data: Mapping[str, Any], channels: Iterable[str]) -> Iterator[Problem]:
    """`channels` are those that exist without being configured."""
    known = {
        "#": [*channels, *_keys(data, "matrix", "channels")],
        "@": _keys(data, "targets"),
        "role": _keys(data, "roles"),
        "account": _keys(data, "accounts"),
    }
    for where, text in _texts(data):
        match where:
            case (
                ("routes", int(), "to", int())
                | ("commands", "escalate_to", int())
                | ("audit", "head_to", int())
            ):
                yield from _destination(where, text, known)
            case ("people", _, "roles", int()) | (
                "matrix",
                "customer_rooms" | "dispute_rooms",
                "roles",
                int(),
            ):
                yield from _unknown(where, text, "role", "roles", known["role"])
            case (
                ("matrix", "channels", _, "roles", int())
                | ("approvals", int(), "roles" | "by", int())
                | ("limits", int(), "roles", int())
            ):
                yield from _unknown(where, text, "role", "roles", known["role"])
            case ("routes", int(), "match", "accounts", int()) | (
                "approvals" | "limits",
                int(),
                "accounts",
                int(),
            ):
                yield from _unknown(where, text, "account", "accounts", known["account"])
            case ("accounts", str(account), "reader_key" | "writer_key"):
                yield from _wrong_mode(where, text, data["accounts"][account].get("livemode"))
            case _:
                pass
    yield from _people(data)
    yield from _identities(data)
    yield from _same_tokens(data)
    yield from _mode(data)
    yield from _routes_named_twice(data)


def close_to(word: str, words: Iterable[str]) -> str | None:
    """`did you mean …?`, if one of the words is near."""
    near = get_close_matches(word[:80], list(words), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None


def _destination(where: Where, text: str, known: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    if (mark := text[:1]) in _KINDS:
        noun, section = _KINDS[mark]
        yield from _unknown(where, text[1:], noun, section, known[mark], mark)


def _unknown(
    where: Where, name: str, noun: str, section: str, known: Sequence[str], mark: str = ""
) -> Iterator[Problem]:
    if name in known or (noun == "role" and name == EVERYONE):
        return
    near = close_to(mark + name, [mark + one for one in known])
    yield Problem(
        where, f"no {noun} is called `{mark}{name[:80]}`", near or f"add it under `{section}`"
    )


def _wrong_mode(where: Where, key: str, livemode: object) -> Iterator[Problem]:
    """Stripe's keys say which mode they are of (`rk_live_…`); other servers' keys may say nothing."""
    kind, _, rest = key.partition("_")
    mode = rest.partition("_")[0]
    if kind == "pk":
        yield Problem(
            where,
            "is a publishable key, which cannot be used here",
            "make a restricted key (`rk_…`) in Stripe's dashboard",
        )
    elif kind in {"rk", "sk"} and mode in {"live", "test"} and _truth(livemode) is (mode != "live"):
        yield Problem(
            where,
            f"is a key of the {mode} mode",
            f"set `livemode: {str(mode == 'live').lower()}`, or give the other mode's key",
        )


def _people(data: Mapping[str, Any]) -> Iterator[Problem]:
    """One Matrix id is one person; people of other homeservers need federated rooms."""
    matrix = _section(data, "matrix")
    server, federate = matrix.get("server_name"), _truth(matrix.get("federate"))
    owners: dict[str, str] = {}
    for name, person in _section(data, "people").items():
        match person:
            case {"matrix": str(user)}:
                pass
            case _:
                continue
        where = ("people", name, "matrix")
        if (owner := owners.setdefault(user, name)) != name:
            yield Problem(
                where, f"is the Matrix id of `{owner[:80]}` too", "give each person their own"
            )
        if isinstance(server, str) and user.partition(":")[2] != server and federate is False:
            yield Problem(
                where,
                f"is not on the homeserver `{server[:80]}`",
                "people of other homeservers need `matrix.federate: true`",
            )


def _identities(data: Mapping[str, Any]) -> Iterator[Problem]:
    """One identity is one person."""
    people = _section(data, "people")
    ids = {name: _section(people, name).get("matrix") for name in people}
    owners = {f"matrix:{one}": name for name, one in ids.items() if isinstance(one, str)}
    for name in people:
        for number, given in enumerate(_list(_section(people, name).get("identities"))):
            if isinstance(given, str) and (owner := owners.setdefault(given, name)) != name:
                yield Problem(
                    ("people", name, "identities", number),
                    f"is an identity of `{owner[:80]}` too",
                    "give each person their own",
                )


def _same_tokens(data: Mapping[str, Any]) -> Iterator[Problem]:
    matrix = _section(data, "matrix")
    ours, theirs = _text(matrix.get("as_token")), _text(matrix.get("hs_token"))
    if ours and ours == theirs:
        yield Problem(
            ("matrix", "hs_token"), "is the same as `as_token`", "make two different random tokens"
        )


def _mode(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Each mode needs its own tokens, and would not use the other's."""
    if not isinstance(data.get("matrix"), Mapping):
        return
    matrix = data["matrix"]
    mode = "bot" if matrix.get("mode") == "bot" else "appservice"
    for other, keys in _MODE_KEYS.items():
        for key in keys if other != mode else ():
            if matrix.get(key) is not None:
                hint = f"remove it, or set `mode: {other}`"
                yield Problem(("matrix", key), f"means nothing in {mode} mode", hint)
    needed = ("user_id",) if mode == "bot" else _MODE_KEYS[mode]
    for key in needed:
        if matrix.get(key) is None:
            yield Problem(("matrix", key), "is missing", f"{mode} mode needs it")
    if mode == "bot":
        yield from _bot(matrix)


def _bot(matrix: Mapping[str, Any]) -> Iterator[Problem]:
    user, server = matrix.get("user_id"), matrix.get("server_name")
    token, password = (matrix.get(key) is not None for key in ("access_token", "password"))
    if not (token or password):
        yield Problem(("matrix", "access_token"), "is missing", "give it, or the bot's `password`")
    if token and password:
        yield Problem(("matrix", "password"), "is not used beside `access_token`", "keep one")
    if isinstance(user, str) and isinstance(server, str) and user.partition(":")[2] != server:
        hint = "`server_name` is what stands after the colon in the bot's id"
        yield Problem(("matrix", "user_id"), f"is not on the homeserver `{server[:80]}`", hint)


def _routes_named_twice(data: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, route in enumerate(_list(data.get("routes"))):
        name = route.get("name") if isinstance(route, Mapping) else None
        if isinstance(name, str) and name in seen:
            yield Problem(
                ("routes", number, "name"),
                "is the name of a route above too",
                "give each route its own",
            )
        elif isinstance(name, str):
            seen.add(name)


def _texts(value: object, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """Every text with its place."""
    if (text := _text(value)) is not None:
        yield where, text
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _texts(child, (*where, key))
    else:
        for number, child in enumerate(_list(value)):
            yield from _texts(child, (*where, number))


def _text(value: object) -> str | None:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else None


def _truth(value: object) -> bool | None:
    """As the schema reads it: a file's values are still texts here; None if it is neither."""
    word = "false" if value is None else str(value).lower()
    return word in _TRUE if word in _TRUE | _FALSE else None


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _section(data: Mapping[str, Any], *way: str) -> Mapping[str, Any]:
    here: object = data
    for step in way:
        here = here.get(step) if isinstance(here, Mapping) else None
    return here if isinstance(here, Mapping) else {}


def _keys(data: Mapping[str, Any], *way: str) -> list[str]:
    return [str(key) for key in _section(data, *way)]
