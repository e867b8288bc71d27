"""What the resource families have in common: retrieve, list, and change by parameters."""

from collections.abc import Iterable
from typing import Any, Final

from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.routes import Call, Route, Run
from bridge.sandbox.stripe_server.shapes import Json

LIST_PARAMS: Final = "created ending_before limit starting_after"


def retrieve(kind: str) -> Run:
    return lambda call: call.named(kind)


def listing(kind: str, *filters: str) -> Run:
    def run(call: Call) -> Json:
        asked = {name: call.params[name] for name in filters if name in call.params}
        things = [t for t in call.world.store.newest_first(kind) if not t.get("deleted")]
        return page(
            things,
            call.params,
            call.url,
            lambda thing: all(thing[name] == value for name, value in asked.items()),
        )

    return run


def belongings(kind: str) -> Run:
    """What an object has and does not show, as a list of its own."""

    def run(call: Call) -> Json:
        things = call.world.store.belongings(call.named(kind)["id"])
        return page(things, call.params, call.url, lambda _: True)

    return run


def updating(kind: str, event: str | None, fields: str) -> Run:
    def run(call: Call) -> Json:
        thing = call.named(kind)
        return call.desk.change(thing, event, **changes(thing, call.params, fields.split()))

    return run


def family(kind: str, path: str, name: str, permission: str, *filters: str) -> tuple[Route, ...]:
    """The two routes every family has: `GET path` and `GET path/{id}`."""
    one = f"{path}/{{{kind.rpartition('.')[2]}}}"
    uses = f"{LIST_PARAMS} {' '.join(filters)}"
    return (
        Route(
            "GET", path, f"{name}ListParams", f"{permission}_read", listing(kind, *filters), uses
        ),
        Route("GET", one, f"{name}RetrieveParams", f"{permission}_read", retrieve(kind)),
    )


def changes(thing: Json, params: Json, fields: Iterable[str]) -> Json:
    """The new values of the fields that the parameters set; an empty string unsets."""
    return {name: _merged(thing[name], params[name], name) for name in fields if name in params}


def _merged(old: Any, new: Any, name: str) -> Any:
    if name == "metadata":
        return merged_metadata(old, new)
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: None if value == "" else value for key, value in new.items()}}
    return None if new == "" else new


def intention(params: Json) -> Json:
    """What a payment to come shall carry (`payment_intent_data`)."""
    given: Json = {k: v for k, v in params.get("payment_intent_data", {}).items() if v != ""}
    return {**given, "metadata": merged_metadata({}, given.get("metadata", {}))}


def merged_metadata(old: dict[str, str], new: Any) -> dict[str, str]:
    if new == "":
        return {}
    merged = {key: value for key, value in {**old, **new}.items() if value != ""}
    if len(merged) > 50:
        raise _metadata(f"Metadata can have up to 50 keys, but this would make {len(merged)}.")
    for key, value in new.items():
        if len(key) > 40:
            raise _metadata(
                f"Metadata keys can have up to 40 characters, but you passed a key that is "
                f"{len(key)} characters. Invalid key: {key}"
            )
        if len(value) > 500:
            raise _metadata(
                f"Metadata values can have up to 500 characters, but you passed in a value that is "
                f"{len(value)} characters. Invalid value: {value}"
            )
    return merged


def _metadata(message: str) -> Exception:
    return invalid(message, param="metadata")
