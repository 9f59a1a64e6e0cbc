"""Parquet → text columns, so that one grammar of cells serves every kind of file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from offerwright.errors import SnapshotRefused
from offerwright.facts.read import Records, Wanted, require_columns
from offerwright.facts.schema import SourceDef


def read_parquet(source: SourceDef, content: bytes, digest: str, wanted: Wanted) -> Records:
    """The wanted columns of a Parquet file as text; `rows` are record numbers from 1.

    Decimals lose trailing zeros, which there are the column's and not the value's. A float is
    read by its shortest text (59.9, not 59.8999…), and refused as a cell where that has more
    than 8 decimals.
    """
    try:
        present = list(pl.read_parquet_schema(io.BytesIO(content)))
        require_columns(source, wanted, present)
        table = pl.read_parquet(io.BytesIO(content), columns=list(wanted.columns))
    except PolarsError as exc:
        raise SnapshotRefused(
            f"{source.file} (source `{source.name}`) cannot be read as Parquet: {exc}."
        ) from exc
    return Records(_cells(source, table, wanted), _numbers(0, table.height), (), digest)


def parquet_parts(
    source: SourceDef, path: Path, digest: str, wanted: Wanted, rows: int
) -> Iterator[Records]:
    """The same, so many records at a time, of a file that memory need not hold."""
    try:
        require_columns(source, wanted, list(pl.scan_parquet(path, glob=False).collect_schema()))
        scan = pl.scan_parquet(path, glob=False).select(*wanted.columns)
        height = scan.select(pl.len()).collect().item()
        # A file without a record has one part all the same, which knows its columns.
        for start in range(0, max(height, 1), rows):
            table = scan.slice(start, rows).collect()
            cells = _cells(source, table, wanted)
            yield Records(cells, _numbers(start, table.height), (), digest)
    except PolarsError as exc:
        raise SnapshotRefused(
            f"{source.file} (source `{source.name}`) cannot be read as Parquet: {exc}."
        ) from exc


def parquet_height(path: Path) -> int:
    """How many records a Parquet file has; none where it cannot be read."""
    try:
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except (OSError, PolarsError):
        return 0


def _cells(source: SourceDef, table: pl.DataFrame, wanted: Wanted) -> pl.DataFrame:
    return table.select(
        _as_text(source, name, table.schema[name]).alias(name) for name in wanted.columns
    )


def _numbers(start: int, height: int) -> pl.Series:
    return pl.Series("row", range(start + 1, start + height + 1), dtype=pl.Int64)


def _as_text(source: SourceDef, name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner if isinstance(dtype.inner, pl.DataType) else dtype.inner()
        text = _scalar_text(source, name, inner, pl.element())
        return pl.col(name).cast(pl.List(inner)).list.eval(text)
    return _scalar_text(source, name, dtype, pl.col(name))


def _scalar_text(source: SourceDef, name: str, dtype: pl.DataType, cell: pl.Expr) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        written = "%Y-%m-%dT%H:%M:%S%.f"  # nanoseconds show, and are refused
        if dtype.time_zone is None:
            return cell.dt.strftime(written)
        return cell.dt.convert_time_zone("UTC").dt.strftime(written + "Z")
    if isinstance(dtype, pl.Duration):
        micros = cell.dt.total_microseconds()
        whole_seconds = (micros // 1_000_000).cast(pl.String) + " seconds"
        parts = micros.cast(pl.String) + " microseconds"  # no cell of ours: refused
        return pl.when(micros % 1_000_000 == 0).then(whole_seconds).otherwise(parts)
    if isinstance(dtype, pl.Decimal):
        text = cell.cast(pl.String)
        whole = text.str.contains(".", literal=True)
        trimmed = text.str.strip_chars_end("0").str.strip_suffix(".")
        return pl.when(whole).then(trimmed).otherwise(text)
    if dtype == pl.Boolean:
        return pl.when(cell).then(pl.lit("true")).when(~cell).then(pl.lit("false"))
    text_like = isinstance(dtype, pl.Categorical | pl.Enum | pl.String | pl.Date | pl.Null)
    if text_like or dtype.is_numeric():
        return cell.cast(pl.String)
    raise SnapshotRefused(
        f"{source.file} (source `{source.name}`): the column `{name}` holds {dtype}, "
        "which is no type of fact. Write it as text, number, date or list."
    )
