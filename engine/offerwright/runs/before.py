"""What was live when a run had ended: the ledger of now, with what later runs did undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from offerwright.runs.folder import Kept
from offerwright.runs.said import hashes_of

BEFORE: Mapping[str, Any] = {
    "account": pl.String, "sku": pl.String, "aspect": pl.String, "hash": pl.String,
    "was_listed": pl.Boolean,
}  # fmt: skip
"""One row per aspect of an offer that later runs touched: what was confirmed of it before them
(null: nothing) and whether the offer was live."""


def before(later: Iterable[Kept]) -> pl.DataFrame:
    """
    What was confirmed before these runs, the oldest first, of all that they touched: `BEFORE`.

    Each kept the ledger as it was before it; the first that touched an offer knows what was there.
    """
    frames = [pl.DataFrame(schema=BEFORE), *(_touched(kept) for kept in later)]
    return pl.concat(frames).unique(["account", "sku", "aspect"], keep="first", maintain_order=True)


def _touched(kept: Kept) -> pl.DataFrame:
    """The aspects that a run said something of, with what was confirmed of them before it."""
    said = hashes_of(kept.said)
    key = ["account", "sku", "aspect"]
    held = kept.ledger.select(*key, pl.col("confirmed_hash").alias("hash"))
    accounts = said["account"].unique().sort().to_list()
    listed = [
        pl.DataFrame({"sku": known.listed}).with_columns(pl.lit(name).alias("account"))
        for name, known in kept.known(accounts).items()
    ]
    live = pl.concat([pl.DataFrame(schema={"sku": pl.String, "account": pl.String}), *listed])
    return (
        said.select(key)
        .unique(maintain_order=True)
        .join(held, on=key, how="left", maintain_order="left")
        .join(
            live.with_columns(pl.lit(True).alias("was_listed")),
            on=["account", "sku"], how="left", maintain_order="left",
        )
        .with_columns(pl.col("was_listed").fill_null(False))
        .select(*BEFORE)
    )  # fmt: skip


def who_said(wanted: pl.DataFrame, runs: Iterable[tuple[str, Kept]]) -> pl.DataFrame:
    """
    `wanted` with `run`: the first of these runs that said the hash; null where none did.

    A listing that is created says all its aspects at once, so any of its hashes names the run.
    """
    key = ["account", "sku", "aspect"]
    found = wanted.with_columns(pl.lit(None, dtype=pl.String).alias("run"))
    for run, kept in runs:
        if not found["run"].has_nulls():
            break
        mine = hashes_of(kept.said).unique().with_columns(pl.lit(run).alias("said_by"))
        found = (
            found.join(mine, on=[*key, "hash"], how="left", maintain_order="left")
            .with_columns(pl.coalesce("run", "said_by").alias("run"))
            .drop("said_by")
        )
    return found
