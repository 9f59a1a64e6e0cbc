"""Both snapshots side by side: the same SKUs of each, part by part, with their kin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate.partitions import (
    PART_ROWS,
    Block,
    Families,
    Source,
    block_of,
    families,
    source_of,
)
from offerwright.review.side import Side

Places = NDArray[np.int64]
_NOWHERE = -1


@dataclass(frozen=True)
class Aligned:
    """
    The SKUs of both sides: those of the head in its order, then what only the base has.

    `places` say of the base and of the head where each SKU stands, −1 where it is not.
    """

    base: Side
    head: Side
    skus: pl.Series
    places: tuple[Places, Places]

    @cached_property
    def sources(self) -> tuple[Source, Source]:
        return source_of(self.base.snapshot), source_of(self.head.snapshot)

    @cached_property
    def kin(self) -> tuple[Families, Families]:
        """Kits and components of both: their rules may say otherwise which rows belong together."""
        base, head = self.sources
        return families(self.base.loadout.rules, base), families(self.head.loadout.rules, head)

    def blocks(
        self, asked: NDArray[np.bool_], size: int = PART_ROWS
    ) -> Iterator[tuple[Block, Block]]:
        """Base and head of the SKUs that are asked for, so many at a time."""
        rows = np.flatnonzero(asked)
        for start in range(0, len(rows), size):
            base, head = (self._block(n, rows[start : start + size]) for n in (0, 1))
            yield base, head

    def _block(self, number: int, rows: Places) -> Block:
        places = self.places[number][rows]
        there = np.sort(places[places != _NOWHERE])
        return block_of(self.sources[number], self.kin[number], there)


def aligned(base: Side, head: Side) -> Aligned:
    """Both snapshots side by side. A SKU stands in a snapshot once."""
    new = _skus(head)
    rows = np.arange(len(new), dtype=np.int64)
    if base.snapshot_id == head.snapshot_id:
        return Aligned(base, head, new, (rows, rows))
    old = _skus(base)
    left = old.filter(~old.is_in(new.implode()))
    skus = pl.concat([new, left])
    nowhere = np.full(len(left), _NOWHERE, dtype=np.int64)
    return Aligned(base, head, skus, (_places(skus, old), np.concatenate([rows, nowhere])))


def _skus(side: Side) -> pl.Series:
    source = source_of(side.snapshot)
    return source.rows(0, source.height, ["sku"])["sku"]


def _places(skus: pl.Series, among: pl.Series) -> Places:
    table = among.to_frame("sku").with_row_index("place")
    found = skus.to_frame("sku").join(table, on="sku", how="left", maintain_order="left")
    return found["place"].cast(pl.Int64).fill_null(_NOWHERE).to_numpy()
