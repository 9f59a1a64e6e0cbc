"""
The rules of the generated shop as plain data: what the repository says in files, and what every
peer is given. Nothing here knows the engine.

Percentages are whole basis points (1 % = 100), amounts whole cents, bounds of costs whole units of
the currency, weights grams.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markets import MARKETS
from vocabulary import (
    BRAND_NAMES,
    BRANDS,
    COLOURS,
    CONDITIONS,
    LEAVES,
    MATERIALS,
    SEASONS,
    SEED,
    SIZES,
    draw_brands,
    draw_leaves,
    leaf_path,
)

DEFAULT_MARKUP = 3_000


@dataclass(frozen=True)
class Conditional:
    """One markup with conditions; an empty condition asks nothing. Ranges: from, before."""

    under: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    cost: tuple[int, int] | None = None
    weight_g: tuple[int, int] | None = None
    seasons: tuple[str, ...] = ()
    condition: str = ""
    markup: int = 0


@dataclass(frozen=True)
class MarkupRow:
    """One row of the decision table: a category, a brand or both, sometimes a least cost."""

    category: str
    brand: str
    cost_from: int | None
    markup: int


@dataclass(frozen=True)
class RuleData:
    """Everything that decides; tables are first match in written order."""

    conditionals: tuple[Conditional, ...]
    markups: tuple[MarkupRow, ...]
    safety: tuple[tuple[int, int], ...]
    """By category of level 1: units, and basis points of what is on hand."""
    commissions: dict[str, tuple[tuple[str, int], ...]]
    """By marketplace: path (that path or below) and rate; the first counts, "" is the rest."""
    categories: dict[str, tuple[str, ...]]
    """By marketplace: the category of every leaf."""
    values: dict[str, dict[str, dict[str, str]]]
    """By marketplace: colour, size and material, our value and theirs."""


def make_rules(table_rows: int = 2_000, conditionals: int = 40) -> RuleData:
    """The rules of a chosen size; the same sizes give the same rules."""
    return RuleData(
        conditionals=_conditionals(np.random.default_rng(SEED + 11), conditionals),
        markups=_markups(np.random.default_rng(SEED + 2), table_rows),
        safety=tuple((1 + level % 3, 200 + 100 * (level % 5)) for level in range(10)),
        commissions=_commissions(np.random.default_rng(SEED + 3)),
        categories={
            m.marketplace: tuple(f"{m.account.upper()}{700_000 + 37 * i}" for i in range(LEAVES))
            for m in MARKETS
        },
        values=_value_maps(),
    )


def _conditionals(rng: np.random.Generator, count: int) -> tuple[Conditional, ...]:
    return tuple(_SHAPES[i % 6](rng, int(rng.integers(100, 500)) * 10) for i in range(count))


def _some(rng: np.random.Generator, of: int, count: int) -> list[int]:
    return sorted(rng.choice(of, count, replace=False).tolist())


def _cost(rng: np.random.Generator, width: float) -> tuple[int, int]:
    """A range that starts where costs lie."""
    low = int(np.exp(rng.normal(2.8, 1.0))) + 1
    return low, low + max(1, int(low * width))


def _level1_and_cost(rng: np.random.Generator, markup: int) -> Conditional:
    return Conditional((f"l{int(rng.integers(0, 10)):02d}",), cost=_cost(rng, 0.8), markup=markup)


def _few_brands(rng: np.random.Generator, markup: int) -> Conditional:
    brands = tuple(BRAND_NAMES[i] for i in _some(rng, BRANDS, 5))
    return Conditional(brands=brands, markup=markup)


def _level2_and_weight(rng: np.random.Generator, markup: int) -> Conditional:
    paths = tuple(f"l{i // 8:02d}/m{i:02d}" for i in _some(rng, 80, 4))
    low = int(rng.integers(1, 20)) * 100
    return Conditional(paths, weight_g=(low, low * 2 + 100), markup=markup)


def _many_brands(rng: np.random.Generator, markup: int) -> Conditional:
    brands = tuple(BRAND_NAMES[i] for i in _some(rng, BRANDS, 20))
    return Conditional(tuple(f"l{i:02d}" for i in _some(rng, 10, 3)), brands, markup=markup)


def _cost_and_seasons(rng: np.random.Generator, markup: int) -> Conditional:
    seasons = tuple(SEASONS[i] for i in _some(rng, 8, 2))
    return Conditional(cost=_cost(rng, 0.35), seasons=seasons, markup=markup)


def _condition_and_level1(rng: np.random.Generator, markup: int) -> Conditional:
    levels = tuple(f"l{i:02d}" for i in _some(rng, 10, 4))
    return Conditional(levels, condition=CONDITIONS[int(rng.integers(1, 4))], markup=markup)


_SHAPES = (
    _level1_and_cost, _few_brands, _level2_and_weight,
    _many_brands, _cost_and_seasons, _condition_and_level1,
)  # fmt: skip


def _markups(rng: np.random.Generator, rows: int) -> tuple[MarkupRow, ...]:
    """70 % pairs, 20 % categories, 10 % brands, as far as there are so many; a tenth by cost.

    Narrower keys come first and none comes twice without a cost, so that every row can win.
    """
    by_cost = rows // 10
    keys = rows - by_cost
    categories, brands = min(LEAVES, keys // 5), min(BRANDS, keys // 10)
    wanted = keys - categories - brands
    pairs = _distinct(rng, wanted)
    drawn = [(leaf_path(leaf), BRAND_NAMES[brand]) for leaf, brand in pairs]
    drawn += [(leaf_path(int(i)), "") for i in rng.permutation(LEAVES)[:categories]]
    drawn += [("", BRAND_NAMES[int(i)]) for i in rng.permutation(BRANDS)[:brands]]
    dear = set(rng.choice(len(drawn), by_cost, replace=False).tolist())
    made = []
    for number, (category, brand) in enumerate(drawn):
        if number in dear:
            cost = int(rng.integers(1, 40))
            made.append(MarkupRow(category, brand, cost, int(rng.integers(150, 600)) * 10))
        made.append(MarkupRow(category, brand, None, int(rng.integers(150, 600)) * 10))
    return tuple(made)


def _distinct(rng: np.random.Generator, wanted: int) -> list[tuple[int, int]]:
    """Different pairs, drawn as the catalogue's are."""
    found: dict[tuple[int, int], None] = {}
    while len(found) < wanted:
        leaves, brands = draw_leaves(rng, 4 * wanted), draw_brands(rng, 4 * wanted)
        found |= dict.fromkeys(zip(leaves.tolist(), brands.tolist(), strict=True))
    return list(found)[:wanted]


