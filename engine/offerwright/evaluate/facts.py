"""Columns of a snapshot → columns of the language, each read when a rule first asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths, Words
from offerwright.frames import scoped_column
from offerwright.rules.plan import Account


class SnapshotColumns(Mapping[str, Column]):
    """
    The facts of a snapshot as one account sees them.

    A fact kept per marketplace or account is found under its plain name. What has been read is
    kept; `shared` lets accounts share it.
    """

    def __init__(
        self, frame: pl.DataFrame, account: Account, shared: dict[str, Column] | None = None
    ) -> None:
        self.frame = frame
        self.held: dict[str, Column] = {} if shared is None else shared
        self.scoped = {
            name.rpartition("@")[0]: name
            for scope in (account.marketplace, account.name)
            for name in frame.columns
            if name.endswith(scoped_column("", scope))
        }

    def __getitem__(self, name: str) -> Column:
        written = self.scoped.get(name, name)
        found = self.held.get(written)
        if found is None:
            if written not in self.frame.columns:
                raise KeyError(name)
            found = self.held[written] = column_of(self.frame[written])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter([*self.frame.columns, *self.scoped])

    def __len__(self) -> int:
        return len(self.frame.columns) + len(self.scoped)

    def lists(self, name: str) -> pl.Series | None:
        """A list fact as it stands in the snapshot."""
        written = self.scoped.get(name, name)
        return self.frame[written] if written in self.frame.columns else None


def column_of(series: pl.Series) -> Column:
    """One column of a frame as a column of the language."""
    dtype = series.dtype
    if dtype == pl.String:
        return words_of(series)
    if dtype == pl.Boolean:
        return Truths(series.fill_null(False).to_numpy(), _state(series))
    if isinstance(dtype, pl.List):
        return _lists_of(series)
    if isinstance(dtype, pl.Decimal):
        return _decimals_of(series, dtype.scale)
    return _integers(series.to_physical(), 0, _state(series))


def _state(series: pl.Series) -> c.State:
    if series.null_count() == 0:
        return None
    return series.is_null().to_numpy().astype(np.uint8)


def _decimals_of(series: pl.Series, scale: int) -> Decimals:
    return _integers(series.to_physical(), scale, _state(series))


def _integers(physical: pl.Series, scale: int, state: c.State) -> Decimals:
    filled = physical.fill_null(0)
    narrow = filled.cast(pl.Int64, strict=False)
    if narrow.null_count() == 0:
        return c.measured(Decimals(narrow.to_numpy(), scale, state))
    wide = np.array([int(v) for v in filled.to_list()], dtype=object)
    return c.measured(Decimals(wide, scale, state))


def words_of(series: pl.Series) -> Words:
    """Text as codes into the distinct texts, in order of appearance."""
    encoded: Any = series.to_arrow().cast(pa.large_string())
    encoded = encoded.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Words(codes, tuple(encoded.dictionary.to_pylist()), _state(series))


def _lists_of(series: pl.Series) -> Lists:
    positions: dict[tuple[Any, ...], int] = {}
    codes = np.array(
        [
            -1 if v is None else positions.setdefault(tuple(v), len(positions))
            for v in series.to_list()
        ],
        dtype=np.int32,
    )
    return Lists(codes, tuple(positions), _state(series))


def decimal_series(column: Decimals, digits: int) -> pl.Series:
    """A price column as Decimal(38, digits); null where it is not there."""
    exact = c.rounded(column, digits)
    if exact.values.dtype == object:
        values = pl.Series([int(v) for v in exact.values], dtype=pl.Int128)
    else:
        values = pl.Series(exact.values).cast(pl.Int128)
    # Units as a whole decimal, then moved by the currency's digits: exact in both steps.
    unit = pl.Series([10**digits], dtype=pl.Int128).cast(pl.Decimal(38, 0))
    scaled = values.cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, digits)) / unit
    known = pl.Series(c.known(exact))
    return scaled.cast(pl.Decimal(38, digits)).zip_with(
        known, pl.Series([None], dtype=pl.Decimal(38, digits)).new_from_index(0, len(column))
    )


def integer_series(values: Any, known: Any) -> pl.Series:
    """Units as Int64; null where they are not known."""
    nothing = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(values))
    return pl.Series(values).cast(pl.Int64).zip_with(pl.Series(known), nothing)
