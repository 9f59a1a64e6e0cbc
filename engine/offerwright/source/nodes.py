"""The nodes of a YAML document, and the spans of its keys and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from offerwright.errors import Span
from offerwright.source.located import Path

Mark = tuple[int, int]


class Node(NamedTuple):
    """A value and where it stands (0-based marks); `children` of maps carry their key's marks."""

    data: Any
    start: Mark
    end: Mark
    children: dict[str, tuple[Mark, Mark, Node]] | list[Node] | None = None


class Spans(Mapping[Path, Span]):
    """The spans of all values, or of all keys, found by walking the nodes when they are asked for:
    most spans of a good file never are."""

    __slots__ = ("_file", "_of_keys", "_root")

    def __init__(self, root: Node, file: str, of_keys: bool) -> None:
        self._root, self._file, self._of_keys = root, file, of_keys

    def __getitem__(self, path: Path) -> Span:
        node, marks = self._root, None
        for part in path:
            children = node.children
            if isinstance(children, dict) and part in children:
                start, end, node = children[str(part)]
                marks = (start, end)
            elif isinstance(children, list) and type(part) is int and 0 <= part < len(children):
                node, marks = children[part], None
            else:
                raise KeyError(path)
        if not self._of_keys:
            return span(self._file, node.start, node.end)
        if marks is None:
            raise KeyError(path)
        return span(self._file, *marks)

    def __iter__(self) -> Iterator[Path]:
        stack: list[tuple[Path, Node, bool]] = [((), self._root, False)]
        while stack:
            path, node, has_key = stack.pop()
            if has_key or not self._of_keys:
                yield path
            if isinstance(node.children, dict):
                below = [((*path, key), child[2], True) for key, child in node.children.items()]
                stack.extend(reversed(below))
            elif node.children:
                items = [((*path, i), child, False) for i, child in enumerate(node.children)]
                stack.extend(reversed(items))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def span(file: str, start: Mark, end: Mark) -> Span:
    """The span between two marks, which count from 0."""
    return Span(file, start[0] + 1, start[1] + 1, end[0] + 1, end[1] + 1)
