"""
By hand in Polars, as one writes it who knows Polars: one lazy plan, joins for tables, one coalesced
condition a rule, money in int64. All threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
from conditionals import Conditional
from markets import MARKETS, Market
from ruledata import DEFAULT_MARKUP, RuleData
from vocabulary import LEAVES, NODES, leaf_path

from peers.outputs import TEXTS, Outputs

NEVER = 2**62
C = pl.col


class ByPolars:
    """Making it is building the plan and its tables; `run` is what is timed."""

    name = "Polars by hand, joins"

    def __init__(self, rules: RuleData, markets: Sequence[Market] = MARKETS) -> None:
        self.rules, self.markets = rules, markets
        self.leaves = _leaves(rules, markets)
        self.pairs, self.by_leaf, self.by_brand = _markup_tables(rules)
        self.conditional = pl.coalesce(
            *(pl.when(_asked(c)).then(pl.lit(c.markup, pl.Int64)) for c in rules.conditionals)
        )

    def run(self, frame: pl.DataFrame) -> Outputs:
        """All outputs of all accounts."""
        plan = self._joined(frame.lazy()).with_columns(self.conditional.alias("conditional"))
        plan = plan.with_columns(_markup().alias("markup"), _pool().alias("pool"))
        plan = plan.with_columns(*self._units()).with_columns(
            _title().alias("title"), *_weights(), *self._mapped()
        )
        for market in self.markets:
            plan = _priced(plan, market)
        wide = plan.select(*self._columns()).collect()
        return {
            m.account: wide.select(
                C(f"price/{m.account}").alias("price"),
                C(f"units/{m.account}").alias("quantity"),
                *(C(f"{text}/{m.account}").alias(text) for text in TEXTS),
            )
            for m in self.markets
        }

    def _joined(self, plan: pl.LazyFrame) -> pl.LazyFrame:
        plan = plan.with_columns(
            (C("cost") * Decimal(100)).cast(pl.Int64).alias("cents"),
            (C("list_price") * Decimal(100)).cast(pl.Int64).alias("listed"),
            (C("weight") * Decimal(1000)).cast(pl.Int64).alias("grams"),
        )
        for table, keys in (
            (self.leaves, ["category"]),
            (self.pairs, ["category", "brand"]),
            (self.by_leaf, ["category"]),
            (self.by_brand, ["brand"]),
        ):
            plan = plan.join(table.lazy(), on=keys, how="left", maintain_order="left")
        return plan

    def _units(self) -> list[pl.Expr]:
        """Largest remainder, ties by written order, then the caps; the shares sum to the whole."""
        floors = [C("pool") * m.share // 10_000 for m in self.markets]
        remainders = [C("pool") * m.share % 10_000 for m in self.markets]
        left = C("pool") - pl.sum_horizontal(floors)
        found = []
        for n, market in enumerate(self.markets):
            before = [r >= remainders[n] for r in remainders[:n]]
            after = [r > remainders[n] for r in remainders[n + 1 :]]
            rank = pl.sum_horizontal(*before, *after) if before or after else pl.lit(0)
            units = floors[n] + (rank < left).cast(pl.Int64)
            if market.cap is not None:
                units = pl.min_horizontal(units, pl.lit(market.cap, pl.Int64))
            found.append(units.alias(f"units/{market.account}"))
        return found

    def _mapped(self) -> list[pl.Expr]:
        found = []
        for market in self.markets:
            maps = self.rules.values[market.marketplace]
            for name, otherwise in (
                ("color", C("color")),
                ("size", pl.lit("Other")),
                ("material", pl.lit(None, pl.String)),
            ):
                mapped = C(name).replace_strict(
                    maps[name], default=otherwise, return_dtype=pl.String
                )
                found.append(mapped.alias(f"{name}/{market.account}"))
        return found

    def _columns(self) -> list[pl.Expr]:
        found = []
        for market in self.markets:
            a = market.account
            found += [C(f"price/{a}"), C(f"units/{a}")]
            shown = C(f"material/{a}").is_not_null()
            for text in TEXTS:
                own = text in ("category", "color", "size", "material")
                source = C(f"{text}/{a}") if own else C("kilograms" if text == "weight" else text)
                found.append(pl.when(shown).then(source).alias(f"{text}/{a}"))
        return found


def _leaves(rules: RuleData, markets: Sequence[Market]) -> pl.DataFrame:
    """By leaf: safety stock, and what is left of the price and the category of every account."""
    paths = [leaf_path(leaf) for leaf in range(LEAVES)]
    columns: dict[str, list[object]] = {
        "category": list(paths),
        "safe_units": [rules.safety[leaf // 80][0] for leaf in range(LEAVES)],
        "safe_share": [rules.safety[leaf // 80][1] for leaf in range(LEAVES)],
    }
    for market in markets:
        rows = rules.commissions[market.marketplace]
        columns[f"left/{market.account}"] = [
            10_000 - next(rate for path, rate in rows if not path or _is_below(leaf, path))
            for leaf in paths
        ]
        columns[f"category/{market.account}"] = list(rules.categories[market.marketplace])
    return pl.DataFrame(columns)


def _is_below(leaf: str, path: str) -> bool:
    return leaf == path or leaf.startswith(path + "/")


def _markup_tables(rules: RuleData) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """One row a key: from which cost on a first markup counts, that markup, and the other one."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in reversed(rules.markups):
        if row.cost_from is None:
            found[row.category, row.brand] = [NEVER, 0, row.markup]
        else:
            found[row.category, row.brand][:2] = [row.cost_from * 100, row.markup]
    parts = []
    for name, wanted in (("pair", (True, True)), ("leaf", (True, False)), ("brand", (False, True))):
        held = [(*k, *v) for k, v in found.items() if (k[0] != "", k[1] != "") == wanted]
        names = ["category", "brand", *(f"{column}/{name}" for column in ("from", "dear", "plain"))]
        kinds = dict.fromkeys(names[:2], pl.String) | dict.fromkeys(names[2:], pl.Int64)
        table = pl.DataFrame(held, kinds, orient="row")
        unused = [
            key for key, asked in zip(("category", "brand"), wanted, strict=True) if not asked
        ]
        parts.append(table.drop(unused))
    return parts[0], parts[1], parts[2]


