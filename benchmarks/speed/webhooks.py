"""Webhooks as Stripe sends them: whole events of about four kilobytes, each one another, signed.

The events are the sandbox's own, of scenes it has played; only ids and numbers are put in.
"""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bridge.sandbox.stripe_server import SandboxStripe

_TRIES = "ATTEMPTS"


@dataclass(frozen=True)
class Webhook:
    """`mark` stands in the message that people will see, and in no other."""

    mark: str
    event_id: str
    body: bytes


class Postbag:
    """Makes webhooks. `run` tells its ids from those of every other postbag."""

    def __init__(self, customers: Sequence[str] = ()) -> None:
        self.run = secrets.token_hex(3)
        self.customers = customers or [f"cus_bench{self.run}{n:06d}" for n in range(20)]
        self._failed, self._payout = _templates()
        self._numbers = count(1)

    def renewal_failed(self, customer: str) -> Webhook:
        """Class notify: one message in the customer's room, of an invoice that nobody knew before."""
        number = next(self._numbers)
        return self.attempt(customer, f"{self.run}i{number:07d}", 1)

    def attempt(self, customer: str, invoice: str, attempt: int) -> Webhook:
        """The same invoice's `attempt`-th failure: the invoice's card moves."""
        mark = f"BENCH-{invoice}"
        body = self._failed.replace("CUSTOMER", customer).replace("MARK", mark)
        body = body.replace("INVOICE", f"in_{invoice}").replace(f'"{_TRIES}"', str(attempt))
        return self._webhook(mark, body)

    def payout_failed(self) -> Webhook:
        """Class page: a message in `#payments-critical`."""
        payout = f"po_{self.run}p{next(self._numbers):07d}"
        return self._webhook(payout, self._payout.replace("PAYOUT", payout))

    def over_rooms(self, number: int) -> Iterator[Webhook]:
        """`number` failed renewals, the customers in turn."""
        return (self.renewal_failed(self.customers[n % len(self.customers)]) for n in range(number))

    def _webhook(self, mark: str, body: str) -> Webhook:
        event_id = f"evt_{self.run}{next(self._numbers):010d}"
        return Webhook(mark, event_id, body.replace("EVENT", event_id).encode())


@dataclass(frozen=True)
class Signer:
    """Makes whole HTTP requests of webhooks, ready for the wire."""

    secret: str
    path: str
    _key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", self.secret.encode())

    def request(self, webhook: Webhook) -> bytes:
        head = f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(webhook.body)}\r\nStripe-Signature: {self.header(webhook.body)}\r\n\r\n"
        return head.encode() + webhook.body

    def header(self, body: bytes) -> str:
        now = int(time.time())
        signature = hmac.new(self._key, f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={now},v1={signature}"


def _templates() -> tuple[str, str]:
    stripe = SandboxStripe(seed=7)
    stripe.happen("renewal_fails", name="Anna Weber", email="anna.weber@example.org")
    stripe.happen("payout_fails")
    events = {event["type"]: event for event in stripe.events()}
    failed, payout = events["invoice.payment_failed"], events["payout.failed"]
    _put(failed, failed["data"]["object"]["id"], "INVOICE")
    failed["data"]["object"] |= {"customer": "CUSTOMER", "number": "MARK", "attempt_count": _TRIES}
    _put(payout, payout["data"]["object"]["id"], "PAYOUT")
    return _text(failed, 4_200), _text(payout, 0)


def _put(event: dict[str, Any], known: str, word: str) -> None:
    event["id"] = "EVENT"
    event["data"]["object"] = json.loads(json.dumps(event["data"]["object"]).replace(known, word))


def _text(event: dict[str, Any], size: int) -> str:
    """As Stripe writes JSON; metadata fills it up to a usual size."""
    text = json.dumps(event, indent=2)
    missing = size - len(text)
    if missing > 0:
        event["data"]["object"]["metadata"] = {
            f"note_{n}": "x" * 200 for n in range(missing // 220)
        }
        text = json.dumps(event, indent=2)
    return text
