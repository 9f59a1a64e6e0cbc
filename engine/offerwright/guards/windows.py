"""What was paid within the last days: the lowest and the highest price of a window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import polars as pl

from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.facts import column_of
from offerwright.guards.plan import PRICE_DAYS_KEPT, GuardPlan

DAY_US = 86_400_000_000
HISTORY: Mapping[str, Any] = {
    "sku": pl.String,
    "day": pl.Int64,
    "lowest": pl.Decimal(38, 8),
    "highest": pl.Decimal(38, 8),
}
"""One row per SKU and UTC day on which its price was confirmed; the price from before is in it."""
NO_HISTORY = pl.DataFrame(schema=HISTORY)
Day: TypeAlias = tuple[int, Decimal, Decimal]
"""A UTC day since 1970, and the lowest and the highest price of it."""


def first_day(as_of: int, days: int) -> int:
    """
    The first UTC day of a window that ends at a moment, in microseconds.

    Whole days: the window is at least as long as it says, so that nothing creeps through its edge.
    """
    return as_of // DAY_US - days


def since(guards: Iterable[GuardPlan], as_of: int) -> int | None:
    """The first day of the longest window of these guards; None where none looks back."""
    days = [
        int(guard.settings["days"])
        for guard in guards
        if guard.check == "move_over_window" and guard.in_force(as_of)
    ]
    return first_day(as_of, max(days)) if days else None


def extremes(
    skus: pl.Series, history: pl.DataFrame, guard: GuardPlan, as_of: int
) -> dict[str, Decimals]:
    """The lowest and the highest price of these SKUs in the guard's window; missing where none."""
    start = first_day(as_of, int(guard.settings["days"]))
    by_sku = (
        history.filter(pl.col("day") >= start)
        .group_by("sku")
        .agg(pl.col("lowest").min(), pl.col("highest").max())
    )
    found = skus.to_frame("sku").join(by_sku, on="sku", how="left", maintain_order="left")
    columns = {name: column_of(found[name]) for name in ("lowest", "highest")}
    return {name: one for name, one in columns.items() if isinstance(one, Decimals)}


def is_window(text: object) -> bool:
    """Whether a window that travelled is one: whole days, as many as are remembered."""
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 3:
        return False
    return 1 <= int(text) <= PRICE_DAYS_KEPT


def within(days: Sequence[Day], window: str, now: int) -> tuple[Decimal | None, Decimal | None]:
    """What `extremes` says, of one offer at send; `window` counts days, `now` microseconds."""
    start = first_day(now, int(window))
    seen = [(low, high) for day, low, high in days if day >= start]
    if not seen:
        return None, None
    return min(low for low, _ in seen), max(high for _, high in seen)
