"""What a process has cost so far, from the kernel's own books."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(*pids: int | None) -> float:
    """User and system time, of all their threads."""
    return sum(_spent(pid) for pid in pids if pid)


def family(pid: int | None) -> list[int]:
    """The process and those it has started: PostgreSQL works in children."""
    if pid is None:
        return []
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *_flat(family(int(child)) for child in path.read_text().split())]


def rss_mb(pid: int | None) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6 if pid else 0.0


def _spent(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # A process also answers for its children that have ended (PostgreSQL's backends).
    return sum(int(one) for one in fields[11:15]) / _TICKS


def _flat(lists: Iterable[list[int]]) -> list[int]:
    return [one for several in lists for one in several]
