"""Offers as one flat frame for people and files: status, what is blocked and why, which rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from offerwright.evaluate.cause import causes
from offerwright.evaluate.facts import integer_series
from offerwright.evaluate.match import Match
from offerwright.evaluate.run import Offers
from offerwright.evaluate.state import Block, Ran

BLOCK_FIELDS: dict[str, pl.DataType | type[pl.DataType]] = {
    "aspect": pl.String,
    "code": pl.String,
    "rule": pl.String,
    "rows": pl.List(pl.String),
    "cell": pl.String,
    "file": pl.String,
    "line": pl.Int64,
}


def listing(offers: Offers) -> pl.DataFrame:
    """
    One row per SKU of one account.

    Columns: `account, marketplace, sku, status, blocked, price, sale_price, currency, quantity,
    oversell, category, rules`, then the rest of `frames.OFFERS`. `status` is `blocked` when there
    is no price, `partial` when another aspect is withheld, else `offer`. `blocked` is a list of
    `BLOCK_FIELDS`. `oversell` is the bound of all accounts together. `rules` are the ids of the
    rows and steps that made the price.
    """
    account, frame = offers.account, offers.frame
    size = len(frame)
    blocked = pl.Series(offers.withheld("price"))
    partial = pl.Series(offers.withheld("stock") | offers.withheld("content"))
    status = pl.select(
        pl.when(blocked).then(pl.lit("blocked")).when(partial).then(pl.lit("partial"))
        .otherwise(pl.lit("offer")).alias("status")
    )["status"]  # fmt: skip
    head = pl.DataFrame({
        "account": pl.Series([account.name]).new_from_index(0, size),
        "marketplace": pl.Series([account.marketplace]).new_from_index(0, size),
        "sku": frame["sku"],
        "status": status,
        "blocked": _blocked(offers, size),
        "price": frame["price"],
        "sale_price": frame["sale_price"],
        "currency": frame["currency"],
        "quantity": frame["quantity"],
        "oversell": _oversell(offers, size),
        "category": frame["category"],
        "rules": _rules(offers.ran, size),
    })  # fmt: skip
    return head.hstack([frame[c] for c in frame.columns if c not in head.columns])


def _blocked(offers: Offers, size: int) -> pl.Series:
    """By row, the list of everything that withholds something."""
    inner = pl.Struct(BLOCK_FIELDS)
    tables = [_block_rows(block, offers) for block in offers.blocks]
    if not tables:
        return pl.Series("blocked", [[]], dtype=pl.List(inner)).new_from_index(0, size)
    grouped = (
        pl.concat(tables)
        .group_by("row", maintain_order=True)
        .agg(pl.struct(*BLOCK_FIELDS).alias("blocked"))
    )
    whole = pl.DataFrame({"row": pl.int_range(size, dtype=pl.Int64, eager=True)})
    joined = whole.join(grouped, on="row", how="left", maintain_order="left")
    return joined.select(pl.col("blocked").fill_null(pl.lit([], dtype=pl.List(inner))))["blocked"]


def _block_rows(block: Block, offers: Offers) -> pl.DataFrame:
    parts = []
    for rows, cause in causes(block, offers.plan, offers.rows):
        span = cause.span
        said = pl.DataFrame(
            {
                "aspect": [block.aspect],
                "code": [block.code],
                "rule": [cause.rule],
                "rows": [list(cause.rows)],
                "cell": [cause.cell or None],
                "file": [span.file if span else None],
                "line": [span.line if span else None],
            },
            schema=BLOCK_FIELDS,
        )
        parts.append(pl.DataFrame({
            "row": pl.Series(rows, dtype=pl.Int64),
            **{name: said[name].new_from_index(0, len(rows)) for name in BLOCK_FIELDS},
        }))  # fmt: skip
    return pl.concat(parts) if parts else pl.DataFrame(schema={"row": pl.Int64, **BLOCK_FIELDS})


def _oversell(offers: Offers, size: int) -> pl.Series:
    """How many units more than there are could be sold; null where the pool is not known."""
    allocation = offers.allocation
    if allocation is None:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, size)
    return integer_series(allocation.oversell, allocation.is_known)


def _rules(ran: Sequence[Ran], size: int) -> pl.Series:
    """By row, the ids of the table rows and steps that ran, in order."""
    columns = {f"r{i}": rule_ids(one) for i, one in enumerate(ran)}
    if not columns:
        return pl.Series("rules", [[]], dtype=pl.List(pl.String)).new_from_index(0, size)
    return pl.DataFrame(columns).select(pl.concat_list(pl.all()).alias("rules"))["rules"]


def rule_ids(ran: Ran) -> pl.Series:
    """The ids that one step adds to `rules`: a list per row, empty where it did not run."""
    found, active = ran.match, pl.Series(ran.active)
    nothing = pl.Series([[]], dtype=pl.List(pl.String)).new_from_index(0, len(active))
    if found is None:
        own = pl.Series([[ran.step.id]], dtype=pl.List(pl.String))
        return own.new_from_index(0, len(active)).zip_with(active, nothing)
    return _row_ids(found, ran.step.id).zip_with(active, nothing)


def _row_ids(found: Match, step: str) -> pl.Series:
    names = [row.id for row in found.table.rows]
    if found.table.take is None:
        by_row = [[name] for name in names] + [[f"{step}/otherwise"], []]
        index = np.where(found.picked < 0, len(by_row) - 1, found.picked)
    else:
        by_row = [[names[n] for n in found.rows_of(s)] for s in range(len(found.masks))]
        index = found.states
    ids = pl.Series(by_row, dtype=pl.List(pl.String))
    return ids.gather(pl.Series(index).cast(pl.UInt32))
