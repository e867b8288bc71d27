"""What an event only names, and what Stripe answers when it is asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from bridge.model.event import Event
from bridge.model.money import Money
from bridge.model.signal import Objects
from bridge.notices.catalogue.seen import dig, first_id, first_text, money_in


class Lookup(StrEnum):
    """Each is one method of `StripeReader`."""

    CHARGE = "charge"
    CUSTOMER = "customer"
    INVOICE = "invoice"
    INVOICE_OF_PAYMENT = "invoice_of_payment"
    REFUNDS_OF_CHARGE = "refunds_of_charge"


@dataclass(frozen=True)
class Need:
    """Ask `lookup` about the object `id`."""

    lookup: Lookup
    id: str


#: Which id a look-up is asked with, and what makes it superfluous.
ASKED_WITH: Mapping[Lookup, tuple[str, str | None]] = {
    Lookup.CHARGE: ("charge", None),
    Lookup.CUSTOMER: ("customer", None),
    Lookup.INVOICE: ("invoice", "customer"),
    Lookup.INVOICE_OF_PAYMENT: ("payment_intent", "invoice"),
    Lookup.REFUNDS_OF_CHARGE: ("charge", "refund"),
}


@dataclass(frozen=True)
class Links:
    """What is known beyond the event itself; it fills holes and never overrules the event."""

    objects: Objects = Objects()
    customer_name: str | None = None
    customer_email: str | None = None
    #: Of the payment: for events that have no amount of their own.
    money: Money | None = None

    def and_(self, others: Self) -> Self:
        """Both; where both know something, this one."""
        return replace(
            self,
            objects=filled(self.objects, others.objects),
            customer_name=self.customer_name or others.customer_name,
            customer_email=self.customer_email or others.customer_email,
            money=self.money or others.money,
        )


NO_LINKS = Links()
NAME = "customer.name customer.email billing_details.name billing_details.email customer_name"
EMAIL = "customer.email billing_details.email receipt_email customer_email"
CHARGE_LINKS: Mapping[str, str] = {
    "charge": "id",
    "payment_intent": "payment_intent",
    "customer": "customer",
    "invoice": "invoice",
}
INVOICE_LINKS: Mapping[str, str] = {
    "invoice": "id",
    "customer": "customer",
    "subscription": "parent.subscription_details.subscription subscription",
    "payment_intent": "payment_intent payments.data.0.payment.payment_intent",
    "charge": "charge",
}


def filled(known: Objects, others: Objects) -> Objects:
    extra = vars(others)
    return Objects(**{name: value or extra[name] for name, value in vars(known).items()})


def links_in(need: Need, answer: object, event: Event) -> Links:
    """What the answer to a look-up adds, whatever its shape."""
    match need.lookup:
        case Lookup.CHARGE:
            charge = _of_object(answer, CHARGE_LINKS)
            return replace(charge, money=money_in(answer, "amount", "currency"))
        case Lookup.CUSTOMER:
            return Links(
                Objects(customer=first_id(answer, "id")),
                first_text(answer, "name email"),
                first_text(answer, "email"),
            )
        case Lookup.INVOICE:
            return _of_object(answer, INVOICE_LINKS)
        case Lookup.INVOICE_OF_PAYMENT:
            return Links(Objects(invoice=first_id({"id": answer}, "id")))
        case Lookup.REFUNDS_OF_CHARGE:
            return Links(Objects(refund=first_id(_its_refund(answer, event), "id")))


def _of_object(answer: object, paths: Mapping[str, str]) -> Links:
    ids = {name: first_id(answer, path) for name, path in paths.items()}
    return Links(Objects(**ids), first_text(answer, NAME), first_text(answer, EMAIL))


def _its_refund(answer: object, event: Event) -> object:
    """Which refund a `charge.refunded` is about: two may follow each other fast, so by the amount."""
    refunds = answer if isinstance(answer, list) else []
    now, before = event.object.get("amount_refunded"), event.previous.get("amount_refunded")
    if isinstance(now, int) and isinstance(before, int):
        same = (refund for refund in refunds if dig(refund, "amount") == now - before)
        return next(same, None)
    return refunds[0] if refunds else None
