"""`expand[]=charge.customer`: ids become the objects they name, in the answer only."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .errors import invalid
from .events import path_of
from .shapes import Json, copied
from .store import Store

_DEEPEST: Final = 4


def _refunds(store: Store, charge: Json) -> list[Json]:
    return [r for r in store.newest_first("refund") if r["charge"] == charge["id"]]


def _payments(store: Store, invoice: Json) -> list[Json]:
    return [p for p in store.newest_first("invoice_payment") if p["invoice"] == invoice["id"]]


def _subscriptions(store: Store, customer: Json) -> list[Json]:
    owned = [s for s in store.newest_first("subscription") if s["customer"] == customer["id"]]
    return [s for s in owned if s["status"] != "canceled"]


def _belongings(store: Store, owner: Json) -> list[Json]:
    return store.belongings(owner["id"])


#: Lists that an object shows only when they are asked for.
_ON_REQUEST: Final[Mapping[tuple[str, str], Callable[[Store, Json], list[Json]]]] = (
    MappingProxyType(
        {
            ("charge", "refunds"): _refunds,
            ("checkout.session", "line_items"): _belongings,
            ("payment_link", "line_items"): _belongings,
            ("invoice", "payments"): _payments,
            ("customer", "subscriptions"): _subscriptions,
        }
    )
)


def expanded(store: Store, answer: Json, paths: list[str]) -> Json:
    answer = copied(answer)
    for path in paths:
        steps = path.split(".")
        deepest = _DEEPEST + (steps[0] == "data")
        if len(steps) > deepest:
            raise invalid(
                f"You cannot expand more than {_DEEPEST} levels of a property. You attempted to "
                f"expand {path}, which has too many levels.",
                param="expand",
            )
        _walk(store, answer, steps, path)
    return answer


def _walk(store: Store, here: Any, steps: list[str], path: str) -> None:
    if isinstance(here, list):
        for each in here:
            _walk(store, each, steps, path)
        return
    if not steps or here is None:
        return
    if not isinstance(here, dict):
        raise _cannot(path)
    here[steps[0]] = _opened(store, here, steps[0], path)
    _walk(store, here[steps[0]], steps[1:], path)


def _opened(store: Store, here: Json, step: str, path: str) -> Any:
    on_request = _ON_REQUEST.get((here.get("object", ""), step))
    if on_request and step not in here:
        return _list_of(on_request(store, here), f"{path_of(here)}/{step}")
    if step not in here:
        raise _cannot(path)
    value = here[step]
    return copied(store.find(value) or value) if isinstance(value, str) else value


def _list_of(things: list[Json], url: str) -> Json:
    return {"object": "list", "data": copied(things), "has_more": False, "url": url}


def _cannot(path: str) -> Exception:
    return invalid(f"This property cannot be expanded ({path}).", param="expand")
