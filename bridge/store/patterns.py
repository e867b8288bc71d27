"""Patterns as operators type them: `*` stands for any letters, and nothing else stands for anything."""

from sqlalchemy import ColumnElement


def like(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    escaped = pattern.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return column.like(escaped.replace("*", "%"), escape="\\")
