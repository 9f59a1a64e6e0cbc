"""The marketplaces of this repository, and offers of one row or many as the engine hands them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from offerwright.marketplaces.load import load_marketplaces
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.marketplaces.payload import CompiledPayload
from offerwright.marketplaces.render import render
from offerwright.money import CURRENCY_DIGITS

ROOT = Path(__file__).parents[2]
SPECS = ROOT.parent / "shared" / "specs"
MONEY = ("price", "sale_price", "list_price")
WHOLE = ("quantity", "node_stock")
MOMENTS = ("sale_from", "sale_before")
TEXT = ("sku", "currency", "category", "title", "description")


def files() -> dict[str, bytes]:
    """All files under `marketplaces/`, by path from the root of the repository."""
    found = (p for p in (ROOT / "marketplaces").rglob("*") if p.is_file())
    return {p.relative_to(ROOT).as_posix(): p.read_bytes() for p in found}


@cache
def marketplaces() -> Mapping[str, Marketplace]:
    loaded, found = load_marketplaces(files())
    assert found == []
    return loaded


def payload(marketplace: str, name: str) -> CompiledPayload:
    return marketplaces()[marketplace].payloads[name]


def spec(path: str) -> Path:
    """A file of the shared specifications; the test is skipped where they are not at hand."""
    if not (SPECS / path).exists():
        pytest.skip(f"../shared/specs/{path} is not here")
    return SPECS / path


def offers(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as `frames.OFFERS`; money has the digits of the first row's currency."""
    digits = CURRENCY_DIGITS[rows[0].get("currency", "BRL")]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [_cell(name, row.get(name)) for row in rows] for name in names}
    return pl.DataFrame(columns, schema={name: _dtype(name, digits) for name in names})


def _cell(name: str, value: Any) -> Any:
    if name in WHOLE and value is not None:
        return int(value)
    if name == "tiers" and value is not None:
        return [{"quantity": int(t["quantity"]), "price": t["price"]} for t in value]
    if name in MOMENTS and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


def _dtype(name: str, digits: int) -> Any:
    if name in MONEY:
        return pl.Decimal(38, digits)
    if name in WHOLE:
        return pl.Int64()
    if name in MOMENTS:
        return pl.Datetime("us", "UTC")
    if name == "tiers":
        return pl.List(pl.Struct({"quantity": pl.Int64(), "price": pl.Decimal(38, digits)}))
    return pl.List(pl.String()) if name == "images" else pl.String()


def account(
    marketplace: str, site: str | None = None, currency: str = "BRL", **settings: str
) -> dict[str, str]:
    return marketplaces()[marketplace].account_settings(site, currency, settings)


def bodies(
    what: CompiledPayload, row: Mapping[str, Any], settings: Mapping[str, str]
) -> list[tuple[str, bytes]] | None:
    """The parts that are sent for one offer; None when it is not told."""
    written = render(what, offers([row]), settings)
    if written.is_empty():
        return None
    [parts] = written.drop("row").rows(named=True)
    return [(name, text.encode()) for name, text in parts.items() if text is not None]


RICH: dict[str, Any] = {
    "sku": "CAM-100-P",
    "currency": "BRL",
    "price": Decimal("79.90"),
    "sale_price": None,
    "list_price": None,
    "quantity": 4,
    "category": "MLB31447",
    "title": "Camiseta Lisa Algodão",
    "description": "Camiseta de algodão penteado.",
    "images": ["https://cdn.example/cam-1.jpg", "https://cdn.example/cam-2.jpg"],
    "attribute.BRAND": "Aurora",
    "attribute.COLOR": "Azul",
}
