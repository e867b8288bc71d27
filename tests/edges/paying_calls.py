"""What asking for money, capturing and crediting ask of Stripe: one call each, for the contract test."""

from collections.abc import Awaitable, Callable

from bridge.edges.stripe_api import StripeApi
from bridge.model.money import Money
from bridge.model.stripe_paying import Credit, Sale

_TEN = Money(1000, "eur")
_MARK = {"chat_action": "1"}
_SALE = Sale(_TEN, "A lamp", _MARK)
_CREDIT = Credit("in_1", _TEN, "duplicate", "It came twice")

CALLS: dict[str, Callable[[StripeApi], Awaitable[object]]] = {
    "payment_link": lambda api: api.payment_link("plink_1"),
    "checkout_session": lambda api: api.checkout_session("cs_1"),
    "sessions_of_link": lambda api: api.sessions_of_link("plink_1"),
    "sessions_of_customer": lambda api: api.sessions_of_customer("cus_1"),
    "customers_of_email": lambda api: api.customers_of_email("ada@example.com"),
    "balance": lambda api: api.balance(),
    "payouts_under_way": lambda api: api.payouts_under_way(),
    "previewed_credit": lambda api: api.previewed_credit(_CREDIT),
    "credit_notes_of": lambda api: api.credit_notes_of("in_1"),
    "open_link": lambda api: api.open_link(_SALE, closed_words="Closed.", key="k1"),
    "open_checkout": lambda api: api.open_checkout(
        _SALE, customer="cus_1", thanks_url="https://shop.example.com/thanks", key="k2"
    ),
    "close_link": lambda api: api.close_link("plink_1", metadata=_MARK, key="k3"),
    "expire_checkout": lambda api: api.expire_checkout("cs_1", key="k4"),
    "capture": lambda api: api.capture("pi_1", money=_TEN, metadata=_MARK, key="k5"),
    "cancel_payment": lambda api: api.cancel_payment("pi_1", reason="abandoned", key="k6"),
    "open_portal": lambda api: api.open_portal("cus_1", key="k7"),
    "credit": lambda api: api.credit(_CREDIT, metadata=_MARK, key="k8"),
}
