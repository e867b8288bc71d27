"""Every error of the bridge's own. The text of each is a sentence for the person it reaches.

BridgeError
├── AmountError            what was typed is not an amount in that currency
├── BadRequest             a request from outside is refused (HTTP 400)
├── StoreUnavailable       the store cannot commit (HTTP 503)
├── MediaAway              a file's content cannot be had just now
├── Refused                a command cannot be done, and why
│   └── Denied             the person may not do it: that is kept in the audit trail
└── StripeError            Stripe did not do what was asked
    ├── StripeRefused      it said no; asking again changes nothing
    │   └── StripeDeclined the bank said no to a payment: an answer, not a mistake
    ├── StripeBusy         it asked to wait, and did nothing
    └── StripeAmbiguous    nobody knows whether it was done
"""

from datetime import timedelta


class BridgeError(Exception):
    """The root; `str(error)` may be shown to people."""


class AmountError(BridgeError, ValueError):
    pass


class BadRequest(BridgeError):
    pass


class StoreUnavailable(BridgeError):
    pass


class MediaAway(BridgeError):
    pass


class Refused(BridgeError):
    """`lines` are what can be chosen from, or done instead."""

    def __init__(self, sentence: str, *, lines: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.lines = lines


class Denied(Refused):
    pass


class StripeError(BridgeError):
    def __init__(
        self, sentence: str, *, code: str | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.request_id = request_id


class StripeRefused(StripeError):
    pass


class StripeDeclined(StripeRefused):
    pass


class StripeBusy(StripeError):
    def __init__(self, sentence: str, *, after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class StripeAmbiguous(StripeError):
    pass
