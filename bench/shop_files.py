"""The rules of `ruledata.py` as the files of a repository: as a merchandiser writes them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from conditionals import Conditional
from markets import MARKETS, Market
from ruledata import RuleData
from vocabulary import CONDITIONS, LEAVES, NODES, leaf_path

DESCRIPTION = (
    'Linha "essencial" — conferida peça por peça, garantia de 12 meses, caixa "fácil de abrir".'
)
SHOP = """\
kind: shop
name: bench
time_zone: America/Sao_Paulo
currency: BRL
accounts:
{accounts}sources:
  catalogue: {{file: data/catalogue.parquet}}
  stock: {{file: data/stock.parquet}}
  competitors: {{file: data/competitors.parquet}}
"""
FACTS = f"""\
kind: facts
name: bench
facts:
  category: {{type: path, from: catalogue.category}}
  brand: {{type: text, from: catalogue.brand}}
  name: {{type: text, from: catalogue.name}}
  color: {{type: text, from: catalogue.color}}
  size: {{type: text, from: catalogue.size}}
  material: {{type: text, from: catalogue.material}}
  gender: {{type: text, from: catalogue.gender}}
  season: {{type: text, from: catalogue.season}}
  condition: {{type: enum, of: [{", ".join(CONDITIONS)}], from: catalogue.condition}}
  cost: {{type: money, from: catalogue.cost}}
  list_price: {{type: money, from: catalogue.list_price}}
  weight: {{type: weight, from: catalogue.weight_g, unit: g}}
  images: {{type: list of text, from: catalogue.images}}
  stock: {{type: map of integer, from: stock.on_hand, key: node}}
  competitor_price: {{type: money, from: competitors.price, per: marketplace}}
derive:
  on_hand: {" + ".join(f"stock.{node}" for node in NODES)}
"""
PRICING = """\
kind: pricing
name: shop
steps:
  - id: table
    phase: base
    hit: first
    file: markups.csv
    otherwise: {table_markup: 30%}
    set: {price: cost * (1 + table_markup)}
  - id: conditional
    phase: base
    hit: first
    file: conditional.csv
    otherwise: {markup: table_markup}
    set: {price: cost * (1 + markup)}
  - {id: fees, phase: fees, keep: price}
  - id: follow
    phase: competitor
    when: {competitor_price: present}
    set: {price: "min(price, competitor_price - 0.01)"}
  - {id: limits, phase: bounds, at_least: [cost * 1.05], at_most: [list_price * 2.2]}
  - {id: ending-99, phase: round, ending: 0.99, mode: up}
  - {id: ending-90, phase: round, when: {price: ">= 100"}, ending: 0.90, mode: up}
"""
GUARDS = """\
kind: guards
name: money
guards:
  - {id: positive, check: positive, else: block}
  - {id: currency, check: currency, else: block}
  - {id: floor, check: price_at_least, bound: cost * 1.05, else: block}
  - {id: margin, check: margin_at_least, margin: 3%, else: warn}
  - {id: ceiling, check: price_at_most, bound: list_price * 2.2, else: block}
"""
MAPPING = """\
kind: mapping
name: {marketplace}
for: {{marketplace: {marketplace}}}
category: {{hit: unique, file: categories-{marketplace}.csv, otherwise: {{block: NO_CATEGORY}}}}
attributes:
  {brand}: {{from: brand, required: true}}
  {color}:
    from: color
    otherwise: {{same: true}}
    table:
{colors}  {size}:
    from: size
    otherwise: {{value: Other}}
    table:
{sizes}  {material}:
    from: material
    otherwise: {{block: UNMAPPED_MATERIAL}}
    table:
{materials}  {gender}: {{from: gender}}
  {weight}: {{from: weight, to: kg, decimals: 3}}
title:
  max: 60
  cut: true
  try: ["{{{{ brand }}}} {{{{ name }}}} {{{{ color }}}} {{{{ size }}}}"]
