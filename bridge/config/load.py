"""From a YAML file to a `Config`, or to every mistake in it at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bridge.config.document import Document, NotYaml, parse
from bridge.config.mistakes import ConfigError, Mistake, Problem, Where, dotted
from bridge.config.names import contradictions
from bridge.config.schema import CHANNELS, Config
from bridge.config.sources import LARGEST, from_environment, from_files
from bridge.config.words import explained

__all__ = ["ConfigError", "load"]


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Reads the file and what it refers to; raises `ConfigError` with all its mistakes."""
    file = str(path)
    try:
        document = parse(_text(path))
    except NotYaml as error:
        raise ConfigError(file, [Mistake(error.line, "", error.problem, error.hint)]) from None
    from_environment(document, environ)
    from_files(document, Config, path.parent)
    config, invalid = _validated(document.data)
    problems = _without_echoes(document, [*invalid, *_contradictions(document.data)])
    if config is None or problems:
        raise ConfigError(file, [_located(problem, document) for problem in problems])
    return config


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        why = error.strerror or "unknown error"
        raise NotYaml(1, f"the file cannot be read: {why}", "give its path with --config") from None
    if len(raw) > LARGEST:
        raise NotYaml(1, "the file is larger than 1 MiB", "is it the right one?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotYaml(line, "the file is not UTF-8 text", "save it as UTF-8") from None


def _validated(data: Any) -> tuple[Config | None, list[Problem]]:
    try:
        return Config.model_validate(data), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=True)
        return None, [explained(one, Config) for one in found]


def _contradictions(data: Any) -> Iterator[Problem]:
    """The schema finds these only once all else is right; here they are told with the rest."""
    return contradictions(data, CHANNELS)


def _without_echoes(document: Document, found: list[Problem]) -> list[Problem]:
    """What is wrong, each place once: the first that was said of it says most."""
    told: dict[tuple[Where, int | None], Problem] = {}
    kept = [problem for problem in found if not document.is_spoiled(problem.where)]
    for problem in [*document.problems, *kept]:
        told.setdefault((problem.where, problem.line), problem)
    return list(told.values())


def _located(problem: Problem, document: Document) -> Mistake:
    line = problem.line or document.line(problem.where)
    return Mistake(line, dotted(problem.where), problem.problem, problem.hint)
