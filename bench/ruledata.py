"""
The rules of the generated shop as plain data: what the repository says in files, and what every
peer is given. Nothing here knows the engine.

Percentages are whole basis points (1 % = 100), amounts whole cents, bounds of costs whole units of
the currency, weights grams.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from conditionals import Conditional, make_conditionals, some
from markets import MARKETS
from vocabulary import (
    BRAND_NAMES,
    BRANDS,
    COLOURS,
    LEAVES,
    MATERIALS,
    SEED,
    SIZES,
    draw_brands,
    draw_leaves,
    leaf_path,
)

DEFAULT_MARKUP = 3_000


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
        conditionals=make_conditionals(np.random.default_rng(SEED + 12), conditionals),
        markups=_markups(np.random.default_rng(SEED + 2), table_rows),
        safety=tuple((1 + level % 3, 200 + 100 * (level % 5)) for level in range(10)),
        commissions=_commissions(np.random.default_rng(SEED + 3)),
        categories={
            m.marketplace: tuple(f"{m.account.upper()}{700_000 + 37 * i}" for i in range(LEAVES))
            for m in MARKETS
        },
        values=_value_maps(),
    )


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
        leaves = [leaf_path(i) for i in some(rng, LEAVES, 219)]
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