description: {{text: '{description}'}}
images: {{from: images, min: 1}}
"""


def write_shop(root: Path, rules: RuleData, accounts: int) -> None:
    """Everything but the data: `offerwright.yaml`, `rules/`, and the invented marketplace."""
    markets = MARKETS[:accounts]
    files = {
        "offerwright.yaml": SHOP.format(accounts="".join(map(_account, markets))),
        "rules/facts.yaml": FACTS,
        "rules/pricing.yaml": PRICING,
        "rules/guards.yaml": GUARDS,
        "rules/markups.csv": _markups(rules),
        "rules/conditional.csv": _conditionals(rules.conditionals),
        "rules/inventory.yaml": _inventory(rules, markets),
    }
    for market in markets:
        files |= _of_market(rules, market)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    if any(market.marketplace == "plaza" for market in markets):
        plaza = root / "marketplaces/plaza"
        shutil.copytree(Path(__file__).parent / "plaza", plaza, dirs_exist_ok=True)


def _account(market: Market) -> str:
    settings = market.currency_line
    return f"  {market.account}: {{marketplace: {market.marketplace}, {settings}}}\n"


def _of_market(rules: RuleData, market: Market) -> dict[str, str]:
    name = market.marketplace
    lines = ["id,when.category,then.category"]
    lines += [f"c{i},{leaf_path(i)},{rules.categories[name][i]}" for i in range(LEAVES)]
    return {
        f"rules/categories-{name}.csv": _csv(lines),
        f"rules/mapping-{name}.yaml": _mapping(rules, market),
        f"rules/commission-{name}.csv": _commission(rules, market),
        f"rules/fees-{name}.yaml": _fees(rules, market),
        f"rules/pricing-{name}.yaml": _channel(market),
    }


def _csv(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def percent(basis_points: int) -> str:
    return f"{Decimal(basis_points) / 100}%"


def _markups(rules: RuleData) -> str:
    lines = ["id,when.category,when.brand,when.cost,then.table_markup"]
    for number, row in enumerate(rules.markups):
        cost = "" if row.cost_from is None else f">= {row.cost_from}"
        lines.append(f"r{number},{row.category},{row.brand},{cost},{percent(row.markup)}")
    return _csv(lines)


def _conditionals(conditionals: Sequence[Conditional]) -> str:
    lines = [
        "id,when.category,when.brand,when.cost,when.weight,when.season,when.condition,then.markup"
    ]
    for number, one in enumerate(conditionals):
        under = " | ".join(f"under {path}" for path in one.under)
        cost = "" if one.cost is None else f"{one.cost[0]}..{one.cost[1]}"
        weight = (
            "" if one.weight_g is None else "..".join(str(Decimal(g) / 1000) for g in one.weight_g)
        )
        cells = (under, " | ".join(one.brands), cost, weight, " | ".join(one.seasons),
                 one.condition, percent(one.markup))  # fmt: skip
        lines.append(f"q{number}," + ",".join(cells))
    return _csv(lines)


def _inventory(rules: RuleData, markets: Sequence[Market]) -> str:
    lines = ["kind: inventory", "name: stock", "pool:", "  safety_stock:", "    hit: first"]
    lines.append("    rules:")
    for level, (units, share) in enumerate(rules.safety):
        when, then = f"category: {{under: l{level:02d}}}", f'"{units} + on_hand * {percent(share)}"'
        lines.append(f"      - {{id: s{level}, when: {{{when}}}, then: {{units: {then}}}}}")
    lines += ["    otherwise: {units: 0}", "allocate:", "  method: partition", "  marketplaces:"]
    for market in markets:
        cap = "" if market.cap is None else f", cap: {market.cap}"
        entry = f"marketplace: {market.marketplace}, share: {percent(market.share)}{cap}"
        lines.append(f"    - {{{entry}}}")
    return _csv(lines)


def _commission(rules: RuleData, market: Market) -> str:
    """The last of the 300 rows is the `otherwise` of the table."""
    lines = ["id,when.category,then.rate"]
    for number, (path, rate) in enumerate(rules.commissions[market.marketplace][:-1]):
        leaf = path.count("/") == 2
        lines.append(f"f{number},{path if leaf else f'under {path}'},{percent(rate)}")
    return _csv(lines)


def _fees(rules: RuleData, market: Market) -> str:
    name = market.marketplace
    table = f"file: commission-{name}.csv"
    rest = percent(rules.commissions[name][-1][1])
    lines = [
        "kind: fees", f"name: {name}", f"for: {{marketplace: {name}}}", "override: true", "fees:",
        f"  - {{id: commission, hit: first, {table}, otherwise: {{rate: {rest}}}}}",
        "  - id: fixed", "    rules:",
    ]  # fmt: skip
    starts = [start for start, _ in market.bands]
    for number, (start, fee) in enumerate(market.bands):
        last = number + 1 == len(starts)
        cell = f'">= {start // 100}"' if last else f"{start // 100}..{starts[number + 1] // 100}"
        money = f"{Decimal(fee) / 100}"
        lines.append(f"      - {{id: b{number}, when: {{price: {cell}}}, then: {{fee: {money}}}}}")
    return _csv(lines)


def _channel(market: Market) -> str:
    """What an account adds to the markup."""
    share = percent(abs(market.adjust))
    sign = "-" if market.adjust < 0 else "+"
    return (
        f"kind: pricing\nname: channel-{market.account}\n"
        f"for: {{account: {market.account}}}\nsteps:\n"
        f"  - {{id: channel, phase: adjust, set: {{price: price {sign} cost * {share}}}}}\n"
    )


def _mapping(rules: RuleData, market: Market) -> str:
    brand, color, size, material, gender, weight = market.attributes
    maps = rules.values[market.marketplace]
    tables = {
        name: "".join(f"      {ours}: {theirs}\n" for ours, theirs in maps[name].items())
        for name in ("color", "size", "material")
    }
    return MAPPING.format(
        marketplace=market.marketplace, description=DESCRIPTION, brand=brand, color=color,
        size=size, material=material, gender=gender, weight=weight, colors=tables["color"],
        sizes=tables["size"], materials=tables["material"],
    )  # fmt: skip
