"""Columns of a snapshot → columns of the language, each read when a rule first asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Column, Decimals, Lists, Truths, Words
from offerwright.frames import policy_column, scoped_column
from offerwright.rules.plan import Account

_LOW = 2**64 - 1


class SnapshotColumns(Mapping[str, Column]):
    """
    The facts of a snapshot as one account sees them.

    A fact kept per marketplace, account or trade policy is found under its plain name. What has
    been read is kept; `shared` lets accounts share it.
    """

    def __init__(
        self, frame: pl.DataFrame, account: Account, shared: dict[str, Column] | None = None
    ) -> None:
        self.frame = frame
        self.names = frozenset(frame.columns)
        self.held: dict[str, Column] = {} if shared is None else shared
        suffixes = [scoped_column("", account.marketplace), scoped_column("", account.name)]
        suffixes += [policy_column("", account.trade_policy)] if account.trade_policy else []
        self.scoped = {
            name.removesuffix(suffix): name
            for suffix in suffixes
            for name in frame.columns
            if name.endswith(suffix)
        }

    def __getitem__(self, name: str) -> Column:
        written = self.scoped.get(name, name)
        found = self.held.get(written)
        if found is None:
            if written not in self.names:
                raise KeyError(name)
            found = self.held[written] = column_of(self.frame[written])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter([*self.frame.columns, *self.scoped])

    def __len__(self) -> int:
        return len(self.frame.columns) + len(self.scoped)

    def counts(self, name: str) -> tuple[Array, Array]:
        """The rows in which a whole number is there, and the numbers; nothing is kept of it."""
        series = self.frame[self.scoped.get(name, name)]
        there = series.is_not_null().arg_true()
        return there.to_numpy(), series.gather(there).to_numpy().astype(np.int64)

    def lists(self, name: str) -> pl.Series | None:
        """A list fact as it stands in the snapshot."""
        written = self.scoped.get(name, name)
        return self.frame[written] if written in self.names else None


def column_of(series: pl.Series) -> Column:
    """One column of a frame as a column of the language."""
    dtype = series.dtype
    if dtype == pl.String:
        return words_of(series)
    if dtype == pl.Boolean:
        state = _state(series)
        return Truths((series if state is None else series.fill_null(False)).to_numpy(), state)
    if isinstance(dtype, pl.List):
        return _lists_of(series)
    if isinstance(dtype, pl.Decimal):
        return _decimals_of(series, dtype.scale)
    values = series.to_physical()
    if values.null_count():
        values = values.fill_null(0)
    return c.measured(Decimals(values.to_numpy().astype(np.int64), 0, _state(series)))


def _state(series: pl.Series) -> c.State:
    if series.null_count() == 0:
        return None
    return series.is_null().to_numpy().astype(np.uint8)


def _decimals_of(series: pl.Series, scale: int) -> Decimals:
    """The 128-bit integers behind a decimal column, as 64-bit ones where they all fit."""
    state = _state(series)
    array: Any = series.to_arrow()
    buffer = array.buffers()[1]
    halves = np.frombuffer(buffer, dtype=np.int64).reshape(-1, 2)
    halves = halves[array.offset : array.offset + len(array)]
    low, high = halves[:, 0], halves[:, 1]
    if state is not None:
        low, high = np.where(state == 0, low, 0), np.where(state == 0, high, 0)
    if not np.array_equal(high, low >> 63):
        unsigned = low.astype(np.uint64).astype(object)
        return c.measured(Decimals(high.astype(object) * 2**64 + unsigned, scale, state))
    return c.measured(Decimals(np.ascontiguousarray(low), scale, state))


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
    """A column as Decimal(38, digits); null where it is not there."""
    exact = c.rounded(column, digits)
    halves = np.empty((len(column), 2), dtype=np.int64)
    if exact.values.dtype == object:
        low = [int(v) & _LOW for v in exact.values]
        halves[:, 0] = np.array(low, dtype=np.uint64).view(np.int64)
        halves[:, 1] = [int(v) >> 64 for v in exact.values]
    else:
        halves[:, 0] = exact.values
        halves[:, 1] = exact.values >> 63
    validity = None
    if exact.state is not None:
        validity = pa.array(exact.state == 0).buffers()[1]
    buffers = [validity, pa.py_buffer(halves)]
    array = pa.Array.from_buffers(pa.decimal128(38, digits), len(column), buffers)
    found = pl.from_arrow(array)
    if not isinstance(found, pl.Series):
        raise TypeError("a column stands here")
    return found


def integer_series(values: Any, known: Any) -> pl.Series:
    """Units as Int64; null where they are not known."""
    array = pa.array(np.asarray(values, dtype=np.int64), mask=~np.asarray(known, dtype=bool))
    found = pl.from_arrow(array)
    if not isinstance(found, pl.Series):
        raise TypeError("a column stands here")
    return found