def _commissions(rng: np.random.Generator) -> dict[str, tuple[tuple[str, int], ...]]:
    """219 leaves, 80 categories of level 2, the rest: 300 rows for each marketplace."""
    found = {}
    for market in MARKETS:
        leaves = [leaf_path(i) for i in _some(rng, LEAVES, 219)]
        paths = [*leaves, *(f"l{i // 8:02d}/m{i:02d}" for i in range(80)), ""]
        rates = rng.integers(16, 36, len(paths)) * 50
        found[market.marketplace] = tuple(zip(paths, rates.tolist(), strict=True))
    return found


def _value_maps() -> dict[str, dict[str, dict[str, str]]]:
    """200 rows each. Ten of 60 colours and sizes and two of 60 materials are in none."""
    found = {}
    for market in MARKETS:
        word = market.account.title()
        found[market.marketplace] = {
            name: _padded({v: f"{word} {v}" for v in mapped}, name)
            for name, mapped in (
                ("color", COLOURS[10:]), ("size", SIZES[:50]), ("material", MATERIALS[2:]),
            )
        }  # fmt: skip
    return found


def _padded(mapped: dict[str, str], name: str) -> dict[str, str]:
    more = {f"{name} of old {i:03d}": f"Old {i:03d}" for i in range(200 - len(mapped))}
    return mapped | more
