"""Pricing and fees documents, drawn so that `check` accepts them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from evaluate import generated_expressions as expressions
from evaluate.generated_cells import OF_THE_ACCOUNT, TESTED, csv_cell, ordered_cell, when
from evaluate.generated_expressions import Names
from evaluate.generated_shop import Pick

PHASES = ("base", "adjust", "fees", "competitor", "tiers", "bounds", "round")
SCOPES: list[dict[str, Any]] = [
    {}, {"marketplace": "alpha"}, {"marketplace": "beta"}, {"account": "a1"},
    {"marketplace": "beta", "account": "b1"},
]  # fmt: skip
# Scopes that select offers, and trade policies; no two of one width can meet on an offer.
NARROW: list[dict[str, Any]] = [
    {"trade_policy": "1"}, {"trade_policy": "2", "account": ["a2", "b1"]},
    {"category": "phones"}, {"category": ["phones/android", "audio/head"]},
    {"category": "phones/android/x", "marketplace": "beta"},
    {"brand": "Acme"}, {"brand": ["Apex", "missing"]}, {"brand": "acme", "category": "phones"},
    {"brand": "Ção", "account": "a1"}, {"sku": "S0"}, {"sku": ["S1", "S2"]},
    {"sku": "S0", "brand": "Acme"},
]  # fmt: skip
# What `then` columns and `set` may be called, and their types.
COLUMNS = {"markup": "percent", "plus": "bare", "extra": "money", "times": "number"}
SET_NAMES = {"floor": "money", "ceiling_price": "money", "gain": "percent", "weighting": "number"}
_PRICE_TYPES = {"price": "money", "sale_price": "money"}


@dataclass
class Drawn:
    """Documents as data, and the CSV files that they name, by path."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


def window(pick: Pick) -> dict[str, str] | None:
    """Around the moment of evaluation; usually absent."""
    if not pick.chance(20):
        return None
    start = pick.one(None, "2026-11-01", "2026-11-30T22:30:00-03:00", "2026-12-01")
    end = pick.one(None, "2027-01-01", "2026-12-01T09:00:00") if start else "2026-11-30"
    return {k: v for k, v in (("from", start), ("before", end)) if v is not None}


def head(pick: Pick, kind: str, name: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind, "name": name}
    if scope:
        found["for"] = dict(scope)
    if (valid := window(pick)) is not None:
        found["valid"] = valid
    if pick.chance(40 if set(scope) & {"category", "brand", "sku"} else 15):
        found["override"] = True
    return found


def pricing(pick: Pick, drawn: Drawn) -> None:
    """One to four documents with different `for`."""
    scopes = [*pick.some(SCOPES, 1, 2), *pick.some(NARROW, 0, 3)]
    for number, scope in enumerate(scopes):
        document = head(pick, "pricing", f"prices{number}", scope)
        document["steps"] = _Steps(pick, document["name"], drawn).all()
        drawn.documents.append(document)


