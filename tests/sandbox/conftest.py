"""The sandbox's Stripe on a loopback port, and the real SDK speaking to it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe

ClientFor = Callable[[str], stripe.StripeClient]


@pytest.fixture(autouse=True)
def _no_telemetry() -> Iterator[None]:
    before, stripe.enable_telemetry = stripe.enable_telemetry, False
    yield
    stripe.enable_telemetry = before


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 27, 21, 0, tzinfo=UTC))


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[SandboxStripe]:
    # Another try of a webhook comes at once: no test waits for time to pass.
    async with SandboxStripe(clock=clock, seed=7, retry_after=(1e-6, 1e-6)) as running:
        yield running


@pytest.fixture
async def client_for(sandbox: SandboxStripe) -> AsyncIterator[ClientFor]:
    async with AsyncExitStack() as closing:

        def make(key: str) -> stripe.StripeClient:
            http = stripe.AIOHTTPClient()
            closing.push_async_callback(http.close_async)
            return stripe.StripeClient(
                key, base_addresses={"api": sandbox.url, "files": sandbox.url}, http_client=http
            )

        yield make


@pytest.fixture
def owner(sandbox: SandboxStripe, client_for: ClientFor) -> stripe.StripeClient:
    """The SDK with the key that may do everything."""
    return client_for(sandbox.owner_key)


def error_of(met: stripe.StripeError) -> Any:
    """The error as it stood in the body: of some errors the SDK keeps no more than this."""
    body: Any = met.json_body
    return body["error"]
