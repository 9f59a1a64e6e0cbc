"""
One generated repository of a chosen size, the same for every run: the rules of a seller with a few
accounts, a year of campaigns, surcharges by category and long markup tables.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

SEED = 20_261_124
MARKETPLACES = ("mercadolibre", "amazon", "example-market")
SHOP = """\
kind: shop
name: large
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  meli: {marketplace: mercadolibre, site: MLB, settings: {seller_id: "1"}}
  amazon: {marketplace: amazon, site: BR, settings: {seller_id: A1}}
  example: {marketplace: example-market, settings: {shop_id: large}}
sources:
  catalogue: {file: data/catalogue.csv}
  stock: {file: data/stock.csv}
"""
FACTS = """\
kind: facts
name: large
facts:
  brand: {type: text, from: catalogue.brand}
  category: {type: path, from: catalogue.category}
  name: {type: text, from: catalogue.name}
  tier: {type: enum, of: [gold, silver, bronze, none], from: catalogue.tier, missing: none}
  cost: {type: money, from: catalogue.cost, minimum: 0.01}
  list_price: {type: money, from: catalogue.list_price}
  weight: {type: weight, from: catalogue.weight_g, unit: g}
  fragile: {type: boolean, from: catalogue.fragile, missing: false}
  stock: {type: map of integer, from: stock.on_hand, key: node}
"""
INVENTORY = """\
kind: inventory
name: stock
pool: {on_hand: stock}
allocate:
  method: partition
  marketplaces:
    - {marketplace: mercadolibre, share: 40%}
    - {marketplace: amazon, share: 35%}
    - {marketplace: example-market, share: 25%}
"""
GUARDS = """\
kind: guards
name: money
guards:
  - {id: positive, check: positive, else: block}
  - {id: floor, check: price_at_least, bound: cost * 1.05, else: block}
"""
CAMPAIGNS, CAMPAIGN_RULES = 60, 60
SURCHARGES, SURCHARGE_RULES = 28, 50
CSV_TABLES, CSV_ROWS = 8, 2_000
LONG_TABLES, LONG_ROWS = 4, 1_000
CATEGORIES = [f"dep-{i // 40}/cat-{i // 8 % 5}/leaf-{i}" for i in range(800)]
BRANDS = [f"Brand {i:03}" for i in range(500)]


def make_repository(root: Path) -> None:
    """Write 100 YAML files with 5,000 rules, and tables of 20,000 rows, a fifth of them in YAML."""
    rng = random.Random(SEED)
    files = {
        "offerwright.yaml": SHOP,
        "rules/facts.yaml": FACTS,
        "rules/inventory.yaml": INVENTORY,
        "rules/guards.yaml": GUARDS,
    }
    files |= dict(_campaigns(rng))
    files |= dict(_surcharges(rng))
    files |= dict(_csv_tables(rng))
    files |= dict(_long_tables(rng))
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def _campaigns(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Sales by category and brand, each for one marketplace and a third of a month."""
    for number in range(CAMPAIGNS):
        marketplace = MARKETPLACES[number % len(MARKETPLACES)]
        turn = number // len(MARKETPLACES)
        month, day = 1 + turn // 2, 1 + turn % 2 * 14
        lines = [
            f"kind: pricing\nname: sale-{number:02}\nfor: {{marketplace: {marketplace}}}",
            f"valid: {{from: 2027-{month:02}-{day:02}, before: 2027-{month:02}-{day + 13}}}",
            "steps:\n  - id: offers\n    phase: adjust\n    hit: collect\n    take: max",
            "    rules:",
        ]
        for rule, category in enumerate(rng.sample(CATEGORIES, CAMPAIGN_RULES)):
            low = rng.randrange(10, 400)
            brands = ", ".join(rng.sample(BRANDS, 2))
            lines.append(
                f"      - id: offer-{rule:02}\n"
                f"        when: {{category: {{under: {category}}}, brand: [{brands}], "
                f"cost: {low}..{low + 200}, tier: [gold, silver], stock: present}}\n"
                f"        then: {{off: {rng.randrange(3, 30)}%}}\n"
                f"        note: agreed with the buyer of {category}"
            )
        lines.append("    otherwise: {off: 0%}\n    set: {sale_price: price * (1 - off)}")
        yield f"rules/campaigns/sale-{number:02}.yaml", "\n".join(lines) + "\n"


