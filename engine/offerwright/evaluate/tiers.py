"""Quantity tiers: what one unit costs when a buyer takes so many, below the price of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.facts import decimal_series
from offerwright.evaluate.match import Match
from offerwright.evaluate.operations import Rows, evaluate_decimals
from offerwright.evaluate.state import Block, Moment, State, Truth, with_faults
from offerwright.rules.plan import TiersStep

TIER = "/tier/"


def run_tiers(
    state: State, step: TiersStep, active: Truth, moment: Moment
) -> tuple[State, Match | None]:
    """Set the tiers of a step; one of the same quantity replaces an earlier one.

    A price that is missing is no tier. One below zero blocks: bounds do not lift it.
    """
    values = [(f"{TIER}{n}", evaluate_decimals(typed, state.rows)) for n, typed in step.tiers]
    for name, value in values:
        state = with_faults(state, step, value, active, None)
        negative = active & c.known(value) & np.asarray(value.values < 0) & ~state.stopped
        block = Block("price", "PRICE_BELOW_ZERO", negative, step.id, step.document)
        state = state.blocked(block)
        state = state.with_column(name, c.where(active, value, state.decimals(name)))
    return state, None


def tier_columns(rows: Rows) -> list[tuple[int, str]]:
    """The quantities that some step has set, and their columns, in order."""
    names = [name for name in rows.columns if name.startswith(TIER)]
    return sorted((int(name.removeprefix(TIER)), name) for name in names)


def without_pointless_tiers(state: State) -> State:
    """Only tiers below what the buyer pays for one, and below the tier before."""
    price, sale = state.prices
    least = c.where(c.known(sale), sale, price)
    missing = np.full(state.rows.size, c.MISSING, dtype=np.uint8)
    pointless = np.zeros(state.rows.size, dtype=bool)
    for _, name in tier_columns(state.rows):
        tier = state.decimals(name)
        a, b = c.aligned(tier, least)
        lower = c.known(a) & c.known(b) & np.asarray(a.values < b.values)
        pointless |= c.known(tier) & ~lower
        state = state.with_column(name, c.where(lower, tier, replace(tier, state=missing)))
        least = c.where(lower, tier, least)
    return state.noted("TIER_NOT_LOWER", pointless & ~state.stopped, "")


def tiers_column(rows: Rows, digits: int) -> pl.Series | None:
    """`tiers` of `frames.OFFERS`; None where no step has set one."""
    columns = tier_columns(rows)
    if not columns:
        return None
    series = {name: decimal_series(_decimals(rows, name), digits) for _, name in columns}
    tiers = [
        pl.when(pl.col(name).is_not_null()).then(
            pl.struct(pl.lit(quantity, dtype=pl.Int64).alias("quantity"),
                      pl.col(name).alias("price"))
        )
        for quantity, name in columns
    ]  # fmt: skip
    listed = pl.DataFrame(series).select(pl.concat_list(tiers).list.drop_nulls().alias("tiers"))
    return listed.select(pl.when(pl.col("tiers").list.len() > 0).then("tiers").alias("tiers"))[
        "tiers"
    ]


def _decimals(rows: Rows, name: str) -> Decimals:
    found = rows.get(name)
    if not isinstance(found, Decimals):
        raise TypeError(f"{name} is no number")
    return found
