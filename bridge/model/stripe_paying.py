"""What asking for money, taking what was authorised and giving back by credit note need of Stripe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bridge.model.event import Json
from bridge.model.money import Money


@dataclass(frozen=True)
class Sale:
    """One thing at one price, to be paid once; `name` is what the customer reads."""

    money: Money
    name: str
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Credit:
    """So much less on a paid invoice, given back to the way it was paid."""

    invoice: str
    money: Money
    #: One of Stripe's four for credit notes, if any.
    reason: str | None = None
    memo: str | None = None


class PayingReader(Protocol):
    async def payment_link(self, payment_link_id: str) -> Json: ...
    async def checkout_session(self, session_id: str) -> Json: ...
    async def sessions_of_link(self, payment_link_id: str) -> list[Json]:
        """Every visit to the link, newest first."""

    async def sessions_of_customer(self, customer_id: str) -> list[Json]:
        """The newest 100 checkout sessions."""

    async def customers_of_email(self, email: str) -> list[Json]:
        """At most 10. Stripe compares letter by letter, capitals too."""

    async def balance(self) -> Json: ...
    async def payouts_under_way(self) -> list[Json]:
        """Those that have not arrived yet."""

    async def previewed_credit(self, credit: Credit) -> Json:
        """The credit note as it would be; raises `StripeRefused` if it cannot be."""

    async def credit_notes_of(self, invoice_id: str) -> list[Json]:
        """The newest 100, with their refunds expanded."""


class PayingWriter(Protocol):
    async def open_link(self, sale: Sale, *, closed_words: str, key: str) -> Json:
        """A payment link for one payment; `closed_words` are shown to whoever comes too late."""

    async def open_checkout(self, sale: Sale, *, customer: str, thanks_url: str, key: str) -> Json:
        """A checkout for that customer; Stripe ends it after 24 hours."""

    async def close_link(
        self, payment_link_id: str, *, metadata: Mapping[str, str], key: str
    ) -> Json: ...
    async def expire_checkout(self, session_id: str, *, key: str) -> Json:
        """Raises `StripeRefused` if it is not open any more."""

    async def capture(
        self, payment_intent_id: str, *, money: Money, metadata: Mapping[str, str], key: str
    ) -> Json:
        """Takes so much of what was authorised, and releases the rest."""

    async def cancel_payment(
        self, payment_intent_id: str, *, reason: str | None, key: str
    ) -> Json: ...
    async def open_portal(self, customer_id: str, *, key: str) -> Json: ...
    async def credit(self, credit: Credit, *, metadata: Mapping[str, str], key: str) -> Json:
        """A credit note with its refund expanded; the customer gets no mail of Stripe's."""
