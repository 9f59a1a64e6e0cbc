"""
One generated shop: a catalogue of N SKUs and rules of a chosen size, the same for every run.

The shape follows the figures that sellers of this size have: 800 leaf categories (half Zipf, half
even), 500 brands, costs lognormal, stock in five nodes, competitor prices for three marketplaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

SEED = 20_261_124
NODES = 5
MARKETPLACES = ("mercadolibre", "amazon", "example-market")
SHOP = """\
kind: shop
name: bench
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  meli: {marketplace: mercadolibre, site: MLB, settings: {seller_id: "1"}}
  amazon: {marketplace: amazon, site: BR, settings: {seller_id: A1}}
  example: {marketplace: example-market, settings: {shop_id: bench}}
sources:
  catalogue: {file: data/catalogue.parquet}
  stock: {file: data/stock.parquet}
  competitors: {file: data/competitors.parquet}
"""
FACTS = """\
kind: facts
name: bench
facts:
  brand: {type: text, from: catalogue.brand}
  category: {type: path, from: catalogue.category}
  name: {type: text, from: catalogue.name}
  color: {type: text, from: catalogue.color}
  size: {type: text, from: catalogue.size}
  gtin: {type: text, from: catalogue.gtin}
  cost: {type: money, from: catalogue.cost}
  list_price: {type: money, from: catalogue.list_price}
  weight: {type: weight, from: catalogue.weight_g, unit: g}
  images: {type: list of text, from: catalogue.images}
  stock: {type: map of integer, from: stock.on_hand, key: node}
  competitor_price: {type: money, from: competitors.price, per: marketplace}
"""
PRICING = """\
kind: pricing
name: shop
steps:
  - id: markups
    phase: base
    hit: first
    file: markups.csv
    otherwise: {markup: 30%, plus: 2.00}
    set: {price: cost * (1 + markup) + plus}
  - {id: heavy, phase: adjust, when: {weight: ">= 5"}, set: {price: price * 1.03}}
  - {id: fees, phase: fees, keep: price}
  - id: follow
    phase: competitor
    when: {competitor_price: present}
    set: {price: "min(price, competitor_price - 0.01)"}
  - {id: limits, phase: bounds, at_least: [cost * 1.05], at_most: [list_price * 2]}
  - {id: endings, phase: round, ending: 0.99, mode: nearest}
"""
INVENTORY = """\
kind: inventory
name: stock
pool:
  safety_stock:
    hit: first
    rules: [{id: dear, when: {cost: ">= 2000"}, then: {units: 1}}]
    otherwise: {units: 2}
allocate:
  method: partition
  marketplaces:
    - {marketplace: mercadolibre, share: 40%, cap: 50}
    - {marketplace: amazon, share: 35%, cap: 40}
    - {marketplace: example-market, share: 25%}
"""
MAPPING = """\
kind: mapping
name: {name}
for: {{marketplace: {name}}}
category: {{hit: unique, file: categories.csv, otherwise: {{block: NO_CATEGORY}}}}
attributes:
  {brand}: {{from: brand}}
  {gtin}: {{from: gtin}}
  {color}: {{from: color, otherwise: {{same: true}}}}
  {weight}: {{from: weight, to: kg, decimals: 3}}
title:
  max: 60
  cut: true
  try:
    - "{{{{ brand }}}} {{{{ name }}}} {{{{ color }}}} {{{{ size }}}}"
    - "{{{{ brand }}}} {{{{ name }}}}"
