"""Facts against the headers of the CSV files in the repository: what no source delivers."""

from __future__ import annotations

import csv
import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from offerwright.errors import Diagnostic
from offerwright.facts.schema import FactSchema, SourceDef
from offerwright.source.suggest import allowed_words, did_you_mean

MAX_HEADING = 64 << 10


def undelivered(schema: FactSchema, root: Path) -> tuple[list[Diagnostic], tuple[str, ...]]:
    """
    Every fact whose column is not in the header of its source.

    Only the first line of CSV files in the repository is read; a file that is not there, or whose
    first line cannot be told, says nothing.

    Returns:
        The findings, and the files that were looked for.
    """
    found: list[Diagnostic] = []
    files = [source.file for source in schema.sources.values() if source.format == "csv"]
    for source in schema.sources.values():
        columns = _columns(source, root) if source.format == "csv" else None
        if columns is not None:
            found += _absent(schema, source, columns)
    return found, tuple(sorted(files))


def read_heading(root: Path, file: str) -> bytes | None:
    """
    The first line of a source, and the second where the first is `sep=`.

    None where there is no regular file inside the repository that can be read, or no line break in
    its first 64 KiB.
    """
    path = os.path.realpath(root / file)
    if not Path(path).is_relative_to(os.path.realpath(root)):
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            inflated = gzip.GzipFile(fileobj=stream) if file.lower().endswith(".gz") else stream
            lines = inflated.read(MAX_HEADING).splitlines(keepends=True)
    except (OSError, EOFError, zlib.error, ValueError):
        return None
    head = b"".join(lines[: 2 if lines and lines[0][:4].lower() == b"sep=" else 1])
    return head if len(lines) > 1 or len(head) < MAX_HEADING else None


def _columns(source: SourceDef, root: Path) -> list[str] | None:
    """The names in the header; None where they cannot be told from one line."""
    head = read_heading(root, source.file)
    if head is None or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    lines = head.decode("utf-8-sig", "replace").splitlines()
    delimiter = source.delimiter
    if lines and lines[0][:4].lower() == "sep=" and len(lines[0]) > 4:
        delimiter, lines = lines[0][4], lines[1:]
    try:
        cells = next(csv.reader(lines, delimiter=delimiter, strict=True), [])
    except csv.Error:  # a cell that goes on in the next line
        return None
    return [cell.strip(" \t") for cell in cells] or None


def _absent(schema: FactSchema, source: SourceDef, columns: list[str]) -> Iterator[Diagnostic]:
    key_column = source.key or source.per
    for name in source.facts:
        fact = schema.facts[name]
        if fact.column not in columns:
            near = did_you_mean(fact.column, columns) or allowed_words(columns)
            yield Diagnostic(
                "FACT_NOT_DELIVERED",
                f"{source.file} has no column `{fact.column}`, which the fact `{name}` reads",
                fact.span,
                near,
            )
        elif key_column and key_column not in columns:
            yield Diagnostic(
                "FACT_NOT_DELIVERED",
                f"{source.file} has no column `{key_column}`, "
                f"which tells the rows of the fact `{name}` apart",
                fact.span,
                did_you_mean(key_column, columns) or allowed_words(columns),
            )
