"""The sandbox's help page, in plain text."""

from collections.abc import Iterable
from typing import Any

from .faults import KINDS
from .happenings.catalogue import SCENES, Argument, arguments


def help_page(url: str, rows: Iterable[tuple[str, str, str]]) -> str:
    return "\n".join((
        "The sandbox's own Stripe: no account, no network, no real money.",
        "",
        *(f"{method:6} {path:34} {text}" for method, path, text in rows),
        "",
        "Examples:",
        f"  curl {url}/_sandbox/status",
        f"  curl -d '{{\"amount\": 4900}}' {url}/_sandbox/happen/checkout_succeeds",
        f"  curl -d '{{\"shuffle\": true, \"duplicates\": 1}}' {url}/_sandbox/happen/renewal_fails",
        f'  curl -d \'{{"kind": "cut", "path": "/v1/refunds"}}\' {url}/_sandbox/faults',
        f"  curl {url}/_sandbox/ledger",
        "",
        "Happenings, with their arguments (each also takes shuffle and duplicates):",
        *(_scene(scene) for scene in SCENES),
        "",
        "Faults:",
        *(f"  {kind:13} {text}" for kind, text in KINDS.items()),
        "",
    ))  # fmt: skip


def _scene(scene: Any) -> str:
    summary = (scene.__doc__ or "").strip().splitlines()[0]
    listed = ", ".join(_argument(argument) for argument in arguments(scene))
    return f"  {scene.__name__}: {summary}\n      {listed}"


def _argument(argument: Argument) -> str:
    if argument.required:
        return argument.name
    return argument.name if argument.default is None else f"{argument.name}={argument.default!r}"
