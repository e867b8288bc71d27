"""How many pages a PDF has, by walking the tree of its pages.

Only what counting needs is read: objects, the streams that hold other objects, and references
between them. What is odd, encrypted or larger than sense ends as "unknown", never as a guess.
"""

import re
import zlib
from collections.abc import Iterator

_TOKEN = re.compile(
    rb"(?<![0-9])(?P<number>\d{1,10})\s+\d{1,5}\s+obj\b|\bendobj\b|\b(?P<stream>stream\r?\n)|\bendstream\b"
)
_PACKED = re.compile(rb"/Type\s*/ObjStm\b")
_FIRST, _COUNT = re.compile(rb"/First\s+(\d{1,9})"), re.compile(rb"/N\s+(\d{1,6})\b")
_ROOT, _PAGES = re.compile(rb"/Root\s+(\d{1,10})\s+\d"), re.compile(rb"/Pages\s+(\d{1,10})\s+\d")
_KIDS = re.compile(rb"/Kids\s*(?:\[([^\]]*)\]|(\d{1,10})\s+\d{1,5}\s+R)", re.DOTALL)
_REFERENCE = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+R\b")
_LEAF = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_ENCRYPTED = re.compile(rb"/Encrypt\s+\d")
#: Of everything that is packed, together: a small file may unpack to a huge one.
_UNPACKED = 16 * 1024 * 1024
_MOST_NODES = 20_000


def pages_of(content: bytes) -> int | None:
    """None if it does not show them."""
    if _ENCRYPTED.search(content):
        return None
    objects = _objects(content)
    root = [int(found[1]) for found in _ROOT.finditer(content)]
    catalog = objects.get(root[-1], b"") if root else b""
    tree = _PAGES.search(catalog)
    return _leaves(objects, int(tree[1])) if tree else None


def _objects(content: bytes) -> dict[int, bytes]:
    """By number. A file that was changed has later versions behind earlier ones: the last one counts."""
    objects: dict[int, bytes] = {}
    left = _UNPACKED
    for number, body, data in _parts(content):
        objects[number] = body
        if data and _PACKED.search(body):
            inside = _inflated(data, left)
            left -= len(inside)
            objects |= dict(_unpacked(body, inside))
    return objects


def _parts(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Each object's number, what it says, and what its stream holds; the file is gone through once."""
    number, begin, body, data = -1, 0, b"", -1
    for token in _TOKEN.finditer(content):
        if data >= 0:  # whatever stands in a stream is no object of the file
            if token[0] == b"endstream":
                yield number, body, content[data : token.start()]
                number, data = -1, -1
            continue
        if number >= 0:
            body = content[begin : token.start()]
            if token["stream"]:
                data = token.end()
                continue
            yield number, body, b""
        number, begin = int(token["number"] or -1), token.end()


def _inflated(data: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, most) if most > 0 else b""
    except zlib.error:
        return b""


def _unpacked(head: bytes, inside: bytes) -> Iterator[tuple[int, bytes]]:
    """The stream begins with pairs: an object's number, and where it is behind the first of them."""
    first, count = _FIRST.search(head), _COUNT.search(head)
    if not first or not count:
        return
    begin = int(first[1])
    numbers = [int(one) for one in inside[:begin].split() if one.isdigit() and len(one) <= 10]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=False))[: int(count[1])]
    for place, (number, at) in enumerate(pairs):
        end = pairs[place + 1][1] if place + 1 < len(pairs) else len(inside)
        yield number, inside[begin + at : begin + end]


def _leaves(objects: dict[int, bytes], top: int) -> int | None:
    waiting, seen, leaves = [top], set[int](), 0
    while waiting:
        number = waiting.pop()
        node = objects.get(number)
        if node is None or number in seen or len(seen) + len(waiting) > _MOST_NODES:
            return None
        seen.add(number)
        kids = _KIDS.search(node)
        if kids:
            listed = kids[1] if kids[1] is not None else objects.get(int(kids[2]), b"")
            waiting += [int(one[1]) for one in _REFERENCE.finditer(listed)]
        elif _LEAF.search(node):
            leaves += 1
        else:
            return None
    return leaves or None
