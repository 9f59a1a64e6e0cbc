"""
Findings whose hint is certain → the same findings with the fix that `--fix` writes.

Certain is a name that differs from the only likely one in nothing but case, accents, `-` and `_`;
whatever else is probable stays a question to the author.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from offerwright.errors import Diagnostic, Fix, Span
from offerwright.source.suggest import folded
from offerwright.source.text import split_lines

_MEANT = re.compile(r"did you mean '([^']+)'\?")
_QUOTES = ("'", '"')


def with_fixes(found: Iterable[Diagnostic], files: Mapping[str, bytes]) -> list[Diagnostic]:
    """The findings; those with a certain hint carry it as a fix."""
    lines: dict[str, list[str]] = {}
    return [d if d.fix else _fixed(d, files, lines) for d in found]


def _fixed(
    found: Diagnostic, files: Mapping[str, bytes], lines: dict[str, list[str]]
) -> Diagnostic:
    meant = _MEANT.match(found.hint)
    if meant is None or found.span is None or found.span.file not in files:
        return found
    file = found.span.file
    if file not in lines:
        lines[file] = split_lines(files[file].decode("utf-8", "replace").removeprefix("\ufeff"))
    span = _word(found.span, lines[file])
    if span is None:
        return found
    written = lines[file][span.line - 1][span.column - 1 : span.end_column - 1]
    is_same = written != meant[1] and folded(written) == folded(meant[1])
    return replace(found, fix=Fix(span, meant[1])) if is_same else found


def _word(span: Span, lines: list[str]) -> Span | None:
    """The part of a place inside of its quotes; None where it is no part of one line."""
    if span.line != span.end_line or not 1 <= span.line <= len(lines):
        return None
    line = lines[span.line - 1]
    start, end = span.column - 1, span.end_column - 1
    if end - start > 2 and line[start] in _QUOTES and line[end - 1] == line[start]:
        start, end = start + 1, end - 1
    return replace(span, column=start + 1, end_column=end + 1)
