"""The results of decisions as columns, beside the facts they were decided from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths
from offerwright.evaluate.match import Match, Walks, match, reasons, result
from offerwright.evaluate.operations import Rows, evaluate
from offerwright.expressions.parse import EPOCH
from offerwright.expressions.syntax import columns
from offerwright.expressions.types import Type
from offerwright.rules.plan import DecisionPlan, ResultPlan

# A table that gives no result for an offer is a fault of every fact it was to give.
_FAULTS = {code: number for number, code in c.FAULTS.items() if code.startswith("TABLE_")}


def decided(plans: tuple[DecisionPlan, ...], rows: Rows, as_of: int, walks: Walks) -> Rows:
    """The rows with what each decision derives and gives, in the order of the plans."""
    for plan in plans:
        for name, typed in plan.derived:
            rows = rows.having({name: evaluate(typed, rows)})
        rows = rows.having(_given(plan, rows, as_of, walks))
    return rows


def _given(plan: DecisionPlan, rows: Rows, as_of: int, walks: Walks) -> Mapping[str, Column]:
    found = match(plan.table, rows, as_of, walks)
    wrong = reasons(found, rows)
    given = {}
    for name, type_ in plan.results:
        written = plan.table.result(name)
        column = c.absent(type_, rows.size) if written is None else _column(found, written, rows)
        for code, number in _FAULTS.items():
            if wrong[code].any():
                state = np.zeros(rows.size, np.uint8) if column.state is None else column.state
                column = c.with_state(column, np.where(wrong[code], number, state).astype(np.uint8))
        given[name] = column
    return given


def _column(found: Match, plan: ResultPlan, rows: Rows) -> Column:
    return _listed(found, plan, rows) if found.table.take == "list" else result(found, plan, rows)


def _listed(found: Match, plan: ResultPlan, rows: Rows) -> Lists:
    """The results of all matching rows in written order; missing where one of them is."""
    positions: dict[tuple[Any, ...], int] = {}
    codes = np.full(rows.size, -1, dtype=np.int32)
    state = np.full(rows.size, c.MISSING, dtype=np.uint8)
    for number in found.present:
        cells = _cells(found, plan, number)
        if cells is None:
            continue
        at = np.flatnonzero(found.states == number)
        part = rows.part(at, {name for cell in cells for name in columns(plan.choices[cell])})
        held = [evaluate(plan.choices[cell], part) for cell in cells]
        for index, row in enumerate(at.tolist()):
            state[row] = max((int(h.state[index]) for h in held if h.state is not None), default=0)
            if state[row] == 0:
                values = tuple(_value(h, index, plan.type) for h in held)
                codes[row] = positions.setdefault(values, len(positions))
    return Lists(codes, tuple(positions), state if state.any() else None)


def _cells(found: Match, plan: ResultPlan, state: int) -> list[int] | None:
    """The cells that make the list; None where there is no list, or it would have a hole."""
    numbers = found.rows_of(state)
    if not numbers and found.table.has_otherwise:
        numbers = [len(found.table.rows)]
    cells = [plan.choice_of[number] for number in numbers]
    return None if not cells or min(cells) < 0 else cells


def _value(column: Column, row: int, type_: Type) -> str | bool | int | Decimal | date:
    """An element as a list fact of a snapshot holds it."""
    if isinstance(column, Truths):
        return bool(column.values[row])
    if not isinstance(column, Decimals):
        return str(column.vocabulary[int(column.codes[row])])
    found = c.decimal_at(column, row) or Decimal(0)
    if type_.name == "date":
        return EPOCH.date() + timedelta(days=int(found))
    if type_.name == "datetime":
        moment: datetime = EPOCH + timedelta(microseconds=int(found))
        return moment
    return int(found) if type_.name in ("integer", "duration") else found
