"""What is wrong with a configuration: where, what, and how to mend it. Never the value itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from bridge.model.errors import BridgeError

#: The way to a value: keys of mappings, numbers of list items.
Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """A mistake whose line is looked up by its place, unless it is given."""

    where: Where
    problem: str
    hint: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Mistake:
    """`line` counts from 1; `path` is written like `routes[0].to[1]`, empty for the whole file."""

    line: int
    path: str
    problem: str
    hint: str | None = None

    def __str__(self) -> str:
        said = ": ".join(part for part in (self.path, self.problem) if part)
        return f"{said} — {self.hint}" if self.hint else said


class ConfigError(BridgeError):
    """Everything that is wrong with one file; its text has one line for each mistake."""

    def __init__(self, file: str, mistakes: Iterable[Mistake]) -> None:
        self.file = file
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.path)))
        super().__init__(
            "\n".join(f"{file}:{mistake.line}: {mistake}" for mistake in self.mistakes)
        )


def dotted(where: Where) -> str:
    """`("routes", 0, "to")` as `routes[0].to`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step[:80]}" for step in where)
    return "".join(steps).removeprefix(".")


def validation_error(problems: Iterable[Problem]) -> ValidationError:
    """The problems as Pydantic's error, each at its own place: for validators to raise."""
    return ValidationError.from_exception_data(
        "configuration", [_details(problem) for problem in problems]
    )


def _details(problem: Problem) -> InitErrorDetails:
    context: dict[str, Any] = {"problem": problem.problem, "hint": problem.hint or ""}
    kind = PydanticCustomError("bridge", "{problem}", context)
    return InitErrorDetails(type=kind, loc=problem.where, input=None)
