"""Diagnostics → text for a terminal: the place, the line, a caret under what is meant, the hint."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from offerwright.errors import Diagnostic, Span, sorted_diagnostics
from offerwright.source.text import split_lines

PER_FILE = 20
_WIDTH = 100
_JOINER = "\u200d"  # part of many emoji
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def render_text(diagnostics: Iterable[Diagnostic], files: Mapping[str, bytes]) -> str:
    """
    All findings, ordered by place, at most 20 of a file.

    Args:
        diagnostics: what was found.
        files: the bytes of the files they point into; a file that is missing has no snippet.

    Returns:
        Plain text that ends in a line break, or the empty text. Control characters of the files
        are written as escapes, so that no file can steer the terminal.
    """
    by_file: dict[str, list[Diagnostic]] = {}
    for found in sorted_diagnostics(diagnostics):
        by_file.setdefault(found.span.file if found.span else "", []).append(found)
    lines = {file: _lines(files[file]) for file in _named(by_file.values()) if file in files}
    blocks: list[str] = []
    for file, findings in by_file.items():
        blocks += [_block(found, lines) for found in findings[:PER_FILE]]
        left = len(findings) - PER_FILE
        if left > 0:
            blocks.append(f"… and {left} more in {visible(file)}")
    return "\n".join(f"{block}\n" for block in blocks)


def visible(text: str) -> str:
    """The text with control and direction characters written out: ESC becomes `\\x1b`."""
    return "".join(_shown(c) for c in text)


def cell_width(text: str) -> int:
    """How many terminal cells the text takes: CJK and emoji two, combining marks none."""
    return sum(_cells(c) for c in text)


def _named(groups: Iterable[Sequence[Diagnostic]]) -> set[str]:
    spans = [s for group in groups for d in group for s in (d.span, *(r.span for r in d.related))]
    return {span.file for span in spans if span is not None}


def _block(found: Diagnostic, lines: Mapping[str, list[str]]) -> str:
    """One finding: what a reader needs stands on the first line, the rest only shows it."""
    parts = [_heading(found)]
    spans = [found.span, *(related.span for related in found.related)]
    margin = len(str(max((span.line for span in spans if span), default=1)))
    if found.span is not None and found.code not in _UNSHOWN:
        parts += _snippet(found.span, "", margin, lines)
    for related in found.related:
        parts.append(f"{' ' * margin}::: {visible(str(related.span))}")
        parts += _snippet(related.span, related.message, margin, lines)
    return "\n".join(parts)


def _heading(found: Diagnostic) -> str:
    place = f"{visible(str(found.span))}: " if found.span is not None else ""
    said = "; ".join(visible(part) for part in (found.message, found.hint) if part)
    return f"{place}{found.severity}[{found.code}]: {said}"


# Lines that no screen and no log may repeat.
_UNSHOWN = frozenset({"SECRET_WRITTEN"})


def _snippet(span: Span, label: str, margin: int, lines: Mapping[str, list[str]]) -> list[str]:
    """The line with a caret under the span; nothing of a file that is not there."""
    of_file = lines.get(span.file)
    if of_file is None or not 1 <= span.line <= len(of_file) or of_file == [""]:
        return []
    text, before, marked = _window(of_file[span.line - 1], span)
    carets = f"{' ' * before}{'^' * marked} {visible(label)}".rstrip()
    return [f"{span.line:>{margin}} | {text}".rstrip(), f"{' ' * margin} | {carets}"]


def _window(line: str, span: Span) -> tuple[str, int, int]:
    """The part of a line around a span as it is shown, the cells before the span, its own cells."""
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line)
    first = max(0, start - _WIDTH // 2) if len(line) > _WIDTH else 0
    last = min(len(line), first + _WIDTH)
    lead, tail = ("…" if first else ""), ("…" if last < len(line) else "")
    before = cell_width(visible(lead + line[first:start]))
    marked = cell_width(visible(line[start : min(end, last)]).rstrip())
    return visible(lead + line[first:last] + tail), before, max(1, marked)


def _lines(content: bytes) -> list[str]:
    return split_lines(content.decode("utf-8", "replace").removeprefix("\ufeff"))


def _shown(character: str) -> str:
    if character.isprintable() and character not in _BIDI:
        return character
    return character.encode("unicode_escape").decode("ascii") if character != _JOINER else _JOINER


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
