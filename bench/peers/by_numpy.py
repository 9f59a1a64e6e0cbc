"""
By hand in NumPy, one thread: rules resolved to arrays and bit masks, money in int64.

Near what one core can do for these very rules. Texts are built by Polars, for NumPy has none, on as
many threads as it takes. The catalogue must keep to the 800 leaves and 500 brands of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import polars as pl
from markets import MARKETS, Market
from ruledata import DEFAULT_MARKUP, RuleData
from vocabulary import BRAND_NAMES, COLOURS, GENDERS, LEAVES, MATERIALS, NODES, SIZES, leaf_path

from peers.masks import FirstMatch
from peers.outputs import Outputs

BLOCK = 32_768
PATHS = tuple(leaf_path(leaf) for leaf in range(LEAVES))
NEVER = np.int64(2**62)
# What the catalogue keeps to: tables of that size hold every answer.
MOST_GRAMS, MOST_UNITS = 200_000, 1_000


class ByNumpy:
    """Making it is compiling; `run` is what is timed."""

    name = "NumPy by hand, 1 thread"

    def __init__(self, rules: RuleData, markets: Sequence[Market] = MARKETS) -> None:
        self.markets = markets
        self.conditional = FirstMatch(rules.conditionals, PATHS, BRAND_NAMES)
        self.conditional_markup = np.array([c.markup for c in rules.conditionals], dtype=np.int64)
        self._markups(rules)
        self.safety = np.array(rules.safety, dtype=np.int64)[np.arange(LEAVES) // 80]
        self.left = {m.account: _left(rules, m) for m in markets}
        self.categories = {m.account: _with_null(rules.categories[m.marketplace]) for m in markets}
        self.brands, self.genders = _with_null(BRAND_NAMES), _with_null(GENDERS)
        self.kilograms = _kilograms(MOST_GRAMS)
        self.shares = self._shares(MOST_UNITS)
        self.values = {m.account: _mapped(rules, m) for m in markets}

    def _markups(self, rules: RuleData) -> None:
        """By leaf and brand: from which cost on the first row counts, its markup, the other one.

        Every key ends in a row without a cost, and narrower keys come first: two rows decide.
        """
        shape = (LEAVES, len(BRAND_NAMES))
        self.dear_from = np.full(shape, NEVER)
        self.dear = np.zeros(shape, dtype=np.int64)
        self.plain = np.full(shape, DEFAULT_MARKUP)
        leaves = {path: i for i, path in enumerate(PATHS)}
        brands = {name: i for i, name in enumerate(BRAND_NAMES)}
        for row in reversed(rules.markups):
            at = (leaves.get(row.category, slice(None)), brands.get(row.brand, slice(None)))
            if row.cost_from is None:
                self.plain[at], self.dear_from[at] = row.markup, NEVER
            else:
                self.dear_from[at], self.dear[at] = row.cost_from * 100, row.markup

    def run(self, frame: pl.DataFrame) -> Outputs:
        """All outputs of all accounts; numbers block by block, so that they stay in the cache."""
        leaf, brand = _codes(frame["category"], PATHS), _codes(frame["brand"], BRAND_NAMES)
        cost, listed = _whole(frame["cost"]), _whole(frame["list_price"])
        weight = _whole(frame["weight"])
        columns = (leaf, brand, cost, weight, *self.conditional.details(frame))
        rivals = [_whole(frame[f"competitor_price@{m.marketplace}"], NEVER) for m in self.markets]
        stock = [frame[f"stock.{node}"].to_numpy() for node in NODES]
        prices = np.empty((len(self.markets), len(frame)), dtype=np.int64)
        units = np.empty_like(prices)
        for first in range(0, len(frame), BLOCK):
            part = slice(first, first + BLOCK)
            markup = self._markup([c[part] for c in columns])
            for n, market in enumerate(self.markets):
                prices[n, part] = self._price(
                    market, leaf[part], markup, cost[part], listed[part], rivals[n][part]
                )
            units[:, part] = self._units(leaf[part], [s[part] for s in stock])
        texts = self._texts(frame, leaf, brand, weight)
        return {
            m.account: pl.DataFrame(
                {"price": prices[n], "quantity": units[n], **texts[m.account]}
            )
            for n, m in enumerate(self.markets)
        }  # fmt: skip

    def _markup(self, columns: list[np.ndarray]) -> np.ndarray:
        leaf, brand, cost = columns[:3]
        pair = leaf.astype(np.int64) * len(BRAND_NAMES) + brand
        markup = np.where(
            cost >= self.dear_from.take(pair), self.dear.take(pair), self.plain.take(pair)
        )
        first = self.conditional.first(columns)
        return np.where(first >= 0, self.conditional_markup[first], markup)

    def _price(
        self, market: Market, leaf: np.ndarray, markup: np.ndarray,
        cost: np.ndarray, listed: np.ndarray, rival: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """Cents; what is kept in ten-thousandths of one, bounds in hundredths."""
        kept = cost * (10_000 + market.adjust + markup)
        price = _gross(kept, self.left[market.account][leaf], market.bands)
        price = np.minimum(price, rival - 1)
        low, high = cost * 105, listed * 220
        exact = np.minimum(np.maximum(price * 100, low), high)
        ending = np.where(exact >= 1_000_000, 9_000, 9_900)
        rounded = -((ending - exact) // 10_000) * 10_000 + ending
        over = rounded > high
        fallen = (high - ending) // 10_000 * 10_000 + ending
        inside = np.where(fallen >= low, fallen, high // 100 * 100)
        return np.where(over, inside, rounded) // 100

    def _units(self, leaf: np.ndarray, stock: list[np.ndarray]) -> np.ndarray:
        on_hand = np.add.reduce(stock)
        held = self.safety[leaf]
        pool = np.maximum(0, on_hand - held[:, 0] + -held[:, 1] * on_hand // 10_000)
        return self.shares[:, pool]

    def _shares(self, most: int) -> np.ndarray:
        """What each account gets of a pool of 0, 1, 2, …: largest remainder, then the caps."""
        weights = np.array([m.share for m in self.markets], dtype=np.int64)[:, None]
        weights = np.vstack([weights, 10_000 - weights.sum(axis=0)])
        products = np.arange(most + 1)[None, :] * weights
        floors, remainders = products // 10_000, products % 10_000
        order = np.argsort(-remainders, axis=0, kind="stable")
        rank = np.argsort(order, axis=0, kind="stable")
        parts = floors + (rank < np.arange(most + 1) - floors.sum(axis=0))
        caps = np.array([NEVER if m.cap is None else m.cap for m in self.markets])[:, None]
        return np.minimum(parts[:-1], caps)

    def _texts(
        self, frame: pl.DataFrame, leaf: np.ndarray, brand: np.ndarray, weight: np.ndarray
    ) -> dict[str, dict[str, pl.Series]]:
        """Codes to words; a material that is not mapped withholds them all."""
        color, size = _codes(frame["color"], COLOURS), _codes(frame["size"], SIZES)
        material = _codes(frame["material"], MATERIALS)
        gender = _codes(frame["gender"], GENDERS)
        # The same materials are unmapped everywhere: one mask serves all accounts.
        shown = self.values[self.markets[0].account]["material"].is_not_null().to_numpy()[material]
        gone, title = ~shown, _titles(frame).to_frame("title")
        title = title.select(pl.when(pl.Series(shown)).then("title")).to_series()
        shared = {
            "brand": _words(self.brands, brand, gone),
            "gender": _words(self.genders, gender, gone),
            "weight": _words(self.kilograms, weight, gone),
        }
        return {
            m.account: {
                "category": _words(self.categories[m.account], leaf, gone),
                "title": title,
                "color": _words(self.values[m.account]["color"], color, gone),
                "size": _words(self.values[m.account]["size"], size, gone),
                "material": _words(self.values[m.account]["material"], material, gone),
                **shared,
            }
            for m in self.markets
        }


def _left(rules: RuleData, market: Market) -> np.ndarray:
    """By leaf: what a marketplace leaves of the price, in basis points."""
    rates = np.zeros(LEAVES, dtype=np.int64)
    for path, rate in reversed(rules.commissions[market.marketplace]):
        below = [path == "" or leaf == path or leaf.startswith(path + "/") for leaf in PATHS]
        rates[below] = rate
    return 10_000 - rates


def _gross(kept: np.ndarray, left: np.ndarray, bands: tuple[tuple[int, int], ...]) -> np.ndarray:
    """The least price that leaves `kept`: from the dearest band down, the lowest that fits wins."""
    price = np.zeros_like(kept)
    for number in range(len(bands) - 1, -1, -1):
        start, fee = bands[number]
        solved = np.maximum(start, -(-(kept + fee * 10_000) // left))
        if number + 1 == len(bands):
            price = solved
        else:
            price = np.where(solved < bands[number + 1][0], solved, price)
    return price


def _mapped(rules: RuleData, market: Market) -> dict[str, pl.Series]:
    maps = rules.values[market.marketplace]
    return {
        "color": _with_null(maps["color"].get(v, v) for v in COLOURS),
        "size": _with_null(maps["size"].get(v, "Other") for v in SIZES),
        "material": _with_null(maps["material"].get(v) for v in MATERIALS),
    }


def _codes(words: pl.Series, vocabulary: Sequence[str]) -> np.ndarray:
    return words.cast(_enum(tuple(vocabulary))).to_physical().to_numpy()


@cache
def _enum(vocabulary: tuple[str, ...]) -> pl.Enum:
    return pl.Enum(vocabulary)


def _whole(column: pl.Series, missing: np.int64 = NEVER) -> np.ndarray:
    """Decimals as whole numbers at their scale: the lower halves of the 128-bit values."""
    arrow = column.to_arrow()
    halves = np.frombuffer(arrow.buffers()[1], dtype=np.int64)
    whole = halves[2 * arrow.offset : 2 * (arrow.offset + len(arrow)) : 2]
    if column.null_count():
        return np.where(column.is_null().to_numpy(), missing, whole)
    return whole


def _with_null(words: Iterable[str | None]) -> pl.Series:
    return pl.Series([*words, None], dtype=pl.String)


def _words(vocabulary: pl.Series, codes: np.ndarray, gone: np.ndarray) -> pl.Series:
    """The last word of a vocabulary is null."""
    index = np.where(gone, len(vocabulary) - 1, codes).astype(np.uint32)
    return vocabulary.gather(pl.Series(index))


def _titles(frame: pl.DataFrame) -> pl.Series:
    """At most 60 characters, cut before a word; only those that are longer are touched."""
    title = frame.select(
        pl.concat_str("brand", "name", "color", "size", separator=" ").alias("title")
    ).to_series()
    long = np.flatnonzero(title.str.len_chars().to_numpy() > 60)
    if not len(long):
        return title
    cut = title.gather(long).str.slice(0, 61).str.replace(r"\s\S*$", "")
    return title.scatter(long, cut)


def _kilograms(most: int) -> pl.Series:
    return _with_null(f"{grams // 1_000}.{grams % 1_000:03d}" for grams in range(most + 1))
