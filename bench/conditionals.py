"""Markups with conditions, in the six shapes of the workload."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from vocabulary import BRAND_NAMES, BRANDS, CONDITIONS, LEAVES, SEASONS, leaf_path


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


MOST_WIDE = 200
"""So many rules and no more may be wide: beyond, the earlier would leave nothing to the later."""


def make_conditionals(rng: np.random.Generator, count: int) -> tuple[Conditional, ...]:
    """Six shapes in turn, first match, each with something of its own to match."""
    shapes = _WIDE if count <= MOST_WIDE else _NARROW
    return tuple(shapes[i % 6](rng, int(rng.integers(100, 500)) * 10) for i in range(count))


def some(rng: np.random.Generator, of: int, count: int) -> list[int]:
    """So many different numbers below another, ascending."""
    return sorted(rng.choice(of, count, replace=False).tolist())


def _cost(rng: np.random.Generator, width: float) -> tuple[int, int]:
    """A range that starts where costs lie."""
    low = int(np.exp(rng.normal(2.8, 1.0))) + 1
    return low, low + max(1, int(low * width))


def _level1_and_cost(rng: np.random.Generator, markup: int) -> Conditional:
    return Conditional((f"l{int(rng.integers(0, 10)):02d}",), cost=_cost(rng, 0.8), markup=markup)


def _few_brands(rng: np.random.Generator, markup: int) -> Conditional:
    brands = tuple(BRAND_NAMES[i] for i in some(rng, BRANDS, 5))
    return Conditional(brands=brands, markup=markup)


def _level2_and_weight(rng: np.random.Generator, markup: int) -> Conditional:
    paths = tuple(f"l{i // 8:02d}/m{i:02d}" for i in some(rng, 80, 4))
    low = int(rng.integers(1, 20)) * 100
    return Conditional(paths, weight_g=(low, low * 2 + 100), markup=markup)


def _many_brands(rng: np.random.Generator, markup: int) -> Conditional:
    brands = tuple(BRAND_NAMES[i] for i in some(rng, BRANDS, 20))
    return Conditional(tuple(f"l{i:02d}" for i in some(rng, 10, 3)), brands, markup=markup)


def _cost_and_seasons(rng: np.random.Generator, markup: int) -> Conditional:
    seasons = tuple(SEASONS[i] for i in some(rng, 8, 2))
    return Conditional(cost=_cost(rng, 0.35), seasons=seasons, markup=markup)


def _condition_and_level1(rng: np.random.Generator, markup: int) -> Conditional:
    levels = tuple(f"l{i:02d}" for i in some(rng, 10, 4))
    return Conditional(levels, condition=CONDITIONS[int(rng.integers(1, 4))], markup=markup)


_WIDE = (
    _level1_and_cost, _few_brands, _level2_and_weight,
    _many_brands, _cost_and_seasons, _condition_and_level1,
)  # fmt: skip


def _leaves(rng: np.random.Generator, count: int) -> tuple[str, ...]:
    return tuple(leaf_path(i) for i in some(rng, LEAVES, count))


def _level2(rng: np.random.Generator, count: int) -> tuple[str, ...]:
    return tuple(f"l{i // 8:02d}/m{i:02d}" for i in some(rng, 80, count))


def _brands(rng: np.random.Generator, count: int) -> tuple[str, ...]:
    return tuple(BRAND_NAMES[i] for i in some(rng, BRANDS, count))


def _leaves_and_cost(rng: np.random.Generator, markup: int) -> Conditional:
    return Conditional(_leaves(rng, 6), cost=_cost(rng, 0.5), markup=markup)


def _brands_and_level2(rng: np.random.Generator, markup: int) -> Conditional:
    return Conditional(_level2(rng, 1), _brands(rng, 5), markup=markup)


def _leaves_and_weight(rng: np.random.Generator, markup: int) -> Conditional:
    low = int(rng.integers(1, 60)) * 50
    return Conditional(_leaves(rng, 5), weight_g=(low, low + 200), markup=markup)


def _brands_and_leaves(rng: np.random.Generator, markup: int) -> Conditional:
    return Conditional(_leaves(rng, 3), _brands(rng, 20), markup=markup)


def _cost_seasons_and_level2(rng: np.random.Generator, markup: int) -> Conditional:
    seasons = tuple(SEASONS[i] for i in some(rng, 8, 2))
    return Conditional(_level2(rng, 5), cost=_cost(rng, 0.1), seasons=seasons, markup=markup)


def _condition_and_leaves(rng: np.random.Generator, markup: int) -> Conditional:
    condition = CONDITIONS[int(rng.integers(1, 4))]
    leaves, cost = _leaves(rng, 6), _cost(rng, 0.5)
    return Conditional(leaves, cost=cost, condition=condition, markup=markup)


_NARROW = (
    _leaves_and_cost, _brands_and_level2, _leaves_and_weight,
    _brands_and_leaves, _cost_seasons_and_level2, _condition_and_leaves,
)  # fmt: skip
