"""
XML bytes → elements that know their place.

The reader is expat with everything switched off that a file could harm by: a document type
declaration, and with it every entity and every reference to another file, is refused where it
begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from offerwright.errors import Diagnostic, Span

MAX_BYTES = 5 << 20
MAX_LEVELS = 100
MAX_ELEMENTS = 100_000
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})")


@dataclass(frozen=True, slots=True)
class Element:
    """One element. `pieces` say where the text stands: (offset into `text`, line, column)."""

    name: str
    namespace: str
    attributes: Mapping[str, str]
    """By local name; those of other namespaces as `{namespace}name`."""
    children: tuple[Element, ...]
    text: str
    pieces: tuple[tuple[int, int, int], ...]
    span: Span

    def all(self, *names: str) -> tuple[Element, ...]:
        """The children of these names and of this element's namespace, in order."""
        return tuple(c for c in self.children if c.name in names and c.namespace == self.namespace)

    def one(self, *names: str) -> Element | None:
        """The first of them."""
        return next(iter(self.all(*names)), None)

    def get(self, name: str) -> str | None:
        """An attribute without the blanks around it; None where there is none."""
        value = self.attributes.get(name)
        return value.strip() or None if value is not None else None

    def place(self, start: int, end: int) -> Span:
        """Where a stretch of the text stands; it ends on the line on which it begins."""
        found = next((p for p in reversed(self.pieces) if p[0] <= start), None)
        if found is None:
            return self.span
        width = max(1, min(end, len(self.text)) - start)
        column = found[2] + start - found[0]
        return Span(self.span.file, found[1], column, found[1], column + width)


@dataclass
class _Open:
    """An element whose end has not been read."""

    name: str
    attributes: dict[str, str]
    span: Span
    children: list[Element] = field(default_factory=list)
    texts: list[tuple[str, int, int]] = field(default_factory=list)


class _Refused(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


def read_xml(content: bytes, file: str) -> tuple[Element | None, list[Diagnostic]]:
    """The root element, or None and why the file is not read."""
    if len(content) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES >> 20} MiB, and XML may have no more"
        return None, [Diagnostic("FILE_TOO_LARGE", message, Span(file, 1, 1, 1, 1),
                                 "export one decision to a file of its own")]  # fmt: skip
    reader = _Reader(file)
    try:
        return reader.read(content), []
    except _Refused as refused:
        return None, [refused.diagnostic]


class _Reader:
    """One reading of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.open: list[_Open] = [_Open("", {}, Span(file, 1, 1, 1, 1))]
        self.elements = 0
        parser = self.parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = False
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def read(self, content: bytes) -> Element:
        try:
            self.parser.Parse(content, True)
        except expat.ExpatError as problem:
            line, column = problem.lineno, problem.offset + 1
            raise _Refused(Diagnostic(
                "NOT_XML", f"this is no well-formed XML: {expat.ErrorString(problem.code)}",
                Span(self.file, line, column, line, column + 1),
                "export the file again from the tool that made it",
            )) from None  # fmt: skip
        except (LookupError, ValueError):
            # What expat asks Python's codecs for, and these do not give it byte by byte.
            said = _ENCODING.search(content[:200])
            name = said[1].decode("ascii") if said else "of its own"
            raise _Refused(Diagnostic(
                "NOT_XML", f"the encoding {name} is not read", Span(self.file, 1, 1, 1, 2),
                "save it as UTF-8, and say so in its first line",
            )) from None  # fmt: skip
        return self.open[0].children[0]

    def _here(self, width: int = 1) -> Span:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        return Span(self.file, line, column, line, column + width)

    def _doctype(self, *_: object) -> None:
        raise _Refused(Diagnostic(
            "XML_DOCTYPE", "a document type declaration is not read: it can hold entities that "
            "grow without end or lead to other files", self._here(9),
            "delete everything from <!DOCTYPE to its end; DMN does not need it",
        ))  # fmt: skip

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        local = name.rpartition(" ")[2]
        span = self._here(len(local) + 1)
        if len(self.open) > MAX_LEVELS or self.elements > MAX_ELEMENTS:
            what = (
                f"elements are nested more than {MAX_LEVELS} deep"
                if len(self.open) > MAX_LEVELS
                else f"more than {MAX_ELEMENTS:,} elements"
            )
            raise _Refused(Diagnostic("TOO_DEEP" if len(self.open) > MAX_LEVELS else
                                      "FILE_TOO_LARGE", what, span,
                                      "export one decision to a file of its own"))  # fmt: skip
        self.open.append(_Open(name, attributes, span))

    def _end(self, name: str) -> None:
        done = self.open.pop()
        self.open[-1].children.append(_element(done))

    def _text(self, text: str) -> None:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        self.open[-1].texts.append((text, line, column))


def _element(done: _Open) -> Element:
    namespace, _, local = done.name.rpartition(" ")
    return Element(
        name=local,
        namespace=namespace,
        attributes=dict(_attributes(done.attributes)),
        children=tuple(done.children),
        text="".join(text for text, _, _ in done.texts),
        pieces=tuple(_pieces(done.texts)),
        span=done.span,
    )


def _pieces(texts: list[tuple[str, int, int]]) -> Iterator[tuple[int, int, int]]:
    offset = 0
    for text, line, column in texts:
        yield offset, line, column
        offset += len(text)


def _attributes(written: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in written.items():
        namespace, _, local = name.rpartition(" ")
        yield (f"{{{namespace}}}{local}" if namespace else local), value
