"""Rows that were planned again and rows that are kept → the rows of an account, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from offerwright.incremental.affected import NOWHERE
from offerwright.incremental.memory import Mask, Places
from offerwright.replan.memory import KEPT_REASONS, PlanMemory
from offerwright.sync.plan import REASONS, PlanRows
from offerwright.sync.tally import Tally, kept_rows

_NO_REASONS = pl.DataFrame(schema=KEPT_REASONS)


class Merged:
    """
    One account: what is planned again is added block by block, in the order of the snapshot.

    Every row that is passed on stands `at` its place in the snapshot. After `finish`, `tally` is
    what every row has added.
    """

    def __init__(
        self, mask: Mask, old: Places, held: PlanMemory | None, keep: Callable[[PlanRows], None]
    ) -> None:
        self._keep = keep
        self._kept = np.flatnonzero(~mask)
        self._reasons = _NO_REASONS if held is None else _moved(held, old, self._kept)
        self._places = self._reasons["at"].to_numpy()
        self._next = 0
        self.tally: Tally = np.zeros(len(mask), dtype=np.uint8)
        if len(self._kept):
            assert held is not None, "nothing is kept of what was not remembered"
            self.tally[self._kept] = held.tally[old[self._kept]]

    def add(self, rows: PlanRows, at: Places) -> None:
        """What the rows at these places add; ascending."""
        if not len(at):
            return
        assert rows.by_row is not None
        self.tally[at] = rows.by_row
        before = self._until(int(at[-1]))
        self._keep(replace(
            rows,
            operations=_placed(rows.operations, at).lazy(),
            withheld=_beside(before, _placed(rows.withheld, at), warns=False),
            warnings=_beside(before, _placed(rows.warnings, at), warns=True),
        ))  # fmt: skip

    def finish(self) -> None:
        """What is kept, as far as it was not passed on with others."""
        if not len(self._kept):
            return
        rest, nothing = self._until(len(self.tally)), pl.DataFrame(schema=REASONS)
        self._keep(kept_rows(
            self.tally[self._kept],
            _beside(rest, nothing, warns=False),
            _beside(rest, nothing, warns=True),
        ))  # fmt: skip

    def _until(self, row: int) -> pl.DataFrame:
        """The kept reasons up to a row that were not passed on yet."""
        stop = int(np.searchsorted(self._places, row, side="right"))
        found = self._reasons.slice(self._next, stop - self._next)
        self._next = stop
        return found


def _moved(held: PlanMemory, old: Places, kept: Places) -> pl.DataFrame:
    """The reasons of rows that are kept, where they stand now, ascending."""
    if not held.reasons.height or not len(kept):
        return _NO_REASONS
    now = np.full(len(held.tally), NOWHERE, dtype=np.int64)
    now[old[kept]] = kept
    at = now[held.reasons["at"].to_numpy()]
    moved = held.reasons.with_columns(pl.Series("at", at, dtype=pl.Int64))
    return moved.filter(pl.col("at") != NOWHERE).sort("at", maintain_order=True)


def _placed(frame: pl.LazyFrame, at: Places) -> pl.DataFrame:
    """Rows that stand at their place in a block, at that of the snapshot."""
    found = frame.collect()
    return found.with_columns(pl.Series("at", at[found["at"].to_numpy()], dtype=pl.Int64))


def _beside(kept: pl.DataFrame, fresh: pl.DataFrame, *, warns: bool) -> pl.LazyFrame:
    chosen = kept.filter(pl.col("warns") == warns).select(REASONS.keys())
    if not chosen.height:
        return fresh.lazy()
    return pl.concat([chosen, fresh]).sort("at", maintain_order=True).lazy()
