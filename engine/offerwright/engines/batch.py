"""Snapshot rows as an Arrow table → offers as an Arrow table: what distributed engines map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa

from offerwright.bundle.unpack import unpack
from offerwright.evaluate.bulk import listed
from offerwright.evaluate.run import Executor

ASKED = "_asked"
"""A column of truths that a table may have: false for rows that are there for their kin alone."""


def evaluate_batch(
    rules: bytes, as_of: datetime, accounts: Sequence[str] | None = None
) -> Callable[[pa.Table], pa.Table]:
    """
    The evaluation as one function: rows of a snapshot in, offers of all their accounts out.

    The rules are unpacked here, once; the function may be called any number of times, and says the
    same of a row whatever rows stand beside it, as long as kits come with their components. Its
    columns are those of `evaluate.listing.listing`; names, order and types depend on the rules and
    on the columns of the table, never on its rows.

    Args:
        rules: the bytes of a bundle.
        as_of: the moment of the computation, with a zone.
        accounts: only these; all if None.

    Raises:
        BundleRefused: the bytes are no bundle of this version.
    """
    executor = Executor(unpack(rules, Path()).rules)

    def evaluate(rows: pa.Table) -> pa.Table:
        frame, skus = _asked(frame_of(rows))
        return table_of(listed(executor.run(frame, as_of, None, accounts, skus)))

    return evaluate


def _asked(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str] | None]:
    if ASKED not in frame.columns:
        return frame, None
    return frame.drop(ASKED), frame.filter(pl.col(ASKED))["sku"].to_list()


def frame_of(rows: pa.Table) -> pl.DataFrame:
    """An Arrow table as `frames.SNAPSHOT`, whatever words its engine has for a type."""
    frame = pl.DataFrame(pl.from_arrow(rows.combine_chunks()))
    return frame.with_columns(
        pl.col(name).cast(wanted)
        for name, dtype in frame.schema.items()
        if (wanted := _word(dtype)) != dtype
    )


def _word(dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, pl.List):
        inner = dtype.inner
        return pl.List(_word(inner if isinstance(inner, pl.DataType) else inner()))
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.String()
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC")
    return pl.Int64() if dtype.is_integer() else dtype


def table_of(frame: pl.DataFrame) -> pa.Table:
    """A frame as an Arrow table of the plain types that every engine has, without metadata."""
    table = frame.to_arrow()
    schema = pa.schema([pa.field(f.name, _plain(f.type)) for f in table.schema])
    return table.cast(schema).replace_schema_metadata(None)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Texts and lists with 32-bit offsets."""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, _plain(f.type)) for f in kind])
    return kind
