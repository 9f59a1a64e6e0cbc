"""First match over many conditions: one bit mask of rules for each value of each column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from conditionals import Conditional
from vocabulary import CONDITIONS, SEASONS

Accepts = Callable[[Conditional], np.ndarray]
"""Which values of a column one rule accepts."""


class FirstMatch:
    """64 rules a word; a row that a word has matched is not looked at again."""

    def __init__(
        self, rules: Sequence[Conditional], paths: Sequence[str], brands: Sequence[str]
    ) -> None:
        self.count = len(rules)
        self.cost_cuts = _cuts([r.cost for r in rules], 100)
        self.weight_cuts = _cuts([r.weight_g for r in rules], 1)
        places = {
            path: np.array(_below(path, paths)) for path in {p for r in rules for p in r.under}
        }
        known = {brand: number for number, brand in enumerate(brands)}

        def under(rule: Conditional) -> np.ndarray:
            return np.logical_or.reduce([places[p] for p in rule.under])

        def named(rule: Conditional) -> np.ndarray:
            accepted = np.zeros(len(brands), dtype=bool)
            accepted[[known[b] for b in rule.brands]] = True
            return accepted

        sizes: tuple[tuple[int, Callable[[Conditional], object], Accepts], ...] = (
            (len(paths), lambda r: r.under, under),
            (len(brands), lambda r: r.brands, named),
            (len(self.cost_cuts) + 1, lambda r: r.cost,
             lambda r: _bins(r.cost, self.cost_cuts, 100)),
            (len(self.weight_cuts) + 1, lambda r: r.weight_g,
             lambda r: _bins(r.weight_g, self.weight_cuts, 1)),
            (len(SEASONS), lambda r: r.seasons, lambda r: np.isin(SEASONS, r.seasons)),
            (len(CONDITIONS), lambda r: r.condition, lambda r: np.isin(CONDITIONS, r.condition)),
        )  # fmt: skip
        self.masks = [_masks(rules, size, asked, accepts) for size, asked, accepts in sizes]

    def details(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Season and condition as codes."""
        return (
            frame["season"].cast(pl.Enum(SEASONS)).to_physical().to_numpy(),
            frame["condition"].cast(pl.Enum(CONDITIONS)).to_physical().to_numpy(),
        )

    def first(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        """The number of the first rule that matches each row; -1 where none does."""
        leaf, brand, cost, weight, season, condition = columns
        codes = [
            leaf, brand, np.searchsorted(self.cost_cuts, cost, "right"),
            np.searchsorted(self.weight_cuts, weight, "right"), season, condition,
        ]  # fmt: skip
        found = np.full(len(leaf), -1, dtype=np.int64)
        rows = np.arange(len(leaf))
        for word in range(self.masks[0].shape[0]):
            hit = self.masks[0][word][codes[0]]
            for mask, code in zip(self.masks[1:], codes[1:], strict=True):
                hit = hit & mask[word][code]
            at = hit != 0
            lowest = np.bitwise_count((hit[at] & -hit[at]) - np.uint64(1))
            found[rows[at]] = 64 * word + lowest.astype(np.int64)
            rows, codes = rows[~at], [code[~at] for code in codes]
            if not len(rows):
                break
        return found


def _below(path: str, paths: Sequence[str]) -> list[bool]:
    return [one == path or one.startswith(path + "/") for one in paths]


def _cuts(ranges: Sequence[tuple[int, int] | None], factor: int) -> np.ndarray:
    ends = {end * factor for held in ranges if held is not None for end in held}
    return np.array(sorted(ends), dtype=np.int64)


def _bins(held: tuple[int, int] | None, cuts: np.ndarray, factor: int) -> np.ndarray:
    """Bin k holds what is from cut k - 1 on and before cut k."""
    assert held is not None
    low, high = np.searchsorted(cuts, [end * factor for end in held], "right")
    numbers = np.arange(len(cuts) + 1)
    return (numbers >= low) & (numbers < high)


def _masks(
    rules: Sequence[Conditional],
    size: int,
    asked: Callable[[Conditional], object],
    accepts: Accepts,
) -> np.ndarray:
    words = -(-len(rules) // 64)
    masks = np.zeros((words, size), dtype=np.uint64)
    for number, rule in enumerate(rules):
        bit = np.uint64(1 << (number % 64))
        accepted = accepts(rule) if asked(rule) else slice(None)
        masks[number // 64, accepted] |= bit
    return masks
