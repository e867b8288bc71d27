"""The content of files that people drop into rooms, with the bridge's own token."""

import re
from dataclasses import dataclass

from bridge.edges.matrix_client import MatrixClient, part
from bridge.model.errors import MediaAway, Refused
from bridge.model.outcome import Outcome
from bridge.model.outcome import Refused as NotGiven

#: A server's name and an opaque id; anything else would lead elsewhere on the homeserver.
ADDRESS = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]{1,255})/([A-Za-z0-9_.~=-]{1,255})")


@dataclass(frozen=True)
class MatrixMedia:
    """Implements the `Media` port."""

    client: MatrixClient

    async def fetch(self, address: str, most: int) -> bytes:
        found = ADDRESS.fullmatch(address)
        if not found or set(found[2]) == {"."}:
            raise Refused("That file has no address that a homeserver can know.")
        path = f"/media/download/{part(found[1])}/{part(found[2])}"
        content = await self.client.content(path, most)
        if content is None:
            raise Refused(f"That file is larger than {most / 1_000_000:g} MB.")
        if isinstance(content, NotGiven):
            raise Refused("The homeserver does not have that file any more. Drop it again.")
        if isinstance(content, Outcome):
            raise MediaAway("The homeserver does not give that file just now. Try again soon.")
        return content
