"""Columns of a snapshot → columns of the language, each read when a rule first asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Column, Decimals, Lists, Truths, Words
from offerwright.evaluate.memo import Memo
from offerwright.frames import policy_column, scoped_column
from offerwright.rules.plan import Account

_LOW = 2**64 - 1
# Below this many rows Python's own dictionary is quicker than a call to a kernel.
_FEW = 64
_PHYSICAL = {pl.Date: pa.int32(), pl.Datetime: pa.int64(), pl.Duration: pa.int64()}


class SnapshotColumns(Mapping[str, Column]):
    """
    The facts of a snapshot as one account sees them.

    A fact kept per marketplace, account or trade policy is found under its plain name. What has
    been read is kept; `shared` and `memo` let accounts share it.
    """

    def __init__(
        self,
        frame: pl.DataFrame,
        account: Account,
        shared: dict[str, Column] | None = None,
        memo: Memo | None = None,
    ) -> None:
        self.frame = frame
        self.written = frame.columns
        self.names = frozenset(self.written)
        self.held: dict[str, Column] = {} if shared is None else shared
        self.memo = Memo() if memo is None else memo
        self.texts: dict[str, Any] = self.memo.once("texts", (), dict)
        suffixes = [scoped_column("", account.marketplace), scoped_column("", account.name)]
        suffixes += [policy_column("", account.trade_policy)] if account.trade_policy else []
        self.scoped = {
            name.removesuffix(suffix): name
            for suffix in suffixes
            for name in self.written
            if name.endswith(suffix)
        }

    def __getitem__(self, name: str) -> Column:
        found: Column | None = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """As of any mapping, without an exception on the way: some hundred are asked in a run."""
        written = self.scoped.get(name, name)
        found = self.held.get(written)
        if found is not None:
            return found
        if written not in self.names:
            return default
        text = self.text(name)
        found = column_of(self.frame[written]) if text is None else words_of(text)
        self.held[written] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter([*self.written, *self.scoped])

    def __len__(self) -> int:
        return len(self.written) + len(self.scoped)

    def counts(self, name: str) -> tuple[Array, Array]:
        """The rows in which a whole number is there, and the numbers; nothing is kept of it."""
        series = self.frame[self.scoped.get(name, name)]
        there = series.is_not_null().arg_true()
        return there.to_numpy(), series.gather(there).to_numpy().astype(np.int64)

    def text(self, name: str) -> Any:
        """A text fact as an Arrow array, the same one whenever asked; None for other facts."""
        written = self.scoped.get(name, name)
        if written not in self.texts:
            is_text = written in self.names and self.frame[written].dtype == pl.String
            self.texts[written] = self._arrow(written) if is_text else None
        return self.texts[written]

    def _arrow(self, written: str) -> Any:
        array = self.frame[written].to_arrow()
        # What says just this fact is the snapshot's own column, not a copy of a copy.
        self.memo.once("series", (array,), lambda: self.frame[written])
        return array

    def lists(self, name: str) -> pl.Series | None:
        """A list fact as it stands in the snapshot."""
        written = self.scoped.get(name, name)
        if written not in self.names:
            return None
        return self.memo.once(("list", written), (), lambda: self.frame[written])


def column_of(series: pl.Series) -> Column:
    """One column of a frame as a column of the language."""
    dtype = series.dtype
    if dtype == pl.String:
        return words_of(series.to_arrow())
    if isinstance(dtype, pl.List):
        return _lists_of(series)
    if isinstance(dtype, pl.Decimal):
        return _decimals_of(series, dtype.scale)
    if dtype == pl.Boolean:
        array: Any = series.to_arrow()
        values = array.fill_null(False) if array.null_count else array
        return Truths(values.to_numpy(zero_copy_only=False), _state(array))
    # As Arrow reads them: what Polars does to a column goes through its query engine.
    array = series.to_arrow()
    held = array.view(_PHYSICAL[type(dtype)]) if type(dtype) in _PHYSICAL else array
    values = held.fill_null(0) if held.null_count else held
    numbers = values.to_numpy().astype(np.int64, copy=False)
    return c.measured(Decimals(numbers, 0, _state(array)))


def _state(array: Any) -> c.State:
    if array.null_count == 0:
        return None
    return np.asarray(array.is_null().to_numpy(zero_copy_only=False), dtype=np.uint8)


def _decimals_of(series: pl.Series, scale: int) -> Decimals:
    """The 128-bit integers behind a decimal column, as 64-bit ones where they all fit."""
    array: Any = series.to_arrow()
    state = _state(array)
    if len(array) == 0:
        return Decimals(np.empty(0, dtype=np.int64), scale, None, 0)
    halves = np.frombuffer(array.buffers()[1], dtype=np.int64).reshape(-1, 2)
    halves = halves[array.offset : array.offset + len(array)]
    low, high = halves[:, 0], halves[:, 1]
    if state is not None:
        low, high = np.where(state == 0, low, 0), np.where(state == 0, high, 0)
    if not np.array_equal(high, low >> 63):
        unsigned = low.astype(np.uint64).astype(object)
        return c.measured(Decimals(high.astype(object) * 2**64 + unsigned, scale, state))
    return c.measured(Decimals(np.ascontiguousarray(low), scale, state))


def words_of(texts: Any) -> Words:
    """An Arrow array of text as codes into the distinct texts, in order of appearance."""
    state = _state(texts)
    if len(texts) < _FEW:
        words = texts.to_pylist()
        positions = {w: n for n, w in enumerate(dict.fromkeys(w for w in words if w is not None))}
        few = np.array([-1 if w is None else positions[w] for w in words], dtype=np.int32)
        return Words(few, tuple(positions), state)
    encoded = texts.dictionary_encode()
    indices = encoded.indices if state is None else encoded.indices.fill_null(-1)
    codes = indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return Words(codes, tuple(encoded.dictionary.to_pylist()), state)


def _lists_of(series: pl.Series) -> Lists:
    positions: dict[tuple[Any, ...], int] = {}
    codes = np.array(
        [
            -1 if v is None else positions.setdefault(tuple(v), len(positions))
            for v in series.to_list()
        ],
        dtype=np.int32,
    )
    return Lists(codes, tuple(positions), _state(series.to_arrow()))


@lru_cache(maxsize=64)
def nothing(dtype: Any) -> pl.Series:
    """One row without a value. Kept, as making it from a list takes 20 µs."""
    return pl.Series([None], dtype=dtype)


def decimal_series(column: Decimals, digits: int) -> pl.Series:
    """A column as Decimal(38, digits); null where it is not there."""
    if c.is_absent(column):
        return nothing(pl.Decimal(38, digits)).new_from_index(0, len(column))
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
    return pl.Series(array)


def integer_series(values: Any, known: Any) -> pl.Series:
    """Units as Int64; null where they are not known."""
    array = pa.array(np.asarray(values, dtype=np.int64), mask=~np.asarray(known, dtype=bool))
    return pl.Series(array)
