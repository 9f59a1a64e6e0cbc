"""What every step and table of a plan did to the offers of a batch, as the run recorded it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths
from offerwright.evaluate.match import Match, holds, match, tested_column
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.reach import FEES
from offerwright.evaluate.run import Offers
from offerwright.evaluate.state import Ran, State, Truth
from offerwright.expressions.conditions import Value
from offerwright.guards.judge import said_by
from offerwright.rules.plan import BoundsStep, RoundStep, Step, TablePlan
from offerwright.testing.tables import RuleTable, rule_tables

Seeable = Value | tuple[Value, ...] | None


@dataclass(frozen=True)
class Seen:
    """
    One step or table over a batch.

    `active` is where it ran, `holds` where its `when` is true (everywhere if it has none), `rows`
    the columns as it saw them.
    """

    table: RuleTable
    active: Truth
    holds: Truth
    found: Match | None
    rows: Rows

    def fired(self, row: int) -> tuple[int, ...]:
        """The numbers of the rows that counted for one offer; the one after the last: `otherwise`.

        Under `any` and `collect` all that match count.
        """
        if self.found is None or not self.active[row] or self.found.picked[row] < 0:
            return ()
        picked, table = int(self.found.picked[row]), self.found.table
        if picked == len(table.rows) or table.hit not in ("any", "collect"):
            return (picked,)
        return tuple(self.found.rows_of(int(self.found.states[row])))

    def values(self, row: int) -> tuple[Seeable, ...]:
        """The value of every axis of the table for one offer; None = missing."""
        table = self.found.table if self.found is not None else None
        axes = table.axes if table is not None else ()
        return tuple(value_at(tested_column(axis, self.rows), row) for axis in axes)


def seen_by(offers: Offers) -> tuple[Seen, ...]:
    """All steps and tables that were in force, in the order of `rule_tables`."""
    return tuple(_seen(offers))


def _seen(offers: Offers) -> Iterator[Seen]:
    plan = offers.plan
    ran = {id(one.step): (one, rows) for one, rows in _with_rows(offers)}
    paid = said_by(offers).paid
    priced = offers.rows.having({"price": paid})
    everywhere = np.ones(offers.rows.size, dtype=bool)
    for one in rule_tables(plan):
        if one.source is not None:
            found = ran.get(id(one.source)) or _idle(one.source, offers)
            yield _step(one, *found, offers)
        elif one.table is not None and _is_in_force(one.table, offers):
            is_fee = one.part == "fees"
            active = c.known(paid) & offers.reach.of(FEES, one.document) if is_fee else everywhere
            rows = priced if is_fee else offers.rows
            matched = match(one.table, rows, offers.schedule.as_of, offers.schedule.walks)
            yield Seen(one, np.asarray(active), everywhere, matched, rows)


def _idle(step: Step, offers: Offers) -> tuple[Ran, Rows]:
    """A step that did nothing to any offer: rounding keeps no record of such a one."""
    others = [ran for ran in offers.ran if isinstance(ran.step, RoundStep)]
    state, rows = State(offers.rows), offers.rows
    if others:
        state = others[0].was
        rows = rows.having({"price": state.prices[0], "sale_price": state.prices[1]})
    return Ran(step, np.zeros(offers.rows.size, dtype=bool), state, state), rows


def _step(one: RuleTable, ran: Ran, rows: Rows, offers: Offers) -> Seen:
    true = holds(ran.step.when, rows, offers.schedule.as_of, offers.schedule.walks)
    return Seen(one, ran.active, true, ran.match, rows)


def _is_in_force(table: TablePlan, offers: Offers) -> bool:
    """Whether a table beside those of pricing counts at the moment."""
    plan = offers.plan
    tables = [*(fee.table for fee in plan.fees), *(one.table for one in plan.decisions)]
    if any(table is one for one in tables):
        return True
    if plan.inventory is not None and table is plan.inventory.safety:
        return True
    return plan.mapping is not None and table is plan.mapping.category


def _with_rows(offers: Offers) -> Iterator[tuple[Ran, Rows]]:
    """Every step that ran, with the prices as they were when it did.

    Bounds move the prices only when their phase ends, so their steps see those from before it.
    """
    nothing = c.all_missing(offers.rows.size)
    last = (nothing, nothing)
    for ran in offers.ran:
        before = last if isinstance(ran.step, BoundsStep) else ran.before
        yield ran, offers.rows.having({"price": before[0], "sale_price": before[1]})
        if not isinstance(ran.step, BoundsStep):
            last = ran.after


def value_at(column: Column, row: int) -> Seeable:
    """The value of one row as rules test it; None where it is not there."""
    if column.state is not None and column.state[row]:
        return None
    if isinstance(column, Decimals):
        return c.decimal_at(column, row)
    if isinstance(column, Truths):
        return bool(column.values[row])
    held = column.vocabulary[int(column.codes[row])]
    return tuple(held) if isinstance(column, Lists) else held
