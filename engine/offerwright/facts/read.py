"""One source file → its records as columns of text, with the line of each; nothing is typed yet."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from offerwright.errors import SnapshotRefused
from offerwright.facts.rejects import Reject, shown
from offerwright.facts.schema import SourceDef
from offerwright.source.suggest import did_you_mean

MAX_BYTES = 1 << 30
MAX_CELL = 131_072  # also the limit of the csv module, which bounds an unclosed quote


@dataclass(frozen=True)
class Wanted:
    """The columns to read, each with the facts that want it, and those read as lists."""

    columns: Mapping[str, str]
    lists: frozenset[str]


@dataclass(frozen=True)
class Records:
    """The records of a file that could be told apart.

    `cells` has the wanted columns, String or List(String); `rows` the line (in Parquet the number)
    of each record. `rejects` are the records that are not in `cells`, one each.
    """

    cells: pl.DataFrame
    rows: pl.Series
    rejects: tuple[Reject, ...]
    sha256: str

    @property
    def rows_in(self) -> int:
        return self.cells.height + len(self.rejects)


def source_path(source: SourceDef, root: Path, data_root: Path | None) -> Path:
    """The place of a source's file under the data root, else the repository root.

    Raises SnapshotRefused for a path that leaves it, by `..` or by a link.
    """
    base = (data_root or root).resolve()
    path = (base / source.file).resolve()
    if not path.is_relative_to(base):
        raise SnapshotRefused(
            f"{source.file} (source `{source.name}`) leads out of the folder it belongs to. "
            "Put the file inside, or name its folder with --data PATH."
        )
    return path


def read_file(source: SourceDef, path: Path) -> tuple[bytes, str]:
    """The content of a source (inflated, for `.gz`) and the SHA-256 of the file as stored."""
    try:
        if not path.is_file():
            raise FileNotFoundError("there is no such file")
        if path.stat().st_size > MAX_BYTES:
            raise OSError(f"it is larger than {MAX_BYTES >> 20} MiB")
        stored = path.read_bytes()
        digest = hashlib.sha256(stored).hexdigest()
        return (_inflated(path) if path.suffix.lower() == ".gz" else stored), digest
    except (OSError, EOFError, zlib.error) as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise SnapshotRefused(
            f"{source.file} (source `{source.name}`) cannot be read: {why}."
        ) from exc


def _inflated(path: Path) -> bytes:
    with gzip.open(path) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(f"it inflates to more than {MAX_BYTES >> 20} MiB")
    return content


def text_of(source: SourceDef, content: bytes) -> str:
    """The text of a UTF-8 file without its byte order mark.

    Bytes that are not UTF-8 become lone surrogates (`surrogateescape`), so that the rows they
    stand in can be rejected and the others kept.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SnapshotRefused(
            f"{source.file} (source `{source.name}`) is UTF-16. Save it as CSV UTF-8."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("utf-8-sig", "surrogateescape")


def has_broken_bytes(text: str) -> bool:
    """True for a text with bytes that were not UTF-8, or with half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def require_columns(source: SourceDef, wanted: Wanted, present: list[str]) -> None:
    """Raises SnapshotRefused when a wanted column is absent or a name stands there twice."""
    double = sorted({name for name in present if name and present.count(name) > 1})
    if double:
        raise SnapshotRefused(
            f"{source.file} (source `{source.name}`) has the column `{shown(double[0])}` twice. "
            "Rename or remove one of them."
        )
    for column, wanted_by in wanted.columns.items():
        if column not in present:
            names = [shown(name) for name in present if name]
            near = did_you_mean(column, names)
            guess = f" {near[0].upper()}{near[1:]}" if near else ""
            raise SnapshotRefused(
                f"{source.file} (source `{source.name}`) has no column `{column}`, "
                f"which {wanted_by}. It has the columns {', '.join(names) or 'none'}.{guess}"
                f"{_delimiter_hint(source, present)}"
            )


def _delimiter_hint(source: SourceDef, present: list[str]) -> str:
    if source.format != "csv" or len(present) != 1:
        return ""
    other = next((d for d in (";", "\t", "|", ",") if d in present[0]), None)
    if other is None:
        return ""
    written = "\\t" if other == "\t" else other
    return f' The cells seem to be separated by `{written}`: write `delimiter: "{written}"`.'


Reader = Callable[[SourceDef, bytes, str, Wanted], Records]


def read_source(
    source: SourceDef, wanted: Wanted, root: Path, data_root: Path | None = None
) -> Records:
    """Read one source file.

    Raises SnapshotRefused when the file is absent, unreadable, or lacks a wanted column; a record
    that cannot be told apart is among the rejects.
    """
    from offerwright.facts.read_csv import read_csv
    from offerwright.facts.read_jsonl import read_jsonl
    from offerwright.facts.read_parquet import read_parquet

    readers: dict[str, Reader] = {"csv": read_csv, "jsonl": read_jsonl, "parquet": read_parquet}
    content, digest = read_file(source, source_path(source, root, data_root))
    return readers[source.format](source, content, digest, wanted)
