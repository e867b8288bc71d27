"""What is sold by a payment link or in a checkout: line items and their prices."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from .errors import StripeError, invalid
from .money import CURRENCIES, spoken
from .shapes import Json
from .world import Desk

#: The least that can be charged at once; elsewhere it is 50 of the smallest unit.
_LEAST: Final[Mapping[str, int]] = MappingProxyType(
    {"gbp": 30, "hkd": 400, "huf": 17_500, "mxn": 1_000, "jpy": 50}
)
_LEAST_ELSEWHERE: Final = 50


def line_items(desk: Desk, asked: Sequence[Json]) -> list[Json]:
    """The items asked for, all in one currency, and worth charging."""
    if not asked:
        raise invalid("At least one line item is needed.", param="line_items")
    currencies = {_currency(desk, item, at) for at, item in enumerate(asked)}
    if len(currencies) > 1:
        raise invalid("All line items must have the same currency.", param="line_items")
    items = [_item(desk, item, at) for at, item in enumerate(asked)]
    if refusal := _too_little(sum(i["amount_total"] for i in items), currencies.pop()):
        raise refusal
    return items


def _too_little(total: int, currency: str) -> StripeError | None:
    least = _LEAST.get(currency, _LEAST_ELSEWHERE)
    if total >= least:
        return None
    return invalid(
        f"The total amount due must add up to at least {spoken(least, currency)}.",
        code="amount_too_small",
    )


def _currency(desk: Desk, item: Json, at: int) -> str:
    known = _price(desk, item, at) if "price" in item else item.get("price_data", {})
    currency = str(known.get("currency", "")).lower()
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}", param=f"line_items[{at}][price_data]")
    return currency


def _item(desk: Desk, item: Json, at: int) -> Json:
    price = _price(desk, item, at) if "price" in item else inline_price(desk, item["price_data"])
    quantity = item.get("quantity", 1)
    if quantity < 1:
        raise invalid("A quantity is 1 or more.", param=f"line_items[{at}][quantity]")
    amount = price["unit_amount"] * quantity
    return desk.new(
        "item",
        amount_subtotal=amount,
        amount_total=amount,
        currency=price["currency"],
        description=desk.get("product", price["product"])["name"],
        price=price,
        quantity=quantity,
    )


def _price(desk: Desk, item: Json, at: int) -> Json:
    price = desk.get("price", item["price"], param=f"line_items[{at}][price]")
    if price["type"] != "one_time":
        raise invalid("A price that recurs cannot be paid once.", param=f"line_items[{at}][price]")
    return price


def inline_price(desk: Desk, data: Json) -> Json:
    """The price that `price_data` describes, with its product if that is new."""
    amount = data.get("unit_amount")
    if "recurring" in data or amount is None or amount < 0:
        raise invalid("The sandbox sells for a fixed `unit_amount`, paid once.", param="price_data")
    product = _product(desk, data)
    return desk.new(
        "price",
        "price.created",
        active=False,
        currency=data["currency"].lower(),
        product=product["id"],
        recurring=None,
        type="one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )


def _product(desk: Desk, data: Json) -> Json:
    if "product" in data:
        return desk.get("product", data["product"], param="price_data[product]")
    if "product_data" not in data:
        raise invalid("A price needs a product or product_data.", param="price_data")
    told = {k: v for k, v in data["product_data"].items() if k in {"description", "name"}}
    return desk.new("product", "product.created", active=False, updated=desk.stamp(), **told)
