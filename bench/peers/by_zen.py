"""
The same rules as one decision graph of zen-engine: decision tables, then expressions.

Amounts are cents, for a number with a fraction would enter as a float. The engine evaluates a whole
list in one call; the graph is compiled once (`ZenDecisionContent`).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import zen
from conditionals import Conditional
from markets import MARKETS, Market
from ruledata import DEFAULT_MARKUP, RuleData
from vocabulary import COLOURS, LEAVES, MATERIALS, NODES, SIZES, leaf_path

from peers.outputs import Outputs, of_rows
from peers.zen_expressions import expressions, names_of

Cells = Sequence[str]
Row = tuple[Cells, Cells]
"""What a row asks and what it gives; "" asks nothing."""


class ByZen:
    """Making it is compiling the graph; `run` is what is timed."""

    name = "zen-engine, evaluate_batch"

    def __init__(self, rules: RuleData, markets: Sequence[Market] = MARKETS) -> None:
        self.markets = markets
        steps = [*_tables(rules, markets), *_expression_nodes(markets)]
        content = zen.ZenDecisionContent(json.dumps(_graph(steps)))
        self.engine = zen.ZenEngine({"loader": lambda _: content})

    def run(self, frame: pl.DataFrame) -> Outputs:
        """All outputs of all accounts."""
        asked = [{"key": "offers", "context": context} for context in self.contexts(frame)]
        answers = self.engine.evaluate_batch(asked)
        rows: dict[str, list[list[Any]]] = {m.account: [] for m in self.markets}
        for answer in answers:
            if not answer["success"]:
                raise ValueError(answer["error"])
            result = answer["data"]["result"]
            for market in self.markets:
                price, units, *texts = (result.get(n) for n in names_of(market))
                rows[market.account].append([int(price), int(units), *texts])
        return of_rows(rows)

    def contexts(self, frame: pl.DataFrame) -> list[dict[str, Any]]:
        """One dict per SKU: cents and grams as whole numbers."""
        cents = [("cost", "cost"), ("list_price", "listed")]
        cents += [(f"competitor_price@{m.marketplace}", f"rival_{m.account}") for m in self.markets]
        named = ("category", "brand", "name", "color", "size", "material", "gender", "season")
        return frame.select(
            *named,
            "condition",
            *((pl.col(n) * Decimal(100)).cast(pl.Int64).alias(a) for n, a in cents),
            (pl.col("weight") * Decimal(1_000)).cast(pl.Int64).alias("grams"),
            pl.sum_horizontal(*(f"stock.{node}" for node in NODES)).alias("on_hand"),
        ).to_dicts()


def _tables(rules: RuleData, markets: Sequence[Market]) -> list[dict[str, Any]]:
    leaves = [leaf_path(leaf) for leaf in range(LEAVES)]
    found = [
        _table("conditional",
               ("category", "brand", "cost", "grams", "season", "condition"), ("conditional",),
               [(_asked(c), (str(c.markup),)) for c in rules.conditionals]),
        _table("markups", ("category", "brand", "cost"), ("table_markup",), _markups(rules)),
        _table("safety", ("category",), ("safe_units", "safe_share"),
               [((_under([f"l{n:02d}"]),), (str(units), str(share)))
                for n, (units, share) in enumerate(rules.safety)]),
        _table("categories", ("category",), [f"mapped_{m.account}" for m in markets],
               [((_text(leaf),), [_text(rules.categories[m.marketplace][n]) for m in markets])
                for n, leaf in enumerate(leaves)]),
    ]  # fmt: skip
    for name, values in (("color", COLOURS), ("size", SIZES), ("material", MATERIALS)):
        known = [v for v in values if v in rules.values[markets[0].marketplace][name]]
        rows = [
            ((_text(v),), [_text(rules.values[m.marketplace][name][v]) for m in markets])
            for v in known
        ]
        found.append(_table(name, (name,), [f"mapped_{name}_{m.account}" for m in markets], rows))
    for market in markets:
        commission = [
            ((_path(path),), (str(10_000 - rate),))
            for path, rate in rules.commissions[market.marketplace]
        ]
        name = f"left_{market.account}"
        found.append(_table(name, ("category",), (name,), commission))
    return found


def _markups(rules: RuleData) -> list[Row]:
    rows: list[Row] = [
        (
            (_text(row.category), _text(row.brand),
             "" if row.cost_from is None else f">= {row.cost_from * 100}"),
            (str(row.markup),),
        )
        for row in rules.markups
    ]  # fmt: skip
    return [*rows, (("", "", ""), (str(DEFAULT_MARKUP),))]


def _text(word: str) -> str:
    return json.dumps(word, ensure_ascii=False) if word else ""


def _path(path: str) -> str:
    return _text(path) if path.count("/") == 2 or not path else _under([path])


def _under(paths: Sequence[str]) -> str:
    return " or ".join(f'startsWith($, "{path}/")' for path in paths)


def _asked(rule: Conditional) -> Cells:
    return (
        _under(rule.under),
        ", ".join(map(_text, rule.brands)),
        "" if rule.cost is None else f"[{rule.cost[0] * 100}..{rule.cost[1] * 100})",
        "" if rule.weight_g is None else f"[{rule.weight_g[0]}..{rule.weight_g[1]})",
        ", ".join(map(_text, rule.seasons)),
        _text(rule.condition),
    )


def _table(
    name: str, asks: Sequence[str], gives: Sequence[str], rows: Sequence[Row]
) -> dict[str, Any]:
    """One node: the first row that matches gives its cells; where none does, nothing is added."""
    lines = [
        {"_id": f"{name}-{n}"}
        | {f"i{k}": cell for k, cell in enumerate(when)}
        | {f"o{k}": cell for k, cell in enumerate(then)}
        for n, (when, then) in enumerate(rows)
    ]
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": f"i{k}", "name": f, "field": f} for k, f in enumerate(asks)],
        "outputs": [{"id": f"o{k}", "name": f, "field": f} for k, f in enumerate(gives)],
        "rules": lines,
        "passThrough": True,
        "executionMode": "single",
    }
    return {"id": name, "name": name, "type": "decisionTableNode", "content": content}


def _expression_nodes(markets: Sequence[Market]) -> list[dict[str, Any]]:
    nodes = []
    for name, held in expressions(markets).items():
        content = {
            "expressions": [{"id": f"{name}-{k}", "key": k, "value": v} for k, v in held.items()],
            # The last node hands over what was asked for, and nothing of what led there.
            "passThrough": name != "x-out",
            "executionMode": "single",
        }
        nodes.append({"id": name, "name": name, "type": "expressionNode", "content": content})
    return nodes


def _graph(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The steps in a row."""
    ends = ({"id": "in", "name": "in", "type": "inputNode"},
            {"id": "out", "name": "out", "type": "outputNode"})  # fmt: skip
    nodes = [ends[0], *steps, ends[1]]
    edges = [
        {"id": f"e{n}", "type": "edge", "sourceId": a["id"], "targetId": b["id"]}
        for n, (a, b) in enumerate(itertools.pairwise(nodes))
    ]
    return {"nodes": nodes, "edges": edges}
