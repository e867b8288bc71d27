"""Statements that run often: made once, and on SQLite given to the driver as text.

SQLAlchemy's own way from a statement to the driver costs more than SQLite's whole work on it. What
stays SQLAlchemy's is the text, the order of its parameters, and how each type is written and read.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from sqlalchemy import Executable, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

_DIALECT = sqlite.dialect()
Process = Callable[[Any], Any] | None


class Column(NamedTuple):
    name: str
    read: Process


class Bind(NamedTuple):
    """A parameter in its place; `value` is the statement's own, where none is `required`."""

    name: str
    required: bool
    value: Any
    write: Process


@dataclass(frozen=True)
class Text:
    """What the driver gets, and what becomes of its answer."""

    sql: str
    binds: tuple[Bind, ...]
    columns: tuple[Column, ...]
    row: Callable[[Iterable[Any]], Any]

    @classmethod
    def of(cls, statement: Executable, names: Sequence[str]) -> Self | None:
        """None for what has no fixed text: a list whose length is known only when it runs."""
        compiled: Any = statement.compile(dialect=_DIALECT, column_keys=list(names) or None)  # type: ignore[attr-defined]
        if not isinstance(compiled, SQLCompiler) or compiled.post_compile_params:
            return None
        binds = ((name, compiled.binds[name]) for name in compiled.positiontup or ())
        columns = _columns(statement)
        return cls(
            str(compiled),
            tuple(Bind(name, one.required, one.value, _writer(one.type)) for name, one in binds),
            columns,
            _rows_of(columns),
        )

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Raises `KeyError` for one that is missing: it must not become a NULL that finds nothing."""
        return [
            _processed(
                one.write, given[one.name] if one.required else given.get(one.name, one.value)
            )
            for one in self.binds
        ]

    def read(self, cursor: sqlite3.Cursor) -> "Rows":
        if not self.columns:
            return Rows((), cursor.rowcount)
        readers = [column.read for column in self.columns]
        return Rows(
            [self.row(map(_processed, readers, row)) for row in cursor.fetchall()],
            cursor.rowcount,
        )


@dataclass(frozen=True, eq=False)
class Often:
    """Wrap a statement that is a constant of its module; it is run by `Tx.run` like any other."""

    statement: Any
    _texts: dict[tuple[str, ...], Text | None] = field(default_factory=dict)

    def run(self, driver: sqlite3.Connection, given: Mapping[str, Any]) -> "Rows | None":
        """None if the statement has no fixed text."""
        names = tuple(given)
        try:
            text = self._texts[names]
        except KeyError:
            text = self._texts[names] = Text.of(self.statement, names)
        if text is None:
            return None
        return text.read(driver.execute(text.sql, text.values(given)))


@dataclass(frozen=True)
class Rows:
    """What SQLAlchemy's result offers, as far as the store asks for it."""

    rows: Sequence[Any]
    rowcount: int

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def all(self) -> list[Any]:
        return list(self.rows)

    def first(self) -> Any:
        return self.rows[0] if self.rows else None

    def one_or_none(self) -> Any:
        if len(self.rows) > 1:
            raise MultipleResultsFound
        return self.first()

    def one(self) -> Any:
        if not self.rows:
            raise NoResultFound
        return self.one_or_none()

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        found = self.one_or_none()
        return None if found is None else found[0]

    def scalars(self) -> "Rows":
        return Rows([row[0] for row in self.rows], self.rowcount)


def _columns(statement: Executable) -> tuple[Column, ...]:
    if not isinstance(statement, Select):
        return ()
    return tuple(
        Column(name, column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None))
        for name, column in statement.selected_columns.items()
    )


def _rows_of(columns: Sequence[Column]) -> Callable[[Iterable[Any]], Any]:
    named = [column.name for column in columns]
    names: Any = namedtuple("Row", named, rename=True)  # type: ignore[misc]  # noqa: PYI024
    row = type("Row", (names,), {"__slots__": (), "_mapping": property(names._asdict)})
    return row._make  # type: ignore[attr-defined,no-any-return]


def _writer(kind: TypeEngine[Any]) -> Process:
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _processed(process: Process, value: Any) -> Any:
    return process(value) if process else value
