"""What commands print: tables, errors, JSON. Text from outside never reaches a terminal raw."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TextIO

from offerwright.errors import ConfigError, Diagnostic, Fix, OfferwrightError, Related, Span
from offerwright.source.escapes import escaped
from offerwright.source.snippet import render_text

VERSION = 1
BEFORE: ContextVar[Callable[[], None] | None] = ContextVar("before", default=None)
"""What makes room on the terminal for other output; set while something is drawn there."""


def printable(text: str) -> str:
    """The text with control characters shown as \\x1b."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def echo(text: str = "") -> None:
    """One result line on stdout."""
    put(printable(text) + "\n")


def tell(text: str) -> None:
    """One line for people on stderr."""
    put(printable(text) + "\n", sys.stderr)


def number_of(count: int, word: str) -> str:
    """So many of something: `1 file`, `2 files`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def put(data: str | bytes, stream: TextIO | None = None) -> None:
    """
    Write to stdout, or to another stream, at once.

    A reader that has gone (`| head`) is no failure: the command goes on and ends with its own exit
    code, and what it still says goes nowhere.
    """
    target = stream or sys.stdout
    make_room = BEFORE.get()
    if make_room is not None:
        make_room()
    try:
        if isinstance(data, bytes):
            target.buffer.write(data)
        else:
            target.write(data)
        target.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), target.fileno())


def report_error(problem: OfferwrightError) -> None:
    """What went wrong, on stderr."""
    if isinstance(problem, ConfigError):
        put(render_text(problem.diagnostics, {}) + "\n", sys.stderr)
    tell(f"error: {problem}")


def diagnostic_json(found: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The shape of `schemas/output/check.schema.json`."""
    return [
        {
            "code": d.code,
            "severity": d.severity,
            "message": d.message,
            **_place(d.span),
            "hint": d.hint,
            "related": [{**_place(r.span), "message": r.message} for r in d.related],
            "fix": None if d.fix is None else {**_place(d.fix.span), "text": d.fix.text},
        }
        for d in found
    ]


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    return {
        "file": span.file, "line": span.line, "column": span.column,
        "end_line": span.end_line, "end_column": span.end_column,
    }  # fmt: skip


def diagnostics_from_json(records: Iterable[Mapping[str, Any]]) -> list[Diagnostic]:
    """The findings of `diagnostic_json`. Raises KeyError or TypeError for anything else."""
    return [
        Diagnostic(
            r["code"], r["message"], _span(r), r["hint"], r["severity"],
            tuple(Related(_required(_span(one)), one["message"]) for one in r["related"]),
            None if r["fix"] is None else Fix(_required(_span(r["fix"])), r["fix"]["text"]),
        )
        for r in records
    ]  # fmt: skip


def _span(record: Mapping[str, Any]) -> Span | None:
    if record["file"] is None:
        return None
    return Span(
        record["file"], record["line"], record["column"], record["end_line"], record["end_column"]
    )


def _required(span: Span | None) -> Span:
    if span is None:
        raise TypeError("a place is missing")
    return span


def summary_of(found: Sequence[Diagnostic]) -> dict[str, int]:
    """How many findings of each severity."""
    return {
        f"{severity}s": sum(d.severity == severity for d in found)
        for severity in ("error", "warning", "note")
    }


def dump(record: Mapping[str, Any] | Sequence[Any]) -> str:
    """Canonical JSON of a record."""
    return escaped(json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def dump_pretty(record: Mapping[str, Any]) -> str:
    return escaped(json.dumps(record, ensure_ascii=False, sort_keys=True, indent=2))


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[int] = frozenset()
) -> list[str]:
    """Lines of an aligned table."""
    from wcwidth import wcswidth

    cells = [list(map(str, headings)), *(list(map(str, r)) for r in rows)]
    cells = [[printable(cell).replace("\n", "\\n") for cell in row] for row in cells]
    widths = [max(max(wcswidth(row[i]), 0) for row in cells) for i in range(len(headings))]
    lines = []
    for row in cells:
        padded = []
        for i, cell in enumerate(row):
            pad = " " * (widths[i] - max(wcswidth(cell), 0))
            padded.append(pad + cell if i in right else cell + pad)
        lines.append("  ".join(padded).rstrip())
    return lines
