"""Pages of a list, newest first, with Stripe's cursors."""

from collections.abc import Callable, Sequence
from typing import Any

from .errors import invalid, missing
from .shapes import Json


def page(things: Sequence[Json], params: Json, url: str, keep: Callable[[Json], bool]) -> Json:
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise _bad_limit(limit)
    if "starting_after" in params and "ending_before" in params:
        raise invalid(
            "You may only specify one of these parameters: ending_before, starting_after."
        )
    if "ending_before" in params:
        newer = things[: _place(things, params, "ending_before")]
        found = [t for t in newer if keep(t) and within(params.get("created"), t)]
        data, more = found[-limit:], len(found) > limit
    else:
        after = _place(things, params, "starting_after") + 1 if "starting_after" in params else 0
        found = [t for t in things[after:] if keep(t) and within(params.get("created"), t)]
        data, more = found[:limit], len(found) > limit
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _bad_limit(limit: int) -> Exception:
    side = "less than or equal to 100" if limit > 100 else "greater than or equal to 1"
    return invalid(
        f"Invalid integer: this value must be {side}.",
        code="parameter_invalid_integer",
        param="limit",
    )


def _place(things: Sequence[Json], params: Json, cursor: str) -> int:
    name = params[cursor]
    for at, thing in enumerate(things):
        if thing["id"] == name:
            return at
    raise missing(things[0]["object"] if things else "object", name, param=cursor)


def within(bounds: Any, thing: Json) -> bool:
    if bounds is None:
        return True
    created = thing["created"]
    if isinstance(bounds, int):
        return bool(created == bounds)
    tests = {
        "gt": created.__gt__, "gte": created.__ge__, "lt": created.__lt__, "lte": created.__le__,
    }  # fmt: skip
    return all(tests[name](bound) for name, bound in bounds.items())