def _surcharges(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Amounts by category, weight and fragility, each under a name of its own."""
    for number in range(SURCHARGES):
        marketplace = MARKETPLACES[number % len(MARKETPLACES)]
        lines = [
            f"kind: pricing\nname: extra-{number:02}\nfor: {{marketplace: {marketplace}}}",
            "steps:\n  - id: extra\n    phase: base\n    hit: unique\n    rules:",
        ]
        for rule, category in enumerate(rng.sample(CATEGORIES, SURCHARGE_RULES)):
            lines.append(
                f"      - {{id: part-{rule:02}, when: {{category: {category}, fragile: "
                f"{rng.choice(('true', 'false'))}, weight: {rng.randrange(3)}..{3 + rule}}}, "
                f"then: {{amount: {rng.randrange(100, 2000) / 100:.2f}}}}}"
            )
        lines.append(f"    otherwise: {{amount: 0}}\n    set: {{extra_{number:02}: amount}}")
        yield f"rules/extras/extra-{number:02}.yaml", "\n".join(lines) + "\n"


def _csv_tables(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Markups by category, cost range and tier in CSV files."""
    for number in range(CSV_TABLES):
        where = "" if number == 0 else f"for: {{marketplace: {MARKETPLACES[number % 3]}}}\n"
        result = "price: cost * (1 + markup) + plus" if number == 0 else (
            f"target_{number}: cost * (1 + markup) + plus")  # fmt: skip
        yield (
            f"rules/markups/markup-{number}.yaml",
            (
                f"kind: pricing\nname: markup-{number}\n{where}steps:\n"
                f"  - {{id: markups, phase: base, hit: unique, file: markup-{number}.csv, "
                f"otherwise: {{markup: 30%, plus: 2.00}}, set: {{{result}}}}}\n"
            ),
        )
        rows = ["id,when.category,when.cost,when.tier,then.markup,then.plus,note"]
        rows += [",".join(cells) for cells in _markups(rng, CSV_ROWS)]
        yield f"rules/markups/markup-{number}.csv", "\n".join(rows) + "\n"


def _markups(rng: random.Random, wanted: int) -> Iterator[tuple[str, ...]]:
    """Disjoint rows: categories with their cost cut into ranges, some of them by tier."""
    made = 0
    for category in rng.sample(CATEGORIES, len(CATEGORIES)):
        cut = rng.randrange(50, 800)
        for cost in (f"< {cut}", f"{cut}..{cut * 3}", f">= {cut * 3}"):
            if made == wanted:
                return
            made += 1
            yield (f"row-{made}", f"under {category}", cost, "gold | silver" if made % 2 else "",
                   f"{rng.randrange(80, 400) / 10:.1f}%", f"{rng.randrange(0, 900) / 100:.2f}",
                   "net of the bonus" if made % 7 == 0 else "")  # fmt: skip


def _long_tables(rng: random.Random) -> Iterator[tuple[str, str]]:
    """The same rows written in YAML, one map a line."""
    for number in range(LONG_TABLES):
        lines = [
            f"kind: pricing\nname: long-{number}\nfor: {{marketplace: {MARKETPLACES[number % 3]}}}",
            "steps:\n  - id: rows\n    phase: base\n    hit: unique\n    rules:",
        ]
        for id_, category, cost, tier, markup, plus, _ in _markups(rng, LONG_ROWS):
            tiers = ", tier: [gold, silver]" if tier else ""
            path = category.removeprefix("under ")
            lines.append(
                f"      - {{id: {id_}, when: {{category: {{under: {path}}}, "
                f'cost: "{cost}"{tiers}}}, then: {{markup: {markup}, plus: {plus}}}}}'
            )
        lines.append("    otherwise: {markup: 30%, plus: 0}")
        lines.append(f"    set: {{long_{number}: cost * (1 + markup) + plus}}")
        yield f"rules/long/long-{number}.yaml", "\n".join(lines) + "\n"
