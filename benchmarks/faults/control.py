"""How the harness tells a bridge of its own launcher that its clock is wrong, or its store full."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

#: The variable that names the folder; only launcher.py looks at it.
VARIABLE = "FAULTS_CONTROL"


@dataclass(frozen=True)
class Control:
    """Of one bridge: files in a folder, read anew at each look. `clock` holds seconds, `full` is there or not."""

    folder: Path

    @property
    def wrong_by(self) -> timedelta:
        try:
            return timedelta(seconds=float((self.folder / "clock").read_text()))
        except FileNotFoundError:
            return timedelta(0)

    @property
    def full(self) -> bool:
        return (self.folder / "full").exists()

    def set_clock(self, seconds: float) -> None:
        """In one step: a bridge may be reading it."""
        fresh = self.folder / "clock.new"
        fresh.write_text(str(seconds))
        fresh.replace(self.folder / "clock")

    def set_full(self, *, full: bool) -> None:
        if full:
            (self.folder / "full").touch()
        else:
            (self.folder / "full").unlink(missing_ok=True)
