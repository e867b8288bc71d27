"""How the bridge itself looks beside its messages."""

from dataclasses import dataclass

import structlog

from bridge.model.outcome import Delivered, Outcome, Refused
from bridge.model.ports import Homeserver
from bridge.notices.avatars import Avatar, Avatars

log = structlog.get_logger(__name__)

_NAME = "Stripe"


@dataclass(frozen=True)
class OwnProfile:
    """A name and a picture that somebody chose for the account stay."""

    homeserver: Homeserver
    avatars: Avatars

    async def complete(self) -> None:
        """Repeating it changes nothing. Trouble is only logged: nothing depends on it."""
        now = await self.homeserver.profile()
        if isinstance(now, Outcome):
            if not isinstance(now, Refused):
                return
            now = {}
        localpart = self.homeserver.user_id[1:].partition(":")[0]
        if now.get("displayname") in {None, "", localpart}:
            await self._set("displayname", _NAME)
        if not now.get("avatar_url") and (address := await self.avatars.address(Avatar.BRIDGE)):
            await self._set("avatar_url", address)

    async def _set(self, field: str, value: str) -> None:
        told = await self.homeserver.set_profile(field, value)
        if not isinstance(told, Delivered):
            log.info("profile_not_set", field=field, reason=getattr(told, "reason", ""))
