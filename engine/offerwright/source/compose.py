"""
Events of a YAML parser → nodes. What a scalar means, which keys are equal, how deep and how often
things may nest is decided here. No step recurses, so hostile nesting cannot exhaust a stack.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NamedTuple

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from offerwright.errors import Diagnostic, Related, Span
from offerwright.source.nodes import Mark, Node, span
from offerwright.source.text import split_lines
from offerwright.source.yaml_errors import (
    Refusal,
    empty_file,
    not_a_map,
    say,
    template_not_quoted,
    unsafe_key,
    unsafe_scalar,
)

MAX_DEPTH = 64
MAX_VALUES = 200_000
MAX_ALIASES = 100
MAX_FOUND = 200

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


def resolve(written: str) -> Any:
    """What an unquoted scalar means: a canonical decimal, true, false, nothing, else its text."""
    if written in _WORDS:
        return _WORDS[written]
    if written[0] in "-0123456789" and len(written) <= 42 and _NUMBER.fullmatch(written):
        digits = len(written) - written.count("-") - written.count(".")
        return Decimal(written) if digits <= 40 else written
    return written


class _Weight(NamedTuple):
    """What an anchored value costs wherever an alias repeats it."""

    values: int = 1
    depth: int = 0
    aliases: int = 0


_ONE = _Weight()


class _Frame:
    """A map or list that is still open."""

    __slots__ = (
        "aliases", "anchor", "children", "data", "depth", "end", "is_flow", "key", "start",
        "values",
    )  # fmt: skip

    def __init__(self, event: Any, is_map: bool) -> None:
        self.start = _mark(event.start_mark)
        self.end = self.start
        self.is_flow = bool(event.flow_style)
        self.anchor: str | None = event.anchor
        self.data: Any = {} if is_map else []
        self.children: Any = {} if is_map else []
        self.key: tuple[str, Mark, Mark] | None = None
        self.values = 1
        self.depth = 0
        self.aliases = 0


class Composer:
    """Turns events into nodes; collects mistakes, and stops at what makes the rest unreadable."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines = split_lines(text)
        self.found: list[Diagnostic] = []
        self.open: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, _Weight] | None] = {}
        self.used: set[str] = set()
        self.anchored_at: dict[str, Span] = {}
        self.root: Node | None = None
        self.total = 0
        self.documents = 0
        # Plain keys of which nothing is to be said: most of them come again in every row.
        self.sound_keys: set[str] = set()

    def run(self, parser: Any) -> Node | None:
        next_event, handlers = parser.get_event, self._handlers()
        while True:
            event = next_event()
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
            elif isinstance(event, StreamEndEvent):
                return self._finished()

    def _handlers(self) -> dict[type, Any]:
        return {
            ScalarEvent: self._scalar,
            MappingStartEvent: lambda event: self._start(event, True),
            SequenceStartEvent: lambda event: self._start(event, False),
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._document,
        }

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise Refusal(
                say("SECOND_DOCUMENT", "a second document begins here", self._span(event),
                    "one file holds one document: move it into a file of its own")
            )  # fmt: skip

    def _scalar(self, event: Any) -> None:
        frame = self.open[-1] if self.open else None
        value, begins, ends = event.value, event.start_mark, event.end_mark
        start, end = (begins.line, begins.column), (ends.line, ends.column)
        if event.tag is not None:
            self._tag(event)
        if frame is not None and frame.key is None and type(frame.data) is dict:
            self._key(frame, event, value, start, end)
            return
        style = event.style
        # Most values are plain words of ASCII, of which nothing can be said.
        if style or not value or not value.isascii() or not value.isprintable():
            refused = unsafe_scalar(event, lambda: self._rest(start), lambda: self._rest(end))
            if refused:
                code, message, hint = refused
                self._report(say(code, message, self._span(event), hint))
        node = Node(value if style else resolve(value), start, end)
        if event.anchor is not None:
            self._anchor(event.anchor, event)
            self.anchors[event.anchor] = (node, _ONE)
        self._add(frame, node, _ONE)

    def _key(self, frame: _Frame, event: Any, key: str, start: Mark, end: Mark) -> None:
        frame.key = (key, start, end)
        if event.anchor is not None:
            self._report(say("ALIAS", "a key cannot have an anchor", self._span(event)))
        if event.style or key not in self.sound_keys:
            self._judge_key(event, key)
        if key in frame.data:
            first = frame.children[key]
            here = Related(self._marks(first[0], first[1]), "first written here")
            self._report(
                Diagnostic(
                    "DUPLICATE_KEY",
                    f"the key {key!r} is written twice; the first is on line {first[0][0] + 1}",
                    self._span(event),
                    "keep one of them",
                    related=(here,),
                )
            )

    def _judge_key(self, event: Any, key: str) -> None:
        refused = unsafe_key(key, bool(event.style))
        if refused:
            code, message, hint = refused
            self._report(say(code, message, self._span(event), hint))
        elif not event.style:
            self.sound_keys.add(key)

    def _start(self, event: Any, is_map: bool) -> None:
        frame = self.open[-1] if self.open else None
        if event.tag is not None:
            self._tag(event)
        if frame is not None and frame.key is None and type(frame.data) is dict:
            line, column = _mark(event.start_mark)
            is_template = self.lines[line][max(0, column - 1) : column + 1] == "{{"
            raise Refusal(template_not_quoted(self._marks((line, column - 1), (line, column + 1)))
                          if is_template else self._no_text_key(event))  # fmt: skip
        if event.anchor is not None:
            self._anchor(event.anchor, event)
            self.anchors[event.anchor] = None
        self.open.append(_Frame(event, is_map))
        self._limit_depth(0, event)

    def _end(self, event: Any) -> None:
        frame = self.open.pop()
        end = _mark(event.end_mark) if frame.is_flow else frame.end
        node = Node(frame.data, frame.start, end, frame.children)
        weight = _Weight(frame.values, frame.depth + 1, frame.aliases)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (node, weight)
        self._add(self.open[-1] if self.open else None, node, weight)

    def _alias(self, event: Any) -> None:
        frame = self.open[-1] if self.open else None
        if frame is not None and type(frame.data) is dict and frame.key is None:
            raise Refusal(self._no_text_key(event))
        name = event.anchor
        if name not in self.anchors:
            raise Refusal(
                say("ALIAS", f"`*{name}` repeats nothing: there is no `&{name}` before it",
                    self._span(event), f'quote it if it is text: "*{name}"')
            )  # fmt: skip
        known = self.anchors[name]
        if known is None:
            raise Refusal(
                say("ALIAS", f"`*{name}` stands inside `&{name}` and would contain itself",
                    self._span(event), "write the value out")
            )  # fmt: skip
        self.used.add(name)
        node, weight = known
        self._limit_depth(weight.depth, event)
        self._add(frame, node, weight._replace(aliases=weight.aliases + 1), event)

    def _add(self, frame: _Frame | None, node: Node, weight: _Weight, event: Any = None) -> None:
        if frame is None:
            self.root = node
            return
        if frame.key is None:
            frame.data.append(node.data)
            frame.children.append(node)
        else:
            key, start, end = frame.key
            frame.data[key] = node.data
            frame.children[key] = (start, end, node)
            frame.key = None
        # An alias ends where it stands, not where its value was written.
        frame.end = node.end if event is None else _mark(event.end_mark)
        if weight is _ONE:
            frame.values += 1
            self.total += 1
        else:
            frame.values += weight.values
            frame.aliases += weight.aliases
            frame.depth = max(frame.depth, weight.depth)
            self.total += 1 if event is None else weight.values
        if self.total > MAX_VALUES or frame.aliases > MAX_ALIASES:
            self._too_much(frame, event)

    def _too_much(self, frame: _Frame, event: Any) -> None:
        where = self._span(event) if event is not None else self._marks(frame.start, frame.end)
        if frame.aliases > MAX_ALIASES:
            raise Refusal(
                say("ALIAS", f"aliases repeat values more than {MAX_ALIASES} times", where,
                    "write the values out, or use a table")
            )  # fmt: skip
        raise Refusal(
            say("TOO_MANY_VALUES", f"the file holds more than {MAX_VALUES:,} values", where,
                "move long tables into CSV files, or split the file")
        )  # fmt: skip

    def _limit_depth(self, below: int, event: Any) -> None:
        if len(self.open) + below > MAX_DEPTH:
            raise Refusal(
                say("TOO_DEEP", f"more than {MAX_DEPTH} levels of lists and maps",
                    self._span(event),
                    "close brackets that were left open, or write it flatter")
            )  # fmt: skip

    def _tag(self, event: Any) -> None:
        written = self._rest(_mark(event.start_mark)).split(" ")[0]
        self._report(
            say("TAG", f"the tag `{written}` is not allowed", self._span(event),
                "delete it, or quote the whole value if `!` is part of the text")
        )  # fmt: skip

    def _anchor(self, name: str, event: Any) -> None:
        if name in self.anchors:
            self._report(
                say("ALIAS", f"the anchor `&{name}` is written twice", self._span(event),
                    "give each anchor its own name")
            )  # fmt: skip
        start = _mark(event.start_mark)
        self.anchored_at[name] = self._marks(start, (start[0], start[1] + len(name) + 1))

    def _finished(self) -> Node | None:
        if self.root is None or (self.root.children is None and self.root.data is None):
            self.found.append(empty_file(self.file, "the file holds no document, only comments"))
        elif not isinstance(self.root.data, dict):
            self.found.append(not_a_map(self._marks(self.root.start, self.root.end)))
        self.found.extend(
            say("QUOTE_NEEDED", f"`&{name}` names a value that no `*{name}` repeats", span,
                "quote the whole value if `&` is part of the text, else delete it")
            for name, span in self.anchored_at.items() if name not in self.used
        )  # fmt: skip
        return self.root

    def _report(self, diagnostic: Diagnostic) -> None:
        if len(self.found) + 1 >= MAX_FOUND:
            raise Refusal(diagnostic)
        self.found.append(diagnostic)

    def _no_text_key(self, event: Any) -> Diagnostic:
        return say(
            "KEY_NOT_TEXT",
            "a key must be plain text, not a list, a map or an alias",
            self._span(event),
            "quote the text if it was meant as a value",
        )

    def _rest(self, mark: Mark) -> str:
        """The line from a mark on, as far as messages look."""
        line, column = mark
        return self.lines[line][column : column + 80] if line < len(self.lines) else ""

    def _span(self, event: Any) -> Span:
        return self._marks(_mark(event.start_mark), _mark(event.end_mark))

    def _marks(self, start: Mark, end: Mark) -> Span:
        return span(self.file, start, end)


def _mark(mark: Any) -> Mark:
    return mark.line, mark.column