class _Steps:
    """The steps of one document; each may use the names of those before it."""

    def __init__(self, pick: Pick, document: str, drawn: Drawn) -> None:
        self.pick, self.document, self.drawn = pick, document, drawn
        self.names = Names().having(_PRICE_TYPES)
        self.tested = {**TESTED, **OF_THE_ACCOUNT, **_PRICE_TYPES}
        self.count = 0

    def all(self) -> list[dict[str, Any]]:
        pick = self.pick
        steps = [self._set("base") for _ in range(pick.number(0, 9) > 0 and pick.number(1, 3))]
        for phase, percent in zip(PHASES[1:], (60, 60, 50, 30, 60, 70), strict=True):
            if pick.chance(percent):
                draw = getattr(self, phase, lambda phase=phase: self._set(phase))
                steps += [draw() for _ in range(pick.number(1, 2))]
        if not steps:
            steps = [self._set("base")]
        return steps

    def _head(self, phase: str) -> dict[str, Any]:
        self.count += 1
        step: dict[str, Any] = {"id": f"step{self.count}", "phase": phase}
        if self.pick.chance(30):
            step["when"] = when(self.pick, self.tested, 2)
        return step

    def _set(self, phase: str) -> dict[str, Any]:
        pick, step = self.pick, self._head(phase)
        columns: dict[str, str] = {}
        if pick.chance(60):
            columns = self._table(step)
        inner = self.names.having(columns)
        wanted = {"base": "price", "adjust": pick.one("sale_price", "price"), "competitor": "price"}
        sets: dict[str, Any] = {}
        if "price" not in columns and pick.chance(90):
            target = wanted[phase]
            sets[target] = expressions.money(pick, inner, 2)
            if phase == "base" and pick.chance(60):
                sets[target] = "cost * (1 + 20%)"
            if target == "sale_price" and pick.chance(60):
                sets[target] = "price * (1 - 10%)"
        for name in pick.some(SET_NAMES, 0, 1):
            sets[name] = expressions.DRAWN[SET_NAMES[name]](pick, inner, 1)
        if not sets and not columns:
            sets = {"price": "cost"}
        if sets:
            step["set"] = sets
        if phase == "competitor" and pick.chance(60):
            step["change_at_most"] = {
                **pick.one({"down": "8%"}, {"up": "5%"}, {"down": "10%", "up": "0%"}),
                "from": pick.one("live", "price"),
            }
        set_names = {name: SET_NAMES[name] for name in sets if name in SET_NAMES}
        own = {name: t for name, t in columns.items() if name not in _PRICE_TYPES}
        self.names = self.names.having({**own, **set_names})
        plain = {
            n: "integer" if t in ("bare", "number") else t for n, t in {**own, **set_names}.items()
        }
        self.tested = {**self.tested, **plain}
        return step

    def _table(self, step: dict[str, Any]) -> dict[str, str]:
        """A table on the step; its result columns by type."""
        pick = self.pick
        hit = pick.one("unique", "first", "any", "collect")
        step["hit"] = hit
        if hit == "collect":
            step["take"] = pick.one("sum", "min", "max", "count")
        options = {**COLUMNS, "price": "money"} if pick.chance(25) else COLUMNS
        names = pick.some(options, 1, 1 if hit == "collect" else 2)
        if step.get("take") == "count":
            names = ["times"]
        columns = {name: options[name] for name in names}
        count = pick.number(1, 4)
        if pick.chance(25):
            step["file"] = self._csv(columns, count)
        else:
            step["rules"] = [self._row(f"r{i}", columns) for i in range(count)]
        if hit == "first" or pick.chance(50):
            step["otherwise"] = self._then(columns)
        return columns

    def _row(self, id_: str, columns: Mapping[str, str]) -> dict[str, Any]:
        row = {"id": id_, "when": when(self.pick, self.tested, 2), "then": self._then(columns)}
        valid = window(self.pick)
        return row if valid is None else {**row, "valid": valid}

    def _then(self, columns: Mapping[str, str]) -> dict[str, Any]:
        return {name: self._cell(type_) for name, type_ in columns.items()}

    def _cell(self, type_: str) -> Any:
        pick = self.pick
        if type_ == "bare":
            return Decimal(expressions.number_literal(pick))
        if type_ == "percent" and pick.chance(70):
            return expressions.percent_literal(pick)
        return expressions.DRAWN[type_](pick, self.names, 1)

    def _csv(self, columns: Mapping[str, str], count: int) -> str:
        pick = self.pick
        tested = {**TESTED, **_PRICE_TYPES}
        facts = pick.some(tested, 1, 3)
        dated = pick.chance(30)
        rows = [["id", *(f"when.{f}" for f in facts), *(f"then.{c}" for c in columns)]]
        rows[0] += ["valid.from", "valid.before"] if dated else []
        for number in range(count):
            cells = [csv_cell(pick, tested[f]) for f in facts]
            thens = [str(self._cell(t)) for t in columns.values()]
            valid = (window(pick) or {}) if dated else {}
            ends = [valid.get("from", ""), valid.get("before", "")] if dated else []
            rows.append([f"c{number}", *cells, *thens, *ends])
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        name = f"{self.document}-{self.count}.csv"
        self.drawn.files[f"rules/pricing/{name}"] = out.getvalue()
        return name

    # --- the other phases --------------------------------------------------------------------

    def fees(self) -> dict[str, Any]:
        pick, step = self.pick, self._head("fees")
        if pick.chance(30):
            return {**step, "keep": "price"}
        step["margin"] = pick.one("15%", "0%", "5%", "40%")
        if pick.chance(20):
            step["cost"] = expressions.money(pick, self.names, 1)
        if pick.chance(20):
            step["freight"] = pick.one(Decimal("3.50"), "cost * 0.05")
        return step

    def tiers(self) -> dict[str, Any]:
        pick, step = self.pick, self._head("tiers")
        prices = (
            "price * 0.97",
            "price * 0.94",
            "coalesce(sale_price, price) * 0.9",
            "policy_price",
        )
        step["tiers"] = [
            {"from": Decimal(q), "price": expressions.money(pick, self.names, 1)
             if pick.chance(20) else pick.one(*prices)}
            for q in pick.some([2, 5, 10], 1, 3)
        ]  # fmt: skip
        return step

    def bounds(self) -> dict[str, Any]:
        pick, step = self.pick, self._head("bounds")
        low = [pick.one("map_price", "cost * 1.05", "cost", *self._own("floor"))]
        high = [pick.one("list_price", "cost * 3", "list_price * 0.9", Decimal("150.005"))]
        if pick.chance(70):
            step["at_least"] = low[: pick.number(1, 1)]
        if pick.chance(60) or "at_least" not in step:
            step["at_most"] = high
        return step

    def _own(self, name: str) -> list[str]:
        return [name] if name in self.names.of("money") else []

    def round(self) -> dict[str, Any]:
        pick, step = self.pick, self._head("round")
        if pick.chance(50):
            step["ending"] = Decimal(pick.one("0.99", "0.90", "9.90", "0", "0.5", "99"))
            mode = pick.one(None, "up", "down", "nearest")
        else:
            step["to"] = Decimal(pick.one("0.05", "0.01", "0.5", "1", "2.50"))
            mode = pick.one(None, "half_up", "half_even", "up", "down")
        return step if mode is None else {**step, "mode": mode}


