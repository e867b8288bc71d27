"""A sign on a colour, as a small PNG: drawn here, fetched from nowhere. Pure.

Lengths are parts of the picture's side, from its upper left corner.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

SIDE = 128
#: Each row is looked at in so many lines: edges become soft.
_LINES = 4
_DEPTH = 255
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED = 3


class Form(Protocol):
    """Something without dents: each line crosses it once at most."""

    def span(self, y: float) -> tuple[float, float] | None: ...


@dataclass(frozen=True)
class Oval:
    x: float
    y: float
    across: float
    down: float

    def span(self, y: float) -> tuple[float, float] | None:
        away = (y - self.y) / self.down
        if abs(away) >= 1:
            return None
        half = self.across * sqrt(1 - away * away)
        return self.x - half, self.x + half


@dataclass(frozen=True)
class Corners:
    points: tuple[tuple[float, float], ...]

    def span(self, y: float) -> tuple[float, float] | None:
        crossed = [
            left + (right - left) * (y - top) / (bottom - top)
            for (left, top), (right, bottom) in zip(
                self.points, (*self.points[1:], self.points[0]), strict=True
            )
            if (top <= y) != (bottom <= y)
        ]
        return (min(crossed), max(crossed)) if crossed else None


def disc(x: float, y: float, radius: float) -> Oval:
    return Oval(x, y, radius, radius)


def box(left: float, top: float, right: float, bottom: float) -> Corners:
    return Corners(((left, top), (right, top), (right, bottom), (left, bottom)))


def stroke(start: tuple[float, float], end: tuple[float, float], width: float) -> Corners:
    """A straight line of that width."""
    (x, y), (to_x, to_y) = start, end
    long = sqrt((to_x - x) ** 2 + (to_y - y) ** 2)
    aside, up = (to_y - y) / long * width / 2, (to_x - x) / long * width / 2
    return Corners(
        (
            (x - aside, y + up),
            (x + aside, y - up),
            (to_x + aside, to_y - up),
            (to_x - aside, to_y + up),
        )
    )


@dataclass(frozen=True)
class Sign:
    """`marks` in white, and then `holes` out of them."""

    marks: tuple[Form, ...]
    holes: tuple[Form, ...] = ()


def png(sign: Sign, colour: int) -> bytes:
    """`colour` is 0xRRGGBB."""
    rows = (bytes([0, *_row(sign, row)]) for row in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, _INDEXED, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", _shades(colour)),
        (b"IDAT", zlib.compress(b"".join(rows), 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _row(sign: Sign, row: int) -> list[int]:
    """How much of each point is white, of 255."""
    lines = [_line(sign, (row + (line + 0.5) / _LINES) / SIDE) for line in range(_LINES)]
    return [round(_DEPTH * sum(points) / _LINES) for points in zip(*lines, strict=True)]


def _line(sign: Sign, y: float) -> list[float]:
    points = [0.0] * SIDE
    for forms, ink in ((sign.marks, 1.0), (sign.holes, 0.0)):
        for form in forms:
            if span := form.span(y):
                _draw(points, span[0] * SIDE, span[1] * SIDE, ink)
    return points


def _draw(points: list[float], start: float, end: float, ink: float) -> None:
    for at in range(max(0, int(start)), min(SIDE, int(end) + 1)):
        covered = max(0.0, min(end, at + 1) - max(start, at))
        points[at] += (ink - points[at]) * covered


def _shades(colour: int) -> bytes:
    """From the colour to white."""
    parts = [colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF]
    return bytes(
        part + (0xFF - part) * shade // _DEPTH for shade in range(_DEPTH + 1) for part in parts
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def of(*marks: Form, holes: Sequence[Form] = ()) -> Sign:
    return Sign(marks, tuple(holes))
