"""
YAML text → pieces: dashes, keys, colons and values, each with the column where it belongs.

Two blanks per level; a list begins two blanks inside its key. Pieces hold every character that is
not a blank or a comment, so what is laid out from them cannot lose a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from yaml import tokens as t

from offerwright.source.layout.flow import Flow, read_flow
from offerwright.source.nodes import Mark, span
from offerwright.source.yaml import PARSER
from offerwright.source.yaml_errors import Refusal, say

STEP = 2
Kind = Literal["dash", "key", "colon", "value", "flow", "block", "mark"]

_OPENS = (t.FlowMappingStartToken, t.FlowSequenceStartToken)
_CLOSES = (t.FlowMappingEndToken, t.FlowSequenceEndToken)
_VALUES = (t.ScalarToken, t.AliasToken, t.AnchorToken, t.TagToken)
_MARKS = (t.DocumentStartToken, t.DocumentEndToken)


@dataclass(frozen=True, slots=True)
class Level:
    """An open map or list: the column it has, and the one it belongs in."""

    number: int
    is_map: bool
    was: int
    column: int
    # A list whose dashes stand below their key has no end of its own in the token stream.
    is_indentless: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `column` is where it belongs when it is the first on its line."""

    kind: Kind
    start: Mark
    end: Mark
    column: int
    level: Level
    open_levels: tuple[Level, ...]
    flow: Flow | None = None

    @property
    def is_on_one_line(self) -> bool:
        return self.start[0] == self.end[0]


class _Walk:
    """The open levels while the tokens go by, and what the next value belongs to."""

    def __init__(self, lines: list[str], file: str) -> None:
        self.lines = lines
        self.file = file
        self.top = Level(0, True, 0, 0)
        self.levels: list[Level] = []
        self.count = 0
        self.after = "start"

    def pieces(self, tokens: Iterator[Any]) -> Iterator[Piece]:
        for token in tokens:
            if isinstance(token, _OPENS):
                yield self._flow(token, tokens)
            elif isinstance(token, _VALUES):
                yield self._value(token)
            elif isinstance(token, t.BlockEntryToken):
                yield self._dash(token)
            elif isinstance(token, t.ValueToken):
                yield self._piece("colon", token, self._content_column())
                self.after = "colon"
            elif isinstance(token, _MARKS):
                yield self._piece("mark", token, 0)
            else:
                self._structure(token)

    def _structure(self, token: Any) -> None:
        if isinstance(token, t.BlockMappingStartToken | t.BlockSequenceStartToken):
            is_map = isinstance(token, t.BlockMappingStartToken)
            self._open(is_map, token.start_mark.column, self._content_column(), False)
        elif isinstance(token, t.BlockEndToken):
            self._close_indentless()
            self.levels.pop()
        elif isinstance(token, t.KeyToken):
            self._close_indentless()
            if token.end_mark.index > token.start_mark.index:
                start, end = _mark(token.start_mark), _mark(token.end_mark)
                raise Refusal(
                    say("LAYOUT_REFUSED", "a key that begins with `?` is not laid out",
                        span(self.file, start, end), "write `key: value` on one line")
                )  # fmt: skip
            self.after = "key"

    def _open(self, is_map: bool, was: int, column: int, is_indentless: bool) -> None:
        self.count += 1
        self.levels.append(Level(self.count, is_map, was, column, is_indentless))

    def _close_indentless(self) -> None:
        if self._level().is_indentless:
            self.levels.pop()

    def _level(self) -> Level:
        return self.levels[-1] if self.levels else self.top

    def _content_column(self) -> int:
        """Where a value belongs that begins a line of its own."""
        return 0 if self.after == "start" else self._level().column + STEP

    def _dash(self, token: Any) -> Piece:
        if self._level().is_map:
            self._open(False, token.start_mark.column, self._level().column + STEP, True)
        piece = self._piece("dash", token, self._level().column)
        self.after = "dash"
        return piece

    def _value(self, token: Any) -> Piece:
        is_block = isinstance(token, t.ScalarToken) and token.style in ("|", ">")
        kind: Kind = "key" if self.after == "key" else "block" if is_block else "value"
        column = self._level().column if kind == "key" else self._content_column()
        return self._piece(kind, token, column)

    def _flow(self, token: Any, tokens: Iterator[Any]) -> Piece:
        inner, depth = [token], 1
        while depth:
            inner.append(next(tokens))
            depth += isinstance(inner[-1], _OPENS) - isinstance(inner[-1], _CLOSES)
        start, end = _mark(token.start_mark), _mark(inner[-1].end_mark)
        flow = read_flow(inner, self.lines[start[0]]) if start[0] == end[0] else None
        column = self._content_column()
        return Piece("flow", start, end, column, self._level(), tuple(self.levels), flow)

    def _piece(self, kind: Kind, token: Any, column: int) -> Piece:
        start, end = _mark(token.start_mark), _mark(token.end_mark)
        if kind == "block":
            end = self._end_of_block(start, end)
        return Piece(kind, start, end, column, self._level(), tuple(self.levels))

    def _end_of_block(self, start: Mark, end: Mark) -> Mark:
        """The end of a block text without the blank lines below it, which say nothing unless its
        first line asks to keep them."""
        last = end[0] - 1 if end[1] == 0 else end[0]
        header = self.lines[start[0]][start[1] :].split("#")[0]
        while "+" not in header and last > start[0] and not self.lines[last].strip():
            last -= 1
        return last, len(self.lines[last])


def read_pieces(text: str, lines: list[str], file: str) -> list[Piece]:
    """The pieces of a text that `read_yaml` has accepted. Raises `Refusal` for a `?` key."""
    return list(_Walk(lines, file).pieces(yaml.scan(text, Loader=PARSER)))


def _mark(mark: Any) -> Mark:
    return mark.line, mark.column
