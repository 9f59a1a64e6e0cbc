"""
The conditional markups as rules of durable-rules: as far as it goes for this workload.

It joins facts and calls back; it has no tables, no decimals and no results, and a set of 1,000 rows
as rules does not load in minutes. So it says which of the conditional markups comes first for each
SKU, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
from conditionals import Conditional
from durable.engine import Host
from ruledata import RuleData
from vocabulary import BRAND_NAMES, CONDITIONS, SEASONS

NAME, NONE = "markups", -1
Pattern = dict[str, Any]
_BRANDS = {name: n for n, name in enumerate(BRAND_NAMES)}


class _Memory(Host):  # type: ignore[misc]
    """Without the threads and timers that it starts by itself."""

    def __init__(self, rules: dict[str, Any], action: Callable[[str, Any], None]) -> None:
        self._action = action
        super().__init__()
        self.set_rulesets({NAME: rules})

    def _run(self) -> None:
        pass

    def get_action(self, action_name: str) -> Callable[[Any], None]:
        return lambda match: self._action(action_name, match)


class ByDurable:
    """Making it compiles the rules; `first` is what is timed."""

    name = "durable-rules, the conditions alone"

    def __init__(self, rules: RuleData) -> None:
        self.found: dict[int, int] = {}
        held: dict[str, Any] = {
            f"q{n}": {"pri": n + 1, "all": [{"m": _asked(one)}], "run": f"q{n}"}
            for n, one in enumerate(rules.conditionals)
        }
        # An event that nothing takes stays in its memory for ever.
        held["none"] = {"pri": 9_999, "all": [{"m": {"$gte": {"row": 0}}}], "run": "none"}
        self.memory = _Memory(held, self._fired)

    def _fired(self, rule: str, match: Any) -> None:
        number = NONE if rule == "none" else int(rule[1:])
        self.found.setdefault(int(match.m.row), number)

    def first(self, frame: pl.DataFrame) -> list[int]:
        """The number of the first conditional markup of each SKU; -1 where none holds."""
        self.found.clear()
        for fact in facts(frame):
            self.memory.post(NAME, fact)
        return [self.found[n] for n in range(len(frame))]


def facts(frame: pl.DataFrame) -> list[dict[str, int]]:
    """Whole numbers only: it compares texts with numbers, and reads floats of its own."""
    return frame.select(
        pl.int_range(pl.len()).alias("row"),
        pl.col("category").str.slice(1, 2).cast(pl.Int64).alias("level1"),
        pl.col("category").str.slice(5, 2).cast(pl.Int64).alias("level2"),
        pl.col("brand").replace_strict(_BRANDS),
        (pl.col("cost") * 100).cast(pl.Int64),
        (pl.col("weight") * 1_000).cast(pl.Int64),
        pl.col("season").replace_strict({s: n for n, s in enumerate(SEASONS)}),
        pl.col("condition").replace_strict({c: n for n, c in enumerate(CONDITIONS)}),
    ).to_dicts()


def _asked(rule: Conditional) -> Pattern:
    parts: list[Pattern] = []
    if rule.under:
        parts.append(_any([
            {"level2": int(path[5:7])} if "/" in path else {"level1": int(path[1:3])}
            for path in rule.under
        ]))  # fmt: skip
    if rule.brands:
        parts.append(_any([{"brand": _BRANDS[brand]} for brand in rule.brands]))
    for name, held, factor in (("cost", rule.cost, 100), ("weight", rule.weight_g, 1)):
        if held is not None:
            parts += [{"$gte": {name: held[0] * factor}}, {"$lt": {name: held[1] * factor}}]
    if rule.seasons:
        parts.append(_any([{"season": SEASONS.index(season)} for season in rule.seasons]))
    if rule.condition:
        parts.append({"condition": CONDITIONS.index(rule.condition)})
    return {"$and": parts} if len(parts) > 1 else parts[0]


def _any(tests: list[Pattern]) -> Pattern:
    return tests[0] if len(tests) == 1 else {"$or": tests}
