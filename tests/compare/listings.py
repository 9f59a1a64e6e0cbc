"""Listings of offers for the tests of `compare`, in few words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl

from offerwright.evaluate.listing import BLOCK_FIELDS

SCHEMA: dict[str, Any] = {
    "account": pl.String,
    "marketplace": pl.String,
    "sku": pl.String,
    "status": pl.String,
    "blocked": pl.List(pl.Struct(BLOCK_FIELDS)),
    "price": pl.Decimal(38, 2),
    "sale_price": pl.Decimal(38, 2),
    "currency": pl.String,
    "quantity": pl.Int64,
    "oversell": pl.Int64,
    "category": pl.String,
    "rules": pl.List(pl.String),
    "title": pl.String,
    "images": pl.List(pl.String),
    "tiers": pl.List(pl.Struct({"quantity": pl.Int64, "price": pl.Decimal(38, 2)})),
    "attribute.BRAND": pl.String,
}


def offer(sku: str, account: str = "meli", **more: Any) -> dict[str, Any]:
    """One row of a listing; what is not said is missing."""
    row: dict[str, Any] = dict.fromkeys(SCHEMA)
    row |= {
        "account": account, "marketplace": "mercadolibre", "sku": sku, "status": "offer",
        "blocked": [], "price": Decimal("10.00"), "currency": "BRL", "quantity": 3, "rules": [],
        "title": f"Mug {sku}", "images": [],
    }  # fmt: skip
    return row | more


def block(aspect: str, code: str, line: int = 1) -> dict[str, Any]:
    return {"aspect": aspect, "code": code, "rule": "shop/markups", "rows": [], "cell": None,
            "file": "rules/shop.yaml", "line": line}  # fmt: skip


def listing(*offers: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(offers), schema=SCHEMA)
