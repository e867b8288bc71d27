"""Payments that fail, wait or succeed."""

from bridge.model.signal import CardKind, SignalClass
from bridge.notices.catalogue.lines import advice, card, card_at, line, text, words_for
from bridge.notices.catalogue.links import CHARGE_LINKS, EMAIL, NAME, Lookup
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Paths, Seen, Telling
from bridge.notices.phrases import ASK_BANK, DECLINES, phrase

PAYMENT_PAGE = ("payments/{payment}",)

CHARGE = Kind(
    "charge",
    objects=CHARGE_LINKS,
    who=NAME,
    email=EMAIL,
    dashboard=PAYMENT_PAGE,
    card=CardKind.PAYMENT,
    weight=2,
)
_ERROR = "last_payment_error.payment_method.billing_details"
PAYMENT_INTENT = Kind(
    "payment_intent",
    objects={
        "payment_intent": "id",
        "charge": "latest_charge last_payment_error.charge charges.data.0",
        "customer": "customer",
        "invoice": "invoice",
    },
    who=f"customer.name customer.email {_ERROR}.name {_ERROR}.email receipt_email",
    email=f"customer.email {_ERROR}.email receipt_email",
    dashboard=PAYMENT_PAGE,
    card=CardKind.PAYMENT,
    weight=3,
)
CHECKOUT = Kind(
    "checkout.session",
    objects={
        "payment_intent": "payment_intent",
        "invoice": "invoice",
        "subscription": "subscription",
        "customer": "customer",
    },
    money="amount_total",
    who="customer_details.name customer_details.email customer_email",
    email="customer_details.email customer_email",
    dashboard=("payments/{payment}", "invoices/{invoice}", "checkout/sessions/{id}"),
    card=CardKind.PAYMENT,
    weight=1,
)
SETUP = Kind(
    "setup_intent",
    objects={"customer": "customer"},
    who="last_setup_error.payment_method.billing_details.name",
    email="last_setup_error.payment_method.billing_details.email",
    dashboard=("setup_intents/{id}",),
)

#: One story from the first failure until it is paid. Tries are not stories of their own: only the
#: invoice counts them, its charge, PaymentIntent and subscription don't, and nothing but time would
#: tell which of those belong to which try. The last try is told anew by the invoice (`:given-up`).
FAILED = "payment:{bill}:failed"
PAID = "payment:{bill}:paid"


def _why(paths: Paths) -> Telling:
    """The most telling of Stripe's codes, in words; else Stripe's own sentence."""

    def tell(seen: Seen) -> str | None:
        code = seen.text(paths)
        if code is None:
            return None
        return DECLINES[code].words if code in DECLINES else phrase(code, {})

    return tell


def _remedy(paths: Paths) -> Telling:
    def tell(seen: Seen) -> str | None:
        code = seen.text(paths)
        return DECLINES[code].next if code and code in DECLINES else ASK_BANK

    return tell


def _of_a_guest(seen: Seen) -> SignalClass | None:
    """Without a customer or a bill it is somebody at a checkout, who sees it themselves."""
    known = seen.objects.customer or seen.objects.invoice or seen.objects.subscription
    return None if known else SignalClass.GROUP


def _checkout_title(seen: Seen) -> str:
    return {
        "paid": "Checkout paid",
        "no_payment_required": "Checkout completed, nothing to pay",
    }.get(seen.code("payment_status"), "Checkout completed, payment under way")


def _checkout_story(seen: Seen) -> str:
    return PAID if seen.code("payment_status") == "paid" else "checkout:{id}:completed"


def _checkout_state(seen: Seen) -> str | None:
    return {"paid": "paid", "unpaid": "processing"}.get(seen.code("payment_status"))


def _charge_state(seen: Seen) -> str:
    """What is only authorised is not paid."""
    return "authorised" if seen.at("captured") is False else "paid"


_PI_WHY = "last_payment_error.decline_code last_payment_error.code"
_CHARGE_WHY = "outcome.reason failure_code"
_PI_CARD = "last_payment_error.payment_method.card"
_CHARGE_CARD = "payment_method_details.card"
_SETUP_WHY = "last_setup_error.decline_code last_setup_error.code"
_FOR = text("For", "description")