def _markup() -> pl.Expr:
    narrowest = [
        pl.when(C("cents") >= C(f"from/{n}")).then(C(f"dear/{n}")).otherwise(C(f"plain/{n}"))
        for n in ("pair", "leaf", "brand")
    ]
    return pl.coalesce("conditional", *narrowest, pl.lit(DEFAULT_MARKUP, pl.Int64))


def _asked(rule: Conditional) -> pl.Expr:
    asked = []
    if rule.under:
        asked.append(
            pl.any_horizontal(*(C("category").str.starts_with(f"{p}/") for p in rule.under))
        )
    if rule.brands:
        asked.append(C("brand").is_in(rule.brands))
    if rule.cost is not None:
        low, high = rule.cost
        asked.append(C("cents").is_between(low * 100, high * 100, closed="left"))
    if rule.weight_g is not None:
        asked.append(C("grams").is_between(*rule.weight_g, closed="left"))
    if rule.seasons:
        asked.append(C("season").is_in(rule.seasons))
    if rule.condition:
        asked.append(C("condition") == rule.condition)
    return pl.all_horizontal(*asked)


def _pool() -> pl.Expr:
    on_hand = pl.sum_horizontal(*(C(f"stock.{node}") for node in NODES))
    # Safety rounded up is what is free rounded down.
    free = (on_hand * (10_000 - C("safe_share"))) // 10_000 - C("safe_units")
    return pl.max_horizontal(pl.lit(0, pl.Int64), free)


def _priced(plan: pl.LazyFrame, market: Market) -> pl.LazyFrame:
    a = market.account
    rival = (C(f"competitor_price@{market.marketplace}") * Decimal(100)).cast(pl.Int64) - 1
    kept = C("cents") * (C("markup") + (10_000 + market.adjust))
    gross = _gross(kept, C(f"left/{a}"), market.bands)
    low, high = C("cents") * 105, C("listed") * 220
    exact = pl.min_horizontal(pl.max_horizontal(pl.min_horizontal(gross, rival) * 100, low), high)
    ending = pl.when(C("exact") >= 1_000_000).then(9_000).otherwise(9_900).cast(pl.Int64)
    plan = plan.with_columns(exact.alias("exact")).with_columns(ending.alias("ending"))
    rounded = -((C("ending") - C("exact")) // 10_000) * 10_000 + C("ending")
    fallen = (high - C("ending")) // 10_000 * 10_000 + C("ending")
    inside = pl.when(fallen >= low).then(fallen).otherwise(high // 100 * 100)
    price = pl.when(rounded > high).then(inside).otherwise(rounded) // 100
    return plan.with_columns(price.alias(f"price/{a}"))


def _gross(kept: pl.Expr, left: pl.Expr, bands: tuple[tuple[int, int], ...]) -> pl.Expr:
    """The least price that leaves `kept`; the lowest band that holds its solution wins."""
    price: pl.Expr | None = None
    for number in range(len(bands) - 1, -1, -1):
        start, fee = bands[number]
        solved = pl.max_horizontal(pl.lit(start, pl.Int64), -(-(kept + fee * 10_000) // left))
        if price is None:
            price = solved
        else:
            price = pl.when(solved < bands[number + 1][0]).then(solved).otherwise(price)
    assert price is not None
    return price


def _title() -> pl.Expr:
    whole = pl.concat_str("brand", "name", "color", "size", separator=" ")
    cut = whole.str.slice(0, 61).str.replace(r"\s\S*$", "")
    return pl.when(whole.str.len_chars() <= 60).then(whole).otherwise(cut)


def _weights() -> list[pl.Expr]:
    rest = (C("grams") % 1_000).cast(pl.String).str.zfill(3)
    return [
        pl.concat_str((C("grams") // 1_000).cast(pl.String), pl.lit("."), rest).alias("kilograms")
    ]
