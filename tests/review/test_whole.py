"""What a review counts for guards on the whole run, by rows written by hand."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from offerwright.guards.landing import LANDINGS
from offerwright.review.reach import Stock
from offerwright.review.whole import moves

PAID, UNITS = pl.Decimal(38, 2), pl.Int64
COLUMNS: dict[str, Any] = {
    "change": pl.String, "paid_before": PAID, "paid_after": PAID, "quantity_before": UNITS,
    "quantity_after": UNITS, "currency_before": pl.String, "currency_after": pl.String,
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "at_stake"),
    [
        (("other", "10.00", "7.00", 4, 4, "BRL", "BRL"), (12, 0)),
        (("other", "10.00", "7.00", 4, 2, "BRL", "BRL"), (6, 0)),
        (("other", "10.00", "7.00", 4, None, "BRL", "BRL"), (12, 0)),
        (("other", "10.00", "7.00", None, None, "BRL", "BRL"), (0, 1)),
        (("other", "10.00", "7.00", 4, 4, "BRL", "USD"), (0, 1)),
        (("other", "7.00", "10.00", 4, 4, "BRL", "BRL"), (0, 0)),
        (("new", None, "7.00", None, 4, None, "BRL"), (0, 0)),
        (("gone", "10.00", None, 4, None, "BRL", None), (0, 0)),
    ],
)
def test_a_fall_is_at_stake_on_the_stock_that_is_shown(
    row: tuple[Any, ...], at_stake: tuple[Any, int]
) -> None:
    frame = pl.DataFrame(
        {
            name: pl.Series([value]).cast(COLUMNS[name])
            for name, value in zip(COLUMNS, row, strict=True)
        }
    )
    found = moves(frame, Stock(), (), pl.DataFrame(schema=LANDINGS))

    assert (found.exposure, found.unvalued) == at_stake
