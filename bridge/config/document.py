"""A YAML text as plain data, with the line of every key and item.

Values stay texts (or None for null): the schema knows what they should be, so YAML's own guesses
(`no` as false, `1:30` as ninety) never come into play. What invites surprises is refused: anchors
and aliases, tags, several documents, keys given twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml.composer import ComposerError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bridge.config.mistakes import Problem, Where

Plain = None | str | list["Plain"] | dict[str, "Plain"]

_DEEPEST = 20
_TAG = "tag:yaml.org,2002:"
_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "map", "seq")
_PLAIN_TAGS = {_TAG + kind for kind in _KINDS}
_NULL = _TAG + "null"


class NotYaml(Exception):
    """The text cannot be read at all."""

    def __init__(self, line: int, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem
        self.hint = hint


@dataclass
class Document:
    """`data` is the whole file; `lines` counts from 1; `problems` are the mistakes met so far."""

    data: Plain = None
    lines: dict[Where, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: Where no value could be had: whatever else is said about it would be noise.
    spoiled: set[Where] = field(default_factory=set)

    def line(self, where: Where) -> int:
        """Of the nearest enclosing thing that the file holds."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def add(self, where: Where, problem: str, hint: str | None = None) -> None:
        self.problems.append(Problem(where, problem, hint))

    def spoil(self, where: Where, problem: str, hint: str | None = None) -> None:
        self.add(where, problem, hint)
        self.spoiled.add(where)

    def is_spoiled(self, where: Where) -> bool:
        return any(where[:length] in self.spoiled for length in range(len(where) + 1))


def parse(text: str) -> Document:
    """Raises `NotYaml`."""
    document = Document(lines={(): 1})
    root = _compose(text)
    if root is None:
        raise NotYaml(1, "the file is empty", "begin with the example in docs/configuration.md")
    if not isinstance(root, MappingNode):
        raise NotYaml(_line(root), "the file should be a mapping: lines of `key: value`", None)
    document.data = _plain(root, (), document)
    return document


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise ComposerError(
                None,
                None,
                "anchors and aliases (`&name`, `*name`) cannot be used",
                event.start_mark,
            )
        self._depth = getattr(self, "_depth", 0) + 1
        if self._depth > _DEEPEST:
            raise ComposerError(None, None, "this is nested too deeply", event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _compose(text: str) -> Node | None:
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as odd:
        line = text.count("\n", 0, odd.position) + 1
        raise NotYaml(
            line,
            "there is a character that YAML does not allow",
            "remove it, or write the file anew as UTF-8",
        ) from None
    except yaml.MarkedYAMLError as error:
        raise NotYaml(*_explained(error)) from None


def _explained(error: yaml.MarkedYAMLError) -> tuple[int, str, str | None]:
    """The parser's words without its excerpt of the file, which may hold a secret."""
    mark = error.problem_mark or error.context_mark
    line, problem = (mark.line + 1 if mark else 1), error.problem or "this is not YAML"
    if "'\\t'" in problem:
        return line, "a tab stands where YAML wants spaces", "indent with spaces"
    if "character '@'" in problem or "character '`'" in problem:
        return line, "a text cannot begin with this character", 'put it in quotes ("@name")'
    if "mapping values are not allowed" in problem:
        return (
            line,
            "there is a colon where none can be",
            "put a text that holds `: ` in quotes, and look at the indentation",
        )
    if "another document" in problem or "expected '<document start>'" in problem:
        return line, "only one document can be in the file", "remove what follows `---`"
    return line, problem, None


def _plain(node: Node, where: Where, document: Document) -> Plain:
    if node.tag not in _PLAIN_TAGS:
        document.spoil(where, "has a tag (`!…`), which cannot be used", "remove the tag")
        return None
    if isinstance(node, MappingNode):
        return dict(_pairs(node, where, document))
    if isinstance(node, SequenceNode):
        return [_item(child, (*where, number), document) for number, child in enumerate(node.value)]
    return None if node.tag == _NULL else str(node.value)


def _pairs(node: MappingNode, where: Where, document: Document) -> Iterator[tuple[str, Plain]]:
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            document.add(where, "has a key that is not a plain word", "write `key: value`")
            continue
        here = (*where, str(key.value))
        if here in document.lines:
            first, again = document.lines[here], _line(key)
            problem = f"is given twice; the first is at line {first}"
            document.problems.append(Problem(here, problem, "keep one of them", again))
            continue
        document.lines[here] = _line(
            value if isinstance(value, ScalarNode) and value.value else key
        )
        yield str(key.value), _plain(value, here, document)


def _item(node: Node, where: Where, document: Document) -> Plain:
    document.lines[where] = _line(node)
    return _plain(node, where, document)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
