"""Stops of a whole account over the operations of a plan: which they meet, and why."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from offerwright.guards.stops import Stop


def any_stopped(stops: Sequence[Stop]) -> pl.Expr:
    """Which operations (`plan.OPERATIONS`) some stop meets."""
    return pl.any_horizontal(pl.lit(False), *map(_met, stops))


def stop_reasons(operations: pl.LazyFrame, stops: Sequence[Stop]) -> list[pl.LazyFrame]:
    """Why operations are stopped, `plan.REASONS`: a row for every stop that meets one."""
    return [
        operations.filter(_met(stop)).select(
            "at",
            "sku",
            "aspect",
            pl.lit(stop.code).alias("code"),
            pl.lit(stop.reason).alias("reason"),
            pl.lit(stop.place).alias("place"),
        )
        for stop in stops
    ]


def _met(stop: Stop) -> pl.Expr:
    covers = {
        "price": pl.col("says_price"),
        "stock": pl.col("covers_stock"),
        "content": pl.col("aspect") == "content",
    }
    met = pl.any_horizontal(*(covers[aspect] for aspect in stop.aspects))
    if stop.less_goes:
        met &= ~pl.col("takes")
    if stop.sku:
        met &= pl.col("sku") == stop.sku
    if stop.rule:
        met &= pl.col("rules").str.contains(f'"{stop.rule}"', literal=True)
    return met
