"""The reference repository with its catalogue blown up, and changes of its rules as folders."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from results import ROOT

AS_OF = "2026-11-24T12:00:00-03:00"
BY_SKU = ("catalogue", "costs", "list_prices", "stock", "competitors")
FIFTH = """\
  second:
    marketplace: example-market
    credentials: second
    settings: {shop_id: casa-dois}
"""


Edits = Mapping[str, tuple[str, str]]
"""By file, a text of it and what stands there instead."""
ONE: Edits = {"rules/pricing/amazon.yaml": ("margin: 24%", "margin: 25%")}
ALL: Edits = {
    **ONE,
    "rules/pricing/shop.yaml": ("set: {price: cost * (1 + markup) + plus}",
                                "set: {price: cost * (1.01 + markup) + plus}"),
    "rules/inventory/stock.yaml": ("otherwise: {units: 2}", "otherwise: {units: 3}"),
    "rules/mapping/example-market.yaml": ("{{ name }} {{ color }} - ", "{{ name }} {{ color }} / "),
    "rules/fees/vtex.yaml": ("rate: 2.9%", "rate: 3.0%"),
    "marketplaces/example-market/payloads/content.yaml": ("{{ title }} (", "{{ title }}, ("),
}  # fmt: skip


def write_repository(root: Path, edits: Edits) -> None:
    """The rules with a fifth account; data lies elsewhere."""
    for name in ("rules", "marketplaces"):
        shutil.copytree(ROOT / name, root / name)
    shop = (ROOT / "offerwright.yaml").read_text(encoding="utf-8")
    shop = shop.replace("\n# Where the numbers", f"{FIFTH}\n# Where the numbers")
    for name in BY_SKU:
        shop = shop.replace(f"data/{name}.csv", f"data/{name}.parquet")
    (root / "offerwright.yaml").write_text(shop, encoding="utf-8")
    inventory = root / "rules/inventory/stock.yaml"
    text = inventory.read_text(encoding="utf-8")
    text = text.replace("{marketplace: example-market, share: 10%, cap: 10}",
                        "{account: example, share: 5%, cap: 10}\n"
                        "    - {account: second, share: 5%, cap: 10}")  # fmt: skip
    inventory.write_text(text, encoding="utf-8")
    for file, (old, new) in edits.items():
        path = root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")


def write_data(folder: Path, skus: int) -> None:
    """The sources of the reference repository over and over, each time under other SKUs."""
    folder.mkdir(parents=True, exist_ok=True)
    size = pl.read_csv(ROOT / "data/catalogue.csv", columns=["sku"]).height
    times = -(-skus // size)
    for name in BY_SKU:
        one = pl.read_csv(ROOT / f"data/{name}.csv", infer_schema=False)
        many = [one.with_columns(pl.col("sku") + f"-{n:04}") for n in range(times)]
        pl.concat(many).write_parquet(folder / f"{name}.parquet")
    for name in ("brands", "nodes", "places"):
        shutil.copy(ROOT / f"data/{name}.csv", folder)