def in_pesos(document: dict[str, Any]) -> dict[str, Any]:
    """The pricing document with rounding that a currency without decimals can have."""
    whole = {"ending": Decimal(990), "to": Decimal(5)}
    steps = [{k: whole.get(k, v) for k, v in step.items()} for step in document["steps"]]
    return {**document, "steps": steps}


# --- fees -------------------------------------------------------------------------------------


def fees(pick: Pick, drawn: Drawn) -> list[dict[str, Any]]:
    """The sellers' schedules are added to `drawn`; those of the marketplaces are returned."""
    for number in range(pick.one(0, 0, 1, 1, 2)):
        document = head(pick, "fees", f"seller{number}", pick.one(*SCOPES, *NARROW))
        drawn.documents.append({**document, "fees": _fees(pick)})
    return [
        {"kind": "fees", "name": m, "for": {"marketplace": m}, "fees": _fees(pick)}
        for m in pick.some(["alpha", "beta"], 1, 2)
    ]


def _fees(pick: Pick) -> list[dict[str, Any]]:
    return [{"id": f"fee{i}", **_fee(pick)} for i in range(pick.one(1, 1, 2, 3))]


def _fee(pick: Pick) -> dict[str, Any]:
    kind = pick.number(0, 9)
    if kind <= 3:
        return {"otherwise": _taken(pick)}
    if kind <= 5:
        rows = [
            {"id": f"r{i}", "when": when(pick, _OF_FEES, 2), "then": _taken(pick)}
            for i in range(pick.number(1, 3))
        ]
        return {"hit": "first", "rules": rows, "otherwise": _taken(pick)}
    if kind <= 8:
        return _bands(pick)
    cells = [{**when(pick, _OF_FEES, 1, False), "price": ordered_cell(pick, "money")}
             for _ in range(pick.number(1, 3))]  # fmt: skip
    if pick.chance(40):
        cells.append({"not": {"price": ordered_cell(pick, "money")}})
    rows = [{"id": f"r{i}", "when": w, "then": _taken(pick)} for i, w in enumerate(cells)]
    fee: dict[str, Any] = {"hit": pick.one("unique", "any"), "rules": rows}
    return {**fee, "otherwise": _taken(pick)} if pick.chance(60) else fee


_OF_FEES = {name: TESTED[name] for name in ("brand", "category", "cost", "mass", "fragile")}


def _bands(pick: Pick) -> dict[str, Any]:
    """Bands that meet; the end of one is in it or in the next."""
    edges = pick.some(["0", "12.50", "49.995", "79", "79.01", "100", "500"], 1, 4)
    rows = []
    for number, low in enumerate(edges):
        last = number == len(edges) - 1
        high = None if last else edges[number + 1]
        closed = pick.chance(50)
        cell = (f">= {low}" if closed else f"> {low}") if last else f"[{low}..{high})"
        rows.append({"id": f"b{number}", "when": {"price": cell}, "then": _taken(pick)})
    if pick.chance(70) and edges[0] != "0":
        rows.insert(0, {"id": "low", "when": {"price": f"< {edges[0]}"}, "then": _taken(pick)})
    return {"rules": rows}


def _taken(pick: Pick) -> dict[str, Any]:
    rate = pick.one("0%", "11%", "12.5%", "16.789%", "discount", "30%")
    fee = pick.one(*map(Decimal, ("6.25", "0", "5", "0.015", "12.00")), "cost * 2%")
    return dict(pick.one({"rate": rate}, {"rate": rate, "fee": fee}, {"fee": fee}))
