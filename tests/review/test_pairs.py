"""Two rows of one offer → which class of change it is, and by how much of the old amount."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from offerwright.evaluate.listing import BLOCK_FIELDS
from offerwright.review.pairs import pairs

SCHEMA = {
    "account": pl.String, "marketplace": pl.String, "sku": pl.String, "status": pl.String,
    "blocked": pl.List(pl.Struct(BLOCK_FIELDS)), "price": pl.Decimal(38, 2),
    "sale_price": pl.Decimal(38, 2), "list_price": pl.Decimal(38, 2), "currency": pl.String,
    "quantity": pl.Int64, "oversell": pl.Int64, "category": pl.String, "title": pl.String,
    "rules": pl.List(pl.String), "paid": pl.Decimal(38, 2), "margin": pl.Decimal(38, 4),
    "at": pl.Int64,
}  # fmt: skip


def row(price: str | None, **more: Any) -> pl.DataFrame:
    amount = None if price is None else Decimal(price)
    offer = {
        "account": "a", "marketplace": "m", "sku": "S", "status": "offer" if price else "blocked",
        "blocked": [], "price": amount, "paid": amount, "currency": "BRL", "rules": [], "at": 0,
        **more,
    }  # fmt: skip
    return pl.DataFrame([offer], schema=SCHEMA)


@pytest.mark.parametrize(
    ("before", "after", "change", "move", "share"),
    [
        ("50.00", "100.00", "changed", "up", "1.000000"),
        ("100.00", "50.00", "changed", "down", "-0.500000"),
        ("49.00", "29.00", "changed", "down", "-0.408163"),
        # 1 / 3 and 2 / 3, half away from zero
        ("3.00", "4.00", "changed", "up", "0.333333"),
        ("3.00", "1.00", "changed", "down", "-0.666667"),
        ("0.00", "5.00", "changed", "from_zero", None),
        ("5.00", "0.00", "changed", "to_zero", "-1.000000"),
        ("5.00", None, "blocked", None, None),
        (None, "5.00", "unblocked", None, None),
        ("5.00", "5.00", "same", None, "0.000000"),
    ],
)
def test_classes_and_shares(
    before: str | None, after: str | None, change: str, move: str | None, share: str | None
) -> None:
    found = pairs("a", row(before), row(after)).frame.row(0, named=True)

    assert (found["change"], found["move"]) == (change, move)
    assert found["share"] == (None if share is None else Decimal(share))


def test_an_offer_on_one_side_only() -> None:
    nothing = row("5.00").clear()

    assert pairs("a", nothing, row("5.00")).frame["change"].to_list() == ["new"]
    assert pairs("a", row("5.00"), nothing).frame["change"].to_list() == ["gone"]
    assert pairs("a", pl.DataFrame(), row("5.00")).frame["change"].to_list() == ["new"]
    assert pairs("a", row("5.00"), pl.DataFrame()).frame["change"].to_list() == ["gone"]


def test_amounts_of_two_currencies_have_no_share_and_no_direction() -> None:
    found = pairs("a", row("5.00"), row("6.00", currency="USD")).frame.row(0, named=True)

    assert (found["change"], found["move"], found["share"]) == ("changed", None, None)
    assert found["fields"] == ["currency", "price"]


def test_another_marketplace_is_another_offer() -> None:
    found = pairs("a", row("5.00"), row("5.00", marketplace="n")).frame.row(0, named=True)

    assert (found["change"], found["fields"]) == ("changed", ["marketplace"])


@pytest.mark.parametrize(
    ("one", "other"),
    [(pl.String, pl.Int64), (pl.Decimal(38, 3), pl.Int64), (pl.Boolean, pl.String)],
)
def test_an_attribute_of_another_type_is_another_one(one: Any, other: Any) -> None:
    values = {pl.String: "7", pl.Int64: 8, pl.Boolean: True}
    frames = [
        row("5.00").with_columns(
            pl.Series("attribute.size", [values.get(kind, Decimal("7.000"))], dtype=kind)
        )
        for kind in (one, other)
    ]
    found = pairs("a", *frames).frame.row(0, named=True)

    assert (found["change"], found["fields"]) == ("changed", ["attribute.size"])
