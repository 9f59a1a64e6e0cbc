"""A Parquet file of offers, read row group by row group: its state, and the rows that are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from offerwright.compare.listing_types import as_listed, refuse_types
from offerwright.compare.offer_state import (
    OfferState,
    StateRefused,
    merged,
    offer_state,
    refuse_columns,
)
from offerwright.compare.stable_hash import Hashes, text_hashes

MAGIC = b"PAR1"
BATCH = 1 << 16


@dataclass(frozen=True)
class Located:
    """Offers of a file: their positions in it, rising, with account and key."""

    at: NDArray[np.int64]
    accounts: pl.Series
    keys: Hashes

    def __len__(self) -> int:
        return len(self.at)

    def part(self, start: int, end: int) -> Located:
        here = slice(start, end)
        return Located(self.at[here], self.accounts[here], self.keys[here])


class ListingFile:
    """
    A saved listing (`offerwright offers --output parquet`), open.

    Of the row groups only the last one that was read is held. Raises `StateRefused` where the file
    is no listing, and its methods where what they read is damaged.
    """

    def __init__(self, path: Path, *, checks_pages: bool = False) -> None:
        self.path = path
        with self._named():
            self._file = pq.ParquetFile(
                path, memory_map=True, page_checksum_verification=checks_pages
            )
            metadata = self._file.metadata
            self.columns: tuple[str, ...] = tuple(self._file.schema_arrow.names)
            refuse_columns(self.columns)
            refuse_types(self._frame(self._file.schema_arrow.empty_table()).schema)
        sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        self._ends = np.cumsum([0, *sizes])
        self._held: tuple[int, pl.DataFrame] | None = None

    @property
    def height(self) -> int:
        """How many offers there are."""
        return int(self._ends[-1])

    def state(self) -> OfferState:
        """The state of all its offers."""
        with self._named():
            return merged(offer_state(part) for part in self._batches(None))

    def locate(self, wanted: Mapping[str, Hashes]) -> Located:
        """The offers with these keys, which rise, by account."""
        at: list[NDArray[np.int64]] = []
        accounts: list[pl.Series] = []
        keys: list[Hashes] = []
        start = 0
        for part in self._batches(["account", "sku"]):
            own = text_hashes(part["sku"])
            there = _among(own, part["account"], wanted)
            at.append(np.flatnonzero(there) + start)
            accounts.append(part["account"].filter(pl.Series(there)))
            keys.append(own[there])
            start += len(part)
        return Located(
            np.concatenate([*at, np.zeros(0, dtype=np.int64)]),
            pl.concat([*accounts, pl.Series([], dtype=pl.String)]).rename("account"),
            np.concatenate([*keys, np.zeros(0, dtype=np.uint64)]),
        )

    def rows(self, at: NDArray[np.int64]) -> pl.DataFrame:
        """The rows at these positions, in this order."""
        if not len(at):
            return self._frame(self._file.schema_arrow.empty_table())
        is_rising = bool((at[1:] > at[:-1]).all())
        order = np.arange(len(at)) if is_rising else np.argsort(at, kind="stable")
        rising = at[order]
        groups = np.searchsorted(self._ends, rising, side="right") - 1
        bounds = np.flatnonzero(np.diff(groups, prepend=-1, append=-1))
        found = pl.concat(
            [
                _taken(
                    self._group(int(groups[start])), rising[start:end] - self._ends[groups[start]]
                )
                for start, end in pairwise(bounds.tolist())
            ],
            rechunk=not is_rising,
        )
        if is_rising:
            return found
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return _taken(found, back)

    def _group(self, number: int) -> pl.DataFrame:
        if self._held is None or self._held[0] != number:
            self._held = None
            with self._named():
                self._held = number, self._frame(self._file.read_row_group(number))
        return self._held[1]

    def _batches(self, columns: list[str] | None) -> Iterator[pl.DataFrame]:
        batches = self._file.iter_batches(BATCH, columns=columns)
        while True:
            with self._named():
                batch = next(batches, None)
            if batch is None:
                return
            yield self._frame(pa.Table.from_batches([batch]))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Every refusal begins with the name of the file, once."""
        try:
            yield
        except StateRefused as problem:
            text = str(problem)
            named = text if text.startswith(f"{self.path}") else f"{self.path}: {text}"
            raise StateRefused(named) from problem
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError) as problem:
            raise StateRefused(f"{self.path} cannot be read: {problem}") from problem

    @staticmethod
    def _frame(table: Any) -> pl.DataFrame:
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return as_listed(frame)


def _taken(frame: pl.DataFrame, at: NDArray[np.int64]) -> pl.DataFrame:
    if len(at) and at[-1] - at[0] == len(at) - 1 and (np.diff(at) == 1).all():
        return frame.slice(int(at[0]), len(at))
    return frame.select(pl.all().gather(pl.Series(at)))


def _among(keys: Hashes, accounts: pl.Series, wanted: Mapping[str, Hashes]) -> NDArray[np.bool_]:
    """Where a key is one of those that are wanted of its account."""
    found = np.zeros(len(keys), dtype=bool)
    for account, own in wanted.items():
        mine = (accounts == account).arg_true().to_numpy()
        if len(own) and len(mine):
            at = np.searchsorted(own, keys[mine])
            at[at == len(own)] = 0
            found[mine] = own[at] == keys[mine]
    return found
