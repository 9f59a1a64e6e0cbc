"""
Makes the shop's data files from assortment.csv: the same bytes every time.

    python data/make_data.py [--out FOLDER]

Only `random.random()` is used, because Python promises its sequence for a seed across versions;
`choice` and `shuffle` carry no such promise.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

SEED = 20261127
NODES = ("sp-1", "rj-1", "pr-1")
# 789 is Brazil; 7890000 stands for a company that does not exist. See README.md.
GTIN_BLOCK = "7890000"
# The shop's prices of the day were looked up on the morning of this moment.
SEEN = datetime(2026, 11, 27, 9, 0, tzinfo=timezone(timedelta(hours=-3)))

# Brand -> (tier, share of its SKUs that carry a minimum advertised price, in percent).
# An empty tier is a cell nobody filled in yet; None is a brand that brands.csv does not list.
BRANDS: dict[str, tuple[str | None, int]] = {
    "Aurinha": ("gold", 60),
    "Brasalume": ("gold", 40),
    "Luz & Lar": ("silver", 0),
    "Vidrália": ("silver", 0),
    "Termobel": ("gold", 50),
    "Ventamar": ("silver", 10),
    "Sonorix": ("gold", 70),
    "Digitora": ("gold", 50),
    "Celmira": ("silver", 20),
    "Pixaro": ("bronze", 0),
    "Ferravale": ("silver", 0),
    "Trilhante": ("bronze", 0),
    "Passinho Leve": ("silver", 30),
    "Bichoteca": ("bronze", 0),
    "Verdolim": ("bronze", 0),
    "Fiandara": ("silver", 0),
    "Penteare": ("gold", 30),
    "Jogaria d'Oeste": ("", 0),
    "Papelume": (None, 0),
}

Rows = list[dict[str, str]]


class Leaf(NamedTuple):
    """One row of assortment.csv: a leaf category, its models, and the axis its variants differ on.

    Costs are BRL from and to, the weight is in grams, the parcel in centimetres.
    """

    category: str
    prefix: str
    noun: str
    models: tuple[str, ...]
    brands: tuple[str, ...]
    axis: str
    values: tuple[str, ...]
    material: str
    cost: tuple[int, int]
    weight_g: int
    parcel_cm: tuple[int, int, int]
    sentence: str


class Product(NamedTuple):
    """One SKU: its row in the catalogue, and what the other files are made from."""

    row: dict[str, str]
    leaf: Leaf
    cost: Decimal
    weight_g: int


class Dice:
    """A seeded stream of choices."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random

    def below(self, end: int) -> int:
        return int(self._random() * end)

    def between(self, first: int, last: int) -> int:
        return first + self.below(last - first + 1)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent


def gtin13(number: int) -> str:
    """The GTIN-13 of a number below 100,000 in the made-up company block, with its check digit."""
    body = f"{GTIN_BLOCK}{number:05}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighted % 10}"


def assortment() -> list[Leaf]:
    with (Path(__file__).parent / "assortment.csv").open(encoding="utf-8", newline="") as file:
        return [leaf_of(row) for row in csv.DictReader(file)]


def leaf_of(row: Mapping[str, str]) -> Leaf:
    lists = {name: tuple(row[name].split("|")) for name in ("models", "brands", "values")}
    return Leaf(
        category=row["category"],
        prefix=row["prefix"],
        noun=row["noun"],
        models=lists["models"],
        brands=lists["brands"],
        axis=row["axis"],
        values=lists["values"],
        material=row["material"],
        cost=(int(row["cost_from"]), int(row["cost_to"])),
        weight_g=int(row["weight_g"]),
        parcel_cm=(int(row["length_cm"]), int(row["width_cm"]), int(row["height_cm"])),
        sentence=row["sentence"],
    )


