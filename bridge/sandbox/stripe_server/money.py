"""Amounts in Stripe's sentences: minor units, some currencies with none, some with three digits."""

from typing import Final

_NO_DIGITS: Final = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
_THREE_DIGITS: Final = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
_SIGNS: Final = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
CURRENCIES: Final = (
    _NO_DIGITS
    | _THREE_DIGITS
    | frozenset(
        [
            "aed",
            "ars",
            "aud",
            "bgn",
            "brl",
            "cad",
            "chf",
            "cny",
            "cop",
            "czk",
            "dkk",
            "egp",
            "eur",
            "gbp",
            "hkd",
            "huf",
            "idr",
            "ils",
            "inr",
            "isk",
            "kes",
            "mad",
            "mxn",
            "myr",
            "ngn",
            "nok",
            "nzd",
            "pen",
            "php",
            "pln",
            "qar",
            "ron",
            "rsd",
            "sar",
            "sek",
            "sgd",
            "thb",
            "try",
            "twd",
            "uah",
            "ugx",
            "usd",
            "uyu",
            "zar",
        ]
    )
)


def digits(currency: str) -> int:
    return 0 if currency in _NO_DIGITS else 3 if currency in _THREE_DIGITS else 2


def spoken(amount: int, currency: str) -> str:
    places = digits(currency)
    whole, part = divmod(amount, 10**places)
    number = f"{whole:,}" + (f".{part:0{places}d}" if places else "")
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"
