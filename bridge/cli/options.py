"""What several verbs take, and how it is read."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bridge.config import Config

config_option = click.option(
    "--config",
    "-c",
    "file",
    type=click.Path(path_type=Path),
    default="bridge.yaml",
    envvar="STRIPE_BRIDGE_CONFIG",
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    help="The configuration: one YAML file, explained in docs/configuration.md.",
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class _Age(click.ParamType[timedelta]):
    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if not number.isdecimal() or unit not in _UNITS or len(number) > 6:
            self.fail(f"{value!r} is not an age; write it like 90m, 12h or 3d.", param, ctx)
        return timedelta(**{_UNITS[unit]: int(number)})


age = _Age()


def load_config(file: Path) -> "Config":
    """Raises `ConfigError`, with every mistake in the file."""
    from bridge.config import load  # noqa: PLC0415

    return load(file, os.environ)