images: {{from: images, min: 1}}
"""
ATTRIBUTES = {
    "mercadolibre": ("BRAND", "GTIN", "COLOR", "WEIGHT"),
    "amazon": ("brand", "gtin", "color", "item_package_weight"),
    "example-market": ("brand", "gtin", "color", "weight_kg"),
}


@dataclass(frozen=True)
class Workload:
    """A repository on disk, with its data as frames."""

    root: Path
    catalogue: pl.DataFrame


def make_workload(root: Path, skus: int, rows: int) -> Workload:
    """Write the repository with a markup table of `rows` rows and a catalogue of `skus`."""
    rng = np.random.default_rng(SEED)
    for folder in ("rules", "data"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "offerwright.yaml").write_text(SHOP)
    catalogue = _catalogue(rng, skus)
    catalogue.write_parquet(root / "data/catalogue.parquet")
    _stock(rng, catalogue).write_parquet(root / "data/stock.parquet")
    _competitors(rng, catalogue).write_parquet(root / "data/competitors.parquet")
    _rules(root / "rules", np.random.default_rng(SEED + 1), rows)
    return Workload(root, catalogue)


def category(leaf: int) -> str:
    return f"l{leaf // 80:02d}/m{leaf // 10:02d}/c{leaf:03d}"


def _money(values: np.ndarray) -> pl.Series:
    return (pl.Series(values.astype(np.int64)).cast(pl.Decimal(38, 2)) / Decimal(100)).cast(
        pl.Decimal(38, 2)
    )


def _catalogue(rng: np.random.Generator, skus: int) -> pl.DataFrame:
    zipf = np.minimum(rng.zipf(1.3, skus), 800) - 1
    leaf = np.where(rng.random(skus) < 0.5, zipf, rng.integers(0, 800, skus))
    brand = np.minimum((rng.pareto(1.2, skus) * 8).astype(int), 499)
    cost = np.clip(rng.lognormal(7.4, 1.1, skus), 60, 4_000_000).astype(np.int64)
    words = rng.integers(0, 40, (3, skus))
    sku = [f"S{i:07d}" for i in range(skus)]
    return pl.DataFrame(
        {
            "sku": sku,
            "category": [category(int(x)) for x in leaf],
            "brand": [f"Brand {int(x):03d}" for x in brand],
            "name": [f"word{a:02d} word{b:02d} thing{c:02d}" for a, b, c in words.T.tolist()],
            "color": [f"colour {int(x):02d}" for x in rng.integers(0, 60, skus)],
            "size": [f"{int(x)}" for x in rng.integers(30, 50, skus)],
            "gtin": [f"789{i:010d}" for i in range(skus)],
            "cost": _money(cost),
            "list_price": _money(cost * rng.integers(150, 280, skus) // 100),
            "weight_g": rng.lognormal(6.5, 1.0, skus).astype(np.int64) + 1,
            "images": [[f"https://images.example/{s}.jpg"] for s in sku],
        }
    )


def _stock(rng: np.random.Generator, catalogue: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for node in range(NODES):
        units = rng.poisson(6, len(catalogue)) * (rng.random(len(catalogue)) > 0.4)
        parts.append(pl.DataFrame({"sku": catalogue["sku"], "node": f"n{node}", "on_hand": units}))
    return pl.concat(parts)


def _competitors(rng: np.random.Generator, catalogue: pl.DataFrame) -> pl.DataFrame:
    parts = []
    cents = (catalogue["cost"] * 100).cast(pl.Int64).to_numpy()
    for marketplace in MARKETPLACES:
        at = np.flatnonzero(rng.random(len(catalogue)) < 0.3)
        price = cents[at] * rng.integers(120, 220, len(at)) // 100
        skus = catalogue["sku"].gather(at)
        parts.append(
            pl.DataFrame({"sku": skus, "marketplace": marketplace, "price": _money(price)})
        )
    return pl.concat(parts)


def _rules(folder: Path, rng: np.random.Generator, rows: int) -> None:
    (folder / "facts.yaml").write_text(FACTS)
    (folder / "pricing.yaml").write_text(PRICING)
    (folder / "inventory.yaml").write_text(INVENTORY)
    (folder / "markups.csv").write_text(_markups(rng, rows))
    lines = ["id,when.category,then.category"]
    lines += [f"c{leaf},{category(leaf)},MLB{900_000 + leaf}" for leaf in range(800)]
    (folder / "categories.csv").write_text("\n".join(lines) + "\n")
    for name in MARKETPLACES:
        brand, gtin, color, weight = ATTRIBUTES[name]
        (folder / f"mapping-{name}.yaml").write_text(
            MAPPING.format(name=name, brand=brand, gtin=gtin, color=color, weight=weight)
        )


def _markups(rng: np.random.Generator, rows: int) -> str:
    """70 % pairs of category and brand, 20 % categories, the rest brands; a tenth by cost as well.

    Narrower rows come first and no key comes twice, so that every row can win.
    """
    lines = ["id,when.category,when.brand,when.cost,then.markup,then.plus"]
    number = 0
    for share, has_category, has_brand in ((70, True, True), (20, True, False), (10, False, True)):
        for where, who in _keys(rng, rows * share // 100, has_category, has_brand):
            number += 1
            markup = f"{int(rng.integers(15, 60))}%,{number % 5}.00"
            if rng.random() < 0.1:
                cost = f">= {int(rng.integers(1, 50)) * 10}"
                lines.append(f"r{number}c,{where},{who},{cost},{int(rng.integers(15, 60))}%,1.00")
            lines.append(f"r{number},{where},{who},,{markup}")
    return "\n".join(lines) + "\n"


def _keys(
    rng: np.random.Generator, count: int, has_category: bool, has_brand: bool
) -> list[tuple[str, str]]:
    """Distinct keys in random order."""
    keys = [
        (category(leaf) if has_category else "", f"Brand {brand:03d}" if has_brand else "")
        for leaf in (range(800) if has_category else range(1))
        for brand in (range(500) if has_brand else range(1))
    ]
    return [keys[int(i)] for i in rng.permutation(len(keys))[:count]]
