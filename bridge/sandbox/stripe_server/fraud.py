"""Early fraud warnings, and when there is nothing left to do about one."""

from .shapes import Json
from .world import Desk


def stand_down(desk: Desk, charge: Json) -> None:
    """The charge is fully refunded or disputed: its warnings can no longer be acted on."""
    for warning in desk.world.store.oldest_first("radar.early_fraud_warning"):
        if warning["charge"] == charge["id"]:
            desk.change(warning, "radar.early_fraud_warning.updated", actionable=False)
