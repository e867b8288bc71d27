"""A route says in one row: where, what the SDK may send, which permission, which function."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .errors import StripeError
from .filing import Upload
from .shapes import Json
from .world import Desk, World


@dataclass(frozen=True)
class Call:
    """One API request: its checked parameters, the names in its path, and the desk it acts at."""

    desk: Desk
    params: Json
    names: Mapping[str, str]
    url: str
    upload: Upload | None = None

    @property
    def world(self) -> World:
        return self.desk.world

    def named(self, kind: str) -> Json:
        """The object the path names."""
        variable, name = next(iter(self.names.items()))
        return self.desk.get(kind, name, param=variable, status=404)


Run = Callable[[Call], Json]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    params: str
    permission: str
    run: Run
    #: The parameters acted on; others that Stripe knows are refused as not served here.
    uses: str = ""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path) if method == self.method else None
        return None if found is None else found.groupdict()


def find(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]]:
    for route in routes:
        names = route.match(method, path)
        if names is not None:
            return route, names
    raise StripeError(404, f"Unrecognized request URL ({method}: {path}).")
