"""The least that Stripe's two keys must be able to do, by the verbs that somebody may ask for."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.commands.desk import Verb
from bridge.config.schema import Config
from bridge.model.verbs import FREE

#: What notices look up, what `check` reads, and what settles a call that was not answered.
_NOTICES = (
    "charge_read",
    "customer_read",
    "dispute_read",
    "event_read",
    "invoice_read",
    "payment_intent_read",
    "subscription_read",
)


@dataclass(frozen=True)
class Least:
    """Names as in Stripe's refusals, without `rak_`: `charge_read`, `charge_write`."""

    reader: tuple[str, ...]
    writer: tuple[str, ...]


def least(config: Config, verbs: Iterable[Verb]) -> Least:
    asked = {verb for role in config.roles.values() for verb in role.verbs} | FREE
    needs = {need for verb in verbs if verb.name in asked for need in verb.needs}
    reads = {need for need in needs if need.endswith("_read")}
    return Least(tuple(sorted({*_NOTICES, *reads})), tuple(sorted(needs - reads)))


def words(needs: Iterable[str]) -> str:
    """For whoever cuts the key in Stripe's dashboard."""
    parts = [need.rpartition("_") for need in needs]
    told = [f"{name.replace('_', ' ')}: {how}" for name, _, how in parts]
    return f"it needs no more than {', '.join(told)}" if told else "it needs nothing"
