"""Requests are refused in Stripe's words unless the SDK's own types allow them."""

from typing import Any

import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.errors import StripeError
from bridge.sandbox.stripe_server.params import Checker, params_class
from bridge.sandbox.stripe_server.resources.catalogue import ROUTES
from bridge.sandbox.stripe_server.routes import Route


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_route_uses_only_what_the_sdk_can_send(route: Route) -> None:
    fields = Checker().fields(params_class(route.params))
    # The families share their list's parameters, and not every list takes `created`.
    assert set(route.uses.split()) - {"created"} <= fields.keys()


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"foo": "1"}, "parameter_unknown", "foo"),
        ({"amount": "ten"}, "parameter_invalid_integer", "amount"),
        ({"amount": "1.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": ""}, "parameter_invalid_empty", "amount"),
        ({"amount": {"x": "1"}}, None, "amount"),
        ({"reason": "because"}, None, "reason"),
        ({"reverse_transfer": "yes"}, None, "reverse_transfer"),
        ({"metadata": "text"}, None, "metadata"),
        ({"metadata": {"a": {"b": "c"}}}, None, "metadata[a]"),
        ({"expand": {"x": "charge"}}, None, "expand"),
        ({"charge": "x" * 5001}, None, "charge"),
    ],
)
def test_refused(params: dict[str, Any], code: str | None, param: str) -> None:
    with pytest.raises(StripeError) as refused:
        Checker().check("RefundCreateParams", params)
    error = refused.value.body()["error"]
    assert (refused.value.status, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error["param"]) == (code, param)


def test_nested_names_are_told_whole() -> None:
    with pytest.raises(StripeError, match=r"^Received unknown parameter: payment\[foo\]$"):
        Checker().check("InvoicePaymentListParams", {"payment": {"foo": "1"}})
    with pytest.raises(StripeError, match=r"^Missing required param: payment\[type\]\.$"):
        Checker().check("InvoicePaymentListParams", {"payment": {"payment_intent": "pi_1"}})


def test_values_get_their_types() -> None:
    checked = Checker().check(
        "DisputeUpdateParams",
        {"submit": "false", "metadata": {"0": "x"}, "expand": {"1": "b", "0": "a"}},
    )
    assert checked == {"submit": False, "metadata": {"0": "x"}, "expand": ["a", "b"]}
    assert Checker().check("RefundCreateParams", {"metadata": ""}) == {"metadata": ""}
    assert Checker().check("EventListParams", {"created": {"gte": "5"}}) == {"created": {"gte": 5}}
    assert Checker().check("EventListParams", {"created": "5"}) == {"created": 5}


async def test_the_sdk_meets_the_refusal(owner: stripe.StripeClient) -> None:
    unknown: Any = {"amount": 100, "currency": "usd", "colour": "red"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await owner.v1.payment_intents.create_async(unknown)
    assert refused.value.code == "parameter_unknown"
    assert refused.value.user_message == "Received unknown parameter: colour"
    with pytest.raises(stripe.InvalidRequestError, match=r"Missing required param: currency\."):
        await owner.v1.payment_intents.create_async({"amount": 1})  # type: ignore[typeddict-item]


async def test_what_stripe_knows_and_the_sandbox_does_not_is_said(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds")
    with pytest.raises(stripe.InvalidRequestError, match="does not act on `reverse_transfer`"):
        await owner.v1.refunds.create_async({"charge": made["charge"], "reverse_transfer": True})
