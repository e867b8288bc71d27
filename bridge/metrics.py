"""Every counter and gauge. Labels are bounded words, never an id of a customer or an object."""

from prometheus_client import Counter, Gauge, Histogram

webhooks = Counter(
    "bridge_webhook_received_total", "Requests to the webhook endpoint.", ["account", "result"]
)
events = Counter("bridge_events_total", "Events handled, by class.", ["account", "signal_class"])
unknown_events = Counter(
    "bridge_unknown_events_total", "Events of types the catalogue does not know.", ["account"]
)
attempts = Counter("bridge_attempts_total", "Tries to handle or deliver.", ["lane_kind", "outcome"])
latency = Histogram(
    "bridge_delivery_latency_seconds",
    "From being stored to being done.",
    ["lane_kind"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
event_age = Histogram(
    "bridge_event_age_seconds",
    "From Stripe's `created` to being stored.",
    ["account"],
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86400),
)
commands = Counter("bridge_commands_total", "What people asked for.", ["verb", "result"])
last_event = Gauge(
    "bridge_last_stripe_event_timestamp_seconds", "When the last event was stored.", ["account"]
)
