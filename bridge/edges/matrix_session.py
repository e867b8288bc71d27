"""A bot's session in a file that only its owner can read: no secret of it is in the store."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from bridge.model.ports import Login

log = structlog.get_logger(__name__)

_OWNER_ONLY = 0o600
_LARGEST = 10_000


@dataclass(frozen=True)
class SessionFile:
    """Trouble with the file costs a log-in at the next start, and nothing else."""

    path: Path

    def read(self) -> Login | None:
        try:
            told = json.loads(self.path.read_bytes()[:_LARGEST])
            login = Login(str(told["token"]), str(told["device"]))
            self.path.chmod(_OWNER_ONLY)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as trouble:
            log.warning("session_not_read", path=str(self.path), reason=type(trouble).__name__)
            return None
        return login

    def write(self, login: Login) -> None:
        """Whole or not at all."""
        beside = self.path.with_name(f"{self.path.name}.new")
        try:
            beside.unlink(missing_ok=True)
            # Made by us, for us alone: nobody has it open, and it leads nowhere else.
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
            with os.fdopen(handle, "w") as file:
                json.dump(asdict(login), file)
            beside.replace(self.path)
        except OSError as trouble:
            log.warning("session_not_kept", path=str(self.path), reason=str(trouble))
