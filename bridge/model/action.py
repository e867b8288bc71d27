"""The life of a command that changes something."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class ActionState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


def params_hash(params: Mapping[str, Any]) -> str:
    """What a confirmation is bound to: changed parameters have another hash."""
    return hashlib.sha256(
        json.dumps(params, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()