ROWS = (
    Row(
        "payment_intent.payment_failed",
        PAYMENT_INTENT,
        SignalClass.NOTIFY,
        "Payment failed",
        FAILED,
        reason=_why(_PI_WHY),
        lines=(_FOR, card(_PI_CARD), advice("last_payment_error.advice_code")),
        next=_remedy(_PI_WHY),
        calmer=_of_a_guest,
        needs=(Lookup.INVOICE_OF_PAYMENT,),
        turn="{charge}",
        state="failed",
    ),
    Row(
        "payment_intent.requires_action",
        PAYMENT_INTENT,
        SignalClass.GROUP,
        "Payment waits for the customer",
        "payment:{bill}:action",
        lines=(_FOR,),
        next="Nothing, unless it stays like this: the customer is asked by their bank.",
        turn="{event}",
        state="action",
    ),
    Row(
        "payment_intent.processing",
        PAYMENT_INTENT,
        SignalClass.DIGEST,
        "Payment under way",
        "payment:{bill}:processing",
        lines=(_FOR,),
        state="processing",
    ),
    Row(
        "payment_intent.canceled",
        PAYMENT_INTENT,
        SignalClass.DIGEST,
        "Payment cancelled",
        "payment:{payment}:cancelled",
        reason=words_for("cancellation_reason", {}),
        lines=(_FOR,),
        state="canceled",
    ),
    Row(
        "payment_intent.succeeded",
        PAYMENT_INTENT,
        SignalClass.DIGEST,
        "Payment received",
        PAID,
        lines=(_FOR,),
        state="paid",
        needs=(Lookup.INVOICE_OF_PAYMENT,),
    ),
    Row(
        "charge.succeeded",
        CHARGE,
        SignalClass.DIGEST,
        "Payment received",
        PAID,
        lines=(_FOR, card(_CHARGE_CARD)),
        state=_charge_state,
        needs=(Lookup.INVOICE_OF_PAYMENT,),
    ),
    Row(
        "charge.pending",
        CHARGE,
        SignalClass.DIGEST,
        "Payment under way",
        "payment:{bill}:processing",
        lines=(_FOR,),
        state="processing",
        needs=(Lookup.INVOICE_OF_PAYMENT,),
    ),
    Row(
        "charge.failed",
        CHARGE,
        SignalClass.NOTIFY,
        "Payment failed",
        FAILED,
        reason=_why(_CHARGE_WHY),
        lines=(_FOR, card(_CHARGE_CARD), advice("outcome.advice_code")),
        next=_remedy(_CHARGE_WHY),
        calmer=_of_a_guest,
        needs=(Lookup.INVOICE_OF_PAYMENT,),
        state="failed",
    ),
    Row(
        "charge.expired",
        CHARGE,
        SignalClass.NOTIFY,
        "Authorised payment expired uncaptured",
        "payment:{payment}:expired",
        lines=(_FOR, card(_CHARGE_CARD)),
        next="The money was not taken. To have it, the customer must pay again.",
        state="expired",
    ),
    Row(
        "checkout.session.completed",
        CHECKOUT,
        SignalClass.DIGEST,
        _checkout_title,
        _checkout_story,
        lines=(text("Your reference", "client_reference_id"),),
        state=_checkout_state,
    ),
    Row(
        "checkout.session.async_payment_succeeded",
        CHECKOUT,
        SignalClass.DIGEST,
        "Checkout paid",
        PAID,
        lines=(text("Your reference", "client_reference_id"),),
        state="paid",
    ),
    Row(
        "checkout.session.async_payment_failed",
        CHECKOUT,
        SignalClass.NOTIFY,
        "Checkout payment failed",
        FAILED,
        lines=(text("Your reference", "client_reference_id"),),
        next="The order is not paid. Ask the customer to pay again, another way if need be.",
        state="failed",
    ),
    Row(
        "checkout.session.expired",
        CHECKOUT,
        SignalClass.DIGEST,
        "Checkout left unfinished",
        "checkout:{id}:expired",
        lines=(text("Your reference", "client_reference_id"),),
    ),
    Row(
        "setup_intent.setup_failed",
        SETUP,
        SignalClass.NOTIFY,
        "A way to pay could not be saved",
        "setup:{id}:failed",
        reason=_why(_SETUP_WHY),
        lines=(line("Card", card_at("last_setup_error.payment_method.card")),),
        next=_remedy(_SETUP_WHY),
        calmer=_of_a_guest,
        turn="{event}",
    ),
)
