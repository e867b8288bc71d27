"""The file that tells the homeserver about the bridge (application-service-api, "Registration")."""

import re
from typing import Any

from bridge.config.schema import Config
from bridge.model.errors import BridgeError


def registration(config: Config) -> dict[str, Any]:
    """The registration file's content; it holds both tokens."""
    matrix = config.matrix
    if matrix.as_token is None or matrix.hs_token is None:
        raise BridgeError(
            "In bot mode there is nothing to register: `matrix.mode: appservice` needs a registration."
        )
    aliases = f"#{re.escape(matrix.alias_prefix)}.*:{re.escape(matrix.server_name)}"
    return {
        "id": matrix.id,
        "url": matrix.bridge_url,
        "as_token": matrix.as_token.get_secret_value(),
        "hs_token": matrix.hs_token.get_secret_value(),
        "sender_localpart": matrix.sender_localpart,
        "namespaces": {
            "users": [{"exclusive": True, "regex": re.escape(matrix.sender)}],
            "aliases": [{"exclusive": True, "regex": aliases}],
            "rooms": [],
        },
        "rate_limited": False,
        # Lets the bridge make its device by itself; servers from 1.141 on do so anyway.
        "io.element.msc4190": True,
    }
