"""What one offer adds to the counts of its account's plan, and has in its frames: a byte."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.guards.whole import Moves
from offerwright.sync.delta import Delta
from offerwright.sync.known import Known
from offerwright.sync.plan import OPERATIONS, PlanRows

Tally = NDArray[np.uint8]
IN_STEP = np.uint8(3)
"""The two lowest bits: how many of the three aspects are in step."""
WAITS, CONFIRMED, STOCKED, HAS_OPERATION, HAS_REASON, LIVE = (
    np.uint8(1 << bit) for bit in range(2, 8)
)


def live_rows(known: Known) -> tuple[pl.Series, pl.Series]:
    """The live SKUs with a confirmed price, and those with a confirmed stock above 0."""
    live = known.ledger.filter(known.is_listed(known.ledger["sku"]))
    with_price = live.filter((pl.col("aspect") == "price") & pl.col("price").is_not_null())
    with_stock = live.filter((pl.col("aspect") == "stock") & (pl.col("quantity") != 0))
    return with_price["sku"], with_stock["sku"]


def tallied(skus: pl.Series, found: Delta, rows: PlanRows, known: Known) -> Tally:
    """The byte of every offer; `rows` is what all of them add."""
    tally = found.in_step | np.where(found.waits, WAITS, np.uint8(0))
    for live, bit in zip(live_rows(known), (CONFIRMED, STOCKED), strict=True):
        tally[skus.is_in(live.implode()).to_numpy()] |= bit
    tally[known.is_listed(skus).to_numpy()] |= LIVE
    tally[_at(rows.operations)] |= HAS_OPERATION
    for reasons in (rows.withheld, rows.warnings):
        tally[_at(reasons)] |= HAS_REASON
    return tally


def _at(frame: pl.LazyFrame) -> NDArray[np.int64]:
    return frame.select(pl.col("at").unique()).collect()["at"].drop_nulls().to_numpy()


def kept_rows(tally: Tally, withheld: pl.LazyFrame, warnings: pl.LazyFrame) -> PlanRows:
    """What offers without an operation add, from their bytes and their reasons."""
    assert not has(tally, HAS_OPERATION).any(), "what is said is planned anew"
    counts = [int(has(tally, bit).sum()) for bit in (CONFIRMED, STOCKED, WAITS, LIVE)]
    confirmed, stocked, waiting, live = counts
    return PlanRows(
        operations=pl.LazyFrame(schema=OPERATIONS),
        withheld=withheld,
        warnings=warnings,
        moves=Moves(confirmed, 0, stocked, 0, live),
        offers=len(tally),
        unchanged=int((tally & IN_STEP).sum(dtype=np.int64)),
        waiting=waiting,
        by_row=tally,
    )


def has(tally: Tally, bit: np.uint8) -> NDArray[np.bool_]:
    return np.asarray(tally & bit != 0)
