"""/v1/webhook_endpoints"""

from typing import Final

from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.events import API_VERSION
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import changes, family

_MOST: Final = 16


def create(call: Call) -> Json:
    _check_url(call, call.params["url"])
    if len(call.world.store.newest_first("webhook_endpoint")) >= _MOST:
        raise invalid(f"You have reached the maximum of {_MOST} webhook endpoints.")
    version = call.params.get("api_version", API_VERSION)
    fields = {k: call.params[k] for k in ("url", "enabled_events")} | {"api_version": version}
    shape = call.world.shapes.fresh("webhook_endpoint")
    fields |= changes(shape, call.params, ("description", "metadata"))
    endpoint = call.desk.new("webhook_endpoint", **fields)
    # The one time that Stripe tells the secret.
    return {**endpoint, "secret": call.world.endpoints.open(endpoint)}


def _check_url(call: Call, url: str) -> None:
    schemes = ("https://",) if call.world.livemode else ("https://", "http://")
    if not url.startswith(schemes):
        raise invalid(
            f"Invalid URL: URL must be publicly accessible and start with {' or '.join(schemes)}.",
            code="url_invalid",
            param="url",
        )


def update(call: Call) -> Json:
    endpoint = call.named("webhook_endpoint")
    if "url" in call.params:
        _check_url(call, call.params["url"])
    fields = changes(endpoint, call.params, ("description", "enabled_events", "metadata", "url"))
    if "disabled" in call.params:
        fields["status"] = "disabled" if call.params["disabled"] else "enabled"
    return call.desk.change(endpoint, **fields)


def delete(call: Call) -> Json:
    endpoint = call.named("webhook_endpoint")
    call.world.store.remove("webhook_endpoint", endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


ROUTES: Final = (
    *family("webhook_endpoint", "/v1/webhook_endpoints", "WebhookEndpoint", "rak_webhook"),
    Route("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams", "rak_webhook_write",
          create, "api_version description enabled_events metadata url"),
    Route("POST", "/v1/webhook_endpoints/{webhook_endpoint}", "WebhookEndpointUpdateParams",
          "rak_webhook_write", update, "description disabled enabled_events metadata url"),
    Route("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}", "WebhookEndpointDeleteParams",
          "rak_webhook_write", delete),
)  # fmt: skip
