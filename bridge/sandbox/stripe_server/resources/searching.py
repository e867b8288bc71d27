"""/v1/{charges,customers,invoices}/search: Stripe's query language, as much of it as is asked here.

What is younger than the index's lag is not found, as at Stripe (docs.stripe.com/search).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.routes import Call, Route, Run
from bridge.sandbox.stripe_server.shapes import Json

#: Under normal conditions it is less than this.
LAG: Final = timedelta(minutes=1)
_CLAUSE = re.compile(r'(?P<field>[a-z0-9_.]+):(?:"(?P<text>[^"\\]*)"|(?P<number>\d+))\s*')
_AND = re.compile(r"AND\s+", re.IGNORECASE)
#: What may be asked of each, and whether it is a number there.
_FIELDS: Final[Mapping[str, Mapping[str, bool]]] = {
    "charge": {
        "amount": True,
        "currency": False,
        "customer": False,
        "payment_method_details.card.last4": False,
        "status": False,
    },
    "customer": {"email": False, "name": False, "phone": False},
    "invoice": {"currency": False, "customer": False, "number": False, "total": True},
}


def searching(kind: str) -> Run:
    def run(call: Call) -> Json:
        if not call.world.searches:
            raise invalid("Search is not available in your country.")
        wanted = list(_clauses(kind, call.params["query"]))
        limit = call.params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise invalid("Invalid integer: limit must be between 1 and 100.", param="limit")
        indexed = (call.desk.now() - LAG).timestamp()
        found = [
            thing
            for thing in call.world.store.newest_first(kind)
            if not thing.get("deleted")
            and thing["created"] <= indexed
            and all(fits(thing) for fits in wanted)
        ]
        return {
            "object": "search_result",
            "data": found[:limit],
            "has_more": len(found) > limit,
            "next_page": None,
            "url": call.url,
        }

    return run


def _clauses(kind: str, query: str) -> Iterator[Callable[[Json], bool]]:
    at = 0
    while at < len(query):
        found = _CLAUSE.match(query, at)
        if not found:
            raise invalid(f"We were unable to parse your search query: {query}", param="query")
        yield _clause(kind, found)
        at = found.end()
        if joined := _AND.match(query, at):
            at = joined.end()
    if not query.strip():
        raise invalid("We were unable to parse your search query.", param="query")


def _clause(kind: str, found: re.Match[str]) -> Callable[[Json], bool]:
    field, fields = found["field"], _FIELDS[kind]
    if field not in fields:
        raise invalid(f"Field `{field}` is an unsupported search field.", param="query")
    if fields[field] != (found["number"] is not None) and found["number"] is None:
        raise invalid(f"Field `{field}` needs a number.", param="query")
    wanted = (found["text"] if found["number"] is None else found["number"]).lower()
    return lambda thing: str(_value(thing, field)).lower() == wanted


def _value(thing: Any, field: str) -> Any:
    for name in field.split("."):
        thing = thing.get(name) if isinstance(thing, Mapping) else None
    return thing


ROUTES: Final = tuple(
    Route(
        "GET",
        f"/v1/{kind}s/search",
        f"{kind.capitalize()}SearchParams",
        f"rak_{kind}_read",
        searching(kind),
        "limit query",
    )
    for kind in _FIELDS
)
