"""Prices that many unlike offers get at once: what the guard `identical_price` looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.facts import decimal_series
from offerwright.evaluate.match import Walks, holds
from offerwright.evaluate.operations import evaluate_decimals
from offerwright.evaluate.run import Offers
from offerwright.guards.plan import GuardPlan

AMOUNT = pl.Decimal(38, 8)
LANDINGS: Mapping[str, Any] = {"guard": pl.String, "paid": AMOUNT, "cost": AMOUNT}
"""One row per guard and offer that gets a price which it did not have before. Offers at which the
guard does not look, and those whose cost nobody knows, are not among them."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Offers that get one price: how many, and what they cost without the outermost tenths."""

    price: Decimal
    offers: int
    low: Decimal
    high: Decimal


def costs_of(
    offers: Offers, guards: Iterable[GuardPlan], as_of: int, walks: Walks
) -> Mapping[str, pl.Series]:
    """By guard on identical prices, what each offer costs; null where it does not look."""
    found = {}
    for guard in guards:
        if guard.check == "identical_price" and guard.cost is not None and guard.in_force(as_of):
            looks = holds(guard.when, offers.rows, as_of, walks)
            looks = looks & holds(guard.only, offers.rows, as_of, walks)
            cost = evaluate_decimals(guard.cost, offers.rows)
            seen = Decimals(cost.values, cost.scale, _but(cost, looks), cost.bound)
            found[guard.id] = decimal_series(seen, 8)
    return found


def _but(cost: Decimals, looks: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> c.State:
    return np.where(c.known(cost) & looks, 0, c.MISSING).astype(np.uint8)


def landings(paid: pl.Series, costs: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The rows of `LANDINGS` of offers that get these prices; `costs` stand beside them."""
    parts = [
        pl.DataFrame({"paid": paid.cast(AMOUNT), "cost": cost.cast(AMOUNT)})
        .drop_nulls()
        .select(pl.lit(guard).alias("guard"), "paid", "cost")
        for guard, cost in sorted(costs.items())
    ]
    return pl.concat([pl.DataFrame(schema=LANDINGS), *parts])


def clusters(found: pl.DataFrame, guard: GuardPlan) -> Sequence[Cluster]:
    """
    The prices at which the guard objects, the largest cluster first.

    A price point such as 99.90 is ordinary where goods are alike, and one stray among them makes
    no mistake: the cheapest and the dearest tenth do not count. What is left must differ by more
    than `spread` times.
    """
    least, spread = int(guard.settings["at_least"]), Fraction(guard.settings["spread"])
    cut = pl.len() // 10
    by_price = (
        found.filter(pl.col("guard") == guard.id)
        .group_by("paid")
        .agg(
            pl.len().alias("offers"),
            pl.col("cost").sort().get(cut).alias("low"),
            pl.col("cost").sort().get(pl.len() - 1 - cut).alias("high"),
        )
        .filter(pl.col("offers") >= least)
        .sort("offers", "paid", descending=[True, False])
    )
    every = (Cluster(*row) for row in by_price.iter_rows())
    return [one for one in every if Fraction(one.high) > Fraction(one.low) * spread]
