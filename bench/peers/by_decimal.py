"""
A plain interpreter in Python: row by row, rule by rule, `Decimal` for money.

What one writes first. Tables are walked until a row matches; categories and values are dicts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
from conditionals import Conditional
from markets import MARKETS, Market
from ruledata import MarkupRow, RuleData
from vocabulary import NODES, leaf_path

from peers.outputs import Outputs, of_rows

EIGHT, CENT, ONE = Decimal("0.00000001"), Decimal("0.01"), Decimal(1)
Record = dict[str, Any]


class ByDecimal:
    """Nothing is compiled but percentages; `run` is what is timed."""

    name = "Python interpreter, Decimal"

    def __init__(self, rules: RuleData, markets: Sequence[Market] = MARKETS) -> None:
        self.rules, self.markets = rules, markets
        self.categories = {
            m.marketplace: {leaf_path(n): c for n, c in enumerate(rules.categories[m.marketplace])}
            for m in markets
        }

    def run(self, frame: pl.DataFrame) -> Outputs:
        """All outputs of all accounts."""
        rows: dict[str, list[list[Any]]] = {m.account: [] for m in self.markets}
        for record in frame.iter_rows(named=True):
            markup, shares = self._markup(record), self._shares(record)
            title = _cut(" ".join(record[n] for n in ("brand", "name", "color", "size")))
            for market, units in zip(self.markets, shares, strict=True):
                price = int(self._price(record, market, markup) * 100)
                texts = self._texts(record, market, title)
                rows[market.account].append([price, units, *texts])
        return of_rows(rows)

    def _markup(self, record: Record) -> Decimal:
        for conditional in self.rules.conditionals:
            if asked(conditional, record):
                return _share(conditional.markup)
        for row in self.rules.markups:
            if _is_for(row, record):
                return _share(row.markup)
        return Decimal("0.30")

    def _price(self, record: Record, market: Market, markup: Decimal) -> Decimal:
        cost = record["cost"]
        kept = _eight(cost * (1 + markup)) + _eight(cost * _share(market.adjust))
        price = self._gross(record["category"], kept, market)
        rival = record[f"competitor_price@{market.marketplace}"]
        if rival is not None:
            price = min(price, rival - CENT)
        low, high = cost * Decimal("1.05"), record["list_price"] * Decimal("2.2")
        price = min(max(price, low), high)
        ending = Decimal("0.90") if price >= 100 else Decimal("0.99")
        rounded = _point(price, ending, ROUND_CEILING)
        if rounded > high:
            rounded = _point(high, ending, ROUND_FLOOR)
            if rounded < low:
                rounded = high.quantize(CENT, ROUND_FLOOR)
        return rounded

    def _gross(self, category: str, kept: Decimal, market: Market) -> Decimal:
        rows = self.rules.commissions[market.marketplace]
        rate = next(_share(r) for path, r in rows if not path or _below(category, path))
        for number, (start, fee) in enumerate(market.bands):
            solved = ((kept + Decimal(fee) / 100) / (1 - rate)).quantize(CENT, ROUND_CEILING)
            solved = max(solved, Decimal(start) / 100)
            last = number + 1 == len(market.bands)
            if last or solved < Decimal(market.bands[number + 1][0]) / 100:
                return solved
        raise AssertionError("the last band has no end")

    def _shares(self, record: Record) -> list[int]:
        """Largest remainder, ties by written order, then the caps."""
        on_hand = sum(record[f"stock.{node}"] for node in NODES)
        held, share = next(
            safe for n, safe in enumerate(self.rules.safety)
            if _below(record["category"], f"l{n:02d}")
        )  # fmt: skip
        safety = (held + on_hand * _share(share)).quantize(ONE, ROUND_CEILING)
        pool = max(0, on_hand - int(safety))
        floors = [pool * m.share // 10_000 for m in self.markets]
        rests = [-(pool * m.share % 10_000) for m in self.markets]
        for n in sorted(range(len(rests)), key=rests.__getitem__)[: pool - sum(floors)]:
            floors[n] += 1
        return [
            f if m.cap is None else min(f, m.cap) for f, m in zip(floors, self.markets, strict=True)
        ]

    def _texts(self, record: Record, market: Market, title: str) -> list[str | None]:
        maps = self.rules.values[market.marketplace]
        material = maps["material"].get(record["material"])
        if material is None:
            return [None] * 8
        color = maps["color"].get(record["color"], record["color"])
        size = maps["size"].get(record["size"], "Other")
        weight = str(record["weight"].quantize(Decimal("0.001"), ROUND_HALF_UP))
        category = self.categories[market.marketplace][record["category"]]
        return [category, title, record["brand"], color, size, material, record["gender"], weight]


def asked(rule: Conditional, record: Record) -> bool:
    """Whether a record meets all conditions of one markup."""
    cost, weight = rule.cost, rule.weight_g
    return (
        (not rule.under or any(_below(record["category"], path) for path in rule.under))
        and (not rule.brands or record["brand"] in rule.brands)
        and (cost is None or cost[0] <= record["cost"] < cost[1])
        and (weight is None or weight[0] <= record["weight"] * 1_000 < weight[1])
        and (not rule.seasons or record["season"] in rule.seasons)
        and (not rule.condition or record["condition"] == rule.condition)
    )


def _is_for(row: MarkupRow, record: Record) -> bool:
    return (
        (not row.category or row.category == record["category"])
        and (not row.brand or row.brand == record["brand"])
        and (row.cost_from is None or record["cost"] >= row.cost_from)
    )


def _below(category: str, path: str) -> bool:
    return category == path or category.startswith(path + "/")


def _share(basis_points: int) -> Decimal:
    return Decimal(basis_points) / 10_000


def _eight(value: Decimal) -> Decimal:
    return value.quantize(EIGHT, ROUND_HALF_UP)


def _point(price: Decimal, ending: Decimal, rounding: str) -> Decimal:
    return (price - ending).quantize(ONE, rounding) + ending


def _cut(title: str) -> str:
    if len(title) <= 60:
        return title
    return title[:61].rsplit(None, 1)[0] if title[60] != " " else title[:60]
