"""Values of a YAML text replaced at their spans; every other character stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from offerwright.errors import Span
from offerwright.source.text import LINE_BREAK

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Patch:
    """What stands at a span from now on."""

    span: Span
    text: str


def patched(content: bytes, patches: Sequence[Patch]) -> bytes:
    """The content with every span replaced. Spans must not overlap."""
    text = content.decode("utf-8")
    bom = BOM if text.startswith(BOM) else ""
    text = text.removeprefix(BOM)
    starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]
    for one in sorted(patches, key=lambda p: p.span, reverse=True):
        first = starts[one.span.line - 1] + one.span.column - 1
        last = starts[one.span.end_line - 1] + one.span.end_column - 1
        text = f"{text[:first]}{one.text}{text[last:]}"
    return f"{bom}{text}".encode()


def written_at(content: bytes, span: Span) -> str:
    """What stands at a span now."""
    text = content.decode("utf-8").removeprefix(BOM)
    starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]
    first = starts[span.line - 1] + span.column - 1
    return text[first : starts[span.end_line - 1] + span.end_column - 1]
