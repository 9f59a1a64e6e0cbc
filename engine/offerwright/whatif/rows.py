"""The row of one SKU, and those that it shares stock with, out of a snapshot of any size."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from offerwright.evaluate.partitions import only
from offerwright.rules.plan import RuleSet


def rows_of(rules: RuleSet, snapshot: pl.DataFrame | Path, sku: str) -> pl.DataFrame:
    """
    The rows, that of the SKU first; none where the snapshot does not have it.

    Without kits only the parts of the file are read that may hold the SKU: its own row needs no
    other. With kits the columns that say what they are made of are read whole.
    """
    has_kits = any(one.kits is not None for plan in rules.plans for one in plan.inventories)
    if has_kits:
        block = only(rules, snapshot, [sku]).block(0)
        return block.frame if block.size else block.frame.clear()
    if isinstance(snapshot, pl.DataFrame):
        return snapshot.filter(pl.col("sku") == sku)
    return pl.scan_parquet(snapshot, glob=False).filter(pl.col("sku") == sku).collect()
