"""Stripe's way of saying no: a status, and one `error` object with a type, a code and a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .shapes import Json


@dataclass
class StripeError(Exception):
    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    more: Json = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    def body(self) -> Json:
        error: Json = {"message": self.message, "type": self.type, **self.more}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return {"error": error}


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> StripeError:
    return StripeError(400, message, code=code, param=param)


def missing(kind: str, name: str, *, param: str = "id", status: int = 400) -> StripeError:
    noun = kind.rpartition(".")[2]
    return StripeError(status, f"No such {noun}: '{name}'", code="resource_missing", param=param)


def not_served(param: str) -> StripeError:
    """Stripe knows this parameter and the sandbox does not: better said than silently ignored."""
    return invalid(
        f"The sandbox's Stripe does not act on `{param}` here.",
        code="sandbox_not_served",
        param=param,
    )


def card_declined(error: Json) -> StripeError:
    more = {
        k: v for k, v in error.items() if k not in {"message", "type", "code"} and v is not None
    }
    return StripeError(402, error["message"], type="card_error", code=error["code"], more=more)