def products(leaves: Iterable[Leaf], dice: Dice) -> Iterator[Product]:
    """Every SKU, leaf by leaf, model by model, variant by variant."""
    number = 0
    for leaf in leaves:
        for index, model in enumerate(leaf.models):
            brand = leaf.brands[index % len(leaf.brands)]
            cost = model_cost(leaf, index, dice)
            listed_on = f"202{dice.between(3, 6)}-{dice.between(1, 10):02}-{dice.between(1, 28):02}"
            for place, value in enumerate(leaf.values):
                number += 1
                grows = leaf.axis in ("size", "memory")
                step = Decimal("0.06") * place if grows else Decimal(0)
                weight_g = leaf.weight_g * (10 + (index + place * grows)) // 10
                row = catalogue_row(leaf, model, brand, value, weight_g, number, dice)
                yield Product(
                    row | {"listed_on": listed_on}, leaf, money(cost * (1 + step)), weight_g
                )


def model_cost(leaf: Leaf, index: int, dice: Dice) -> Decimal:
    """A cost between the leaf's ends, later models dearer, with the cents of a supplier's list."""
    low, high = leaf.cost
    span = (high - low) * 100 // len(leaf.models)
    return Decimal(low * 100 + span * index + dice.below(span)) / 100


def money(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"))


def catalogue_row(
    leaf: Leaf, model: str, brand: str, value: str, weight_g: int, number: int, dice: Dice
) -> dict[str, str]:
    sku = f"{leaf.prefix}-{number:04}"
    family = f"{leaf.noun} {model}"
    # What the buyer chooses stands in the name, but for the colour: titles add that themselves.
    name = family if leaf.axis == "color" else f"{family} {value}"
    length, width, height = leaf.parcel_cm
    images = [f"https://images.example/{sku}/{n}.jpg" for n in range(1, dice.between(2, 5))]
    text = (
        f"{name} da {brand}. {leaf.sentence} Material: {leaf.material.lower()}."
        f" Produto novo, com nota fiscal e garantia contra defeitos de fabricação."
        f" Medidas da embalagem: {length} x {width} x {height} cm."
    )
    return {
        "sku": sku,
        "family": family,
        "name": name,
        "brand": brand,
        "model": model,
        "category": leaf.category,
        "gtin": gtin13(number),
        "color": value if leaf.axis == "color" else "",
        "size": value if leaf.axis == "size" else "",
        "voltage": value if leaf.axis == "voltage" else "",
        "material": leaf.material,
        "weight_g": str(weight_g),
        "length_cm": str(length),
        "width_cm": str(width),
        "height_cm": str(height),
        "long_text": text,
        "image_urls": "|".join(images),
    }


def polished(found: Sequence[Product]) -> list[Product]:
    """The products with what every real catalogue has: gaps, an emoji, a title that is too long."""
    special: dict[int, Mapping[str, str]] = {
        4: {"image_urls": ""},
        61: {"image_urls": ""},
        150: {"image_urls": ""},
        333: {"image_urls": ""},
        77: {"gtin": ""},
        201: {"gtin": ""},
        118: {"category": ""},
        302: {"category": ""},
        40: {"weight_g": ""},
        222: {"color": ""},
    }
    changed = [p._replace(row={**p.row, **special.get(place, {})}) for place, p in enumerate(found)]
    games = [place for place, p in enumerate(changed) if p.leaf.prefix == "JOG"]
    changed[games[0]] = renamed(changed[games[0]], "Jogo de Tabuleiro Bandeirinha 🎲 Família")
    shelves = [place for place, p in enumerate(changed) if p.leaf.prefix == "EST"]
    changed[shelves[0]] = renamed(
        changed[shelves[0]],
        "Estante Ripada para Sala, Quarto & Escritório com 4 Prateleiras Reguláveis e Pés de Metal",
    )
    return changed


def renamed(product: Product, name: str) -> Product:
    return product._replace(row={**product.row, "name": name, "family": name})


def costs(found: Iterable[Product]) -> Rows:
    """Cost and freight; some costs are not known yet, and two SKUs have no row at all."""
    rows = []
    for place, p in enumerate(found):
        if place in (90, 311):
            continue
        cost = "" if place in (12, 101, 188, 260, 345, 402) else f"{p.cost}"
        length, width, height = p.leaf.parcel_cm
        # Carriers bill the greater of weight and volume: 6,000 cm³ count as one kilogram.
        billed_g = max(p.weight_g, length * width * height // 6)
        freight = Decimal("6.90") + money(Decimal(billed_g) / 1000 * Decimal("0.85"))
        rows.append({"sku": p.row["sku"], "cost": cost, "freight": f"{freight}"})
    return rows


def list_prices(found: Iterable[Product], dice: Dice) -> Rows:
    """The maker's list price, a minimum advertised price for some brands, a few fixed prices."""
    rows = []
    for place, p in enumerate(found):
        listed = ending_9_90(list_price(p.cost))
        has_map = dice.chance(BRANDS[p.row["brand"]][1])
        advertised = ending_9_90(p.cost * Decimal("1.3") + 12) if has_map else None
        fixed = ending_9_90(p.cost * Decimal("1.5") + 20) if place % 83 == 30 else None
        rows.append(
            {
                "sku": p.row["sku"],
                "list_price": "" if place in (55, 217, 390) else f"{listed}",
                "map_price": f"{advertised}" if advertised else "",
                "fixed_price": f"{fixed}" if fixed else "",
            }
        )
    return rows


def list_price(cost: Decimal) -> Decimal:
    for below, times, plus in ((60, "2.3", 32), (300, "2.1", 38), (1000, "1.85", 60)):
        if cost < below:
            return cost * Decimal(times) + plus
    return cost * Decimal("1.62") + 90


def ending_9_90(value: Decimal) -> Decimal:
    """The least price of the form …9.90 that is not below the value."""
    tens = ((value - Decimal("9.90")) / 10).to_integral_value(rounding=ROUND_CEILING)
    return tens * 10 + Decimal("9.90")


def stock(found: Iterable[Product], dice: Dice) -> Rows:
    """Units by node. Nought is a count; a SKU that nobody counted has no row."""
    rows = []
    for place, p in enumerate(found):
        if place in (33, 140, 250, 351, 420):
            continue
        most = 12 if p.cost > 800 else 45 if p.cost > 120 else 120
        for node, percent in zip(NODES, (100, 70, 45), strict=True):
            if dice.chance(percent):
                units = 0 if place % 29 == 7 else dice.between(0, most)
                rows.append({"sku": p.row["sku"], "node": node, "on_hand": str(units)})
    return rows


def competitors(found: Iterable[Product], dice: Dice) -> Rows:
    """What others ask for the same product, and when that was seen; one in five is stale."""
    rows = []
    for p in found:
        for marketplace, percent in (("mercadolibre", 38), ("amazon", 26)):
            if dice.chance(percent):
                around = list_price(p.cost) * Decimal(dice.between(62, 84)) / 100
                age = timedelta(minutes=dice.between(4, 230))
                if dice.chance(20):
                    age += timedelta(days=dice.between(1, 6))
                rows.append(
                    {
                        "sku": p.row["sku"],
                        "marketplace": marketplace,
                        "price": f"{money(around)}",
                        "seen_at": (SEEN - age).isoformat(),
                    }
                )
    return rows


def brands() -> Rows:
    return [{"brand": b, "tier": tier} for b, (tier, _) in BRANDS.items() if tier is not None]


def files() -> dict[str, bytes]:
    """Every data file by name."""
    dice = Dice(SEED)
    found = polished(list(products(assortment(), dice)))
    return {
        "catalogue.csv": csv_bytes([p.row for p in found]),
        "costs.csv": csv_bytes(costs(found)),
        "list_prices.csv": csv_bytes(list_prices(found, dice)),
        "stock.csv": csv_bytes(stock(found, dice)),
        "competitors.csv": csv_bytes(competitors(found, dice)),
        "brands.csv": csv_bytes(brands()),
    }


def csv_bytes(rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    out: Path = parser.parse_args().out
    for name, content in files().items():
        (out / name).write_bytes(content)


if __name__ == "__main__":
    main()
