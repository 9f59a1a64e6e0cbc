"""Steps of base, adjust and competitor: an optional table, then what is set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals
from offerwright.evaluate.match import NO_ROW, OVERLAP, Match, conflicts, match, result
from offerwright.evaluate.operations import evaluate_decimals
from offerwright.evaluate.sale_window import with_sale_window
from offerwright.evaluate.state import (
    Block,
    Moment,
    State,
    Truth,
    lowered_to,
    raised_to,
    with_faults,
    with_lowered,
)
from offerwright.evaluate.uniform import alike, repeated
from offerwright.rules.plan import SetStep, own_column


def run_set(
    state: State, step: SetStep, active: Truth, moment: Moment
) -> tuple[State, Match | None]:
    """A step of base, adjust or competitor."""
    price = state.decimals("price")
    found = None
    apply = active
    fell = repeated(False, state.rows.size, bool)
    if step.table is not None:
        found = match(step.table, state.rows, moment.as_of, moment.walks)
        state, apply = _apply_table(state, step, found, active)
        fell = found.fell_through
    # All expressions see the values from before the step.
    values = [(name, evaluate_decimals(typed, state.rows)) for name, typed in step.sets]
    for name, value in values:
        if name == "price" and step.change_from is not None:
            state, value = _held_change(state, step, value, apply)
        state = _set(state, step, name, value, apply, fell, found)
    window = moment.plan.documents[step.document].window
    state = with_sale_window(state, step, window, apply, found)
    return with_lowered(state, price) if step.phase == "competitor" else state, found


def _apply_table(state: State, step: SetStep, found: Match, active: Truth) -> tuple[State, Truth]:
    """The table's results as columns, and where they count; what is wrong becomes blocks."""
    table = found.table
    document = step.document
    overlap = active & np.asarray(found.picked == OVERLAP)
    differ = active & conflicts(found, state.rows)
    state = state.blocked(Block("price", "TABLE_OVERLAP", overlap, step.id, document, found))
    state = state.blocked(Block("price", "TABLE_CONFLICT", differ, step.id, document, found))
    if step.phase == "base":
        none = active & np.asarray(found.picked == NO_ROW)
        block = Block("price", "NO_RULE_MATCHES", none, step.id, document, found)
        state = _pend(state, block, none)
    apply = active & found.found & ~differ
    document_name = table.label.rsplit("/", 1)[0]
    columns: dict[str, Column] = {}
    for plan in table.results:
        name = own_column(document_name, plan.name)
        columns[name] = _where_ran(apply, result(found, plan, state.rows), state.rows.find(name))
    return state.having(columns), apply


def _where_ran(ran: Truth, column: Column, held: Column | None) -> Column:
    """A result where its step ran; elsewhere what an earlier step of the document left there."""
    if held is not None:
        return c.chosen(ran, column, held)
    if alike(ran):
        return column
    there = 0 if column.state is None else column.state * ran
    return c.with_state(column, there + ~ran * np.uint8(c.MISSING))


def _pend(state: State, block: Block, mask: Truth) -> State:
    """A base step failed here; a later base step may still set the price."""
    if not np.count_nonzero(mask):
        return state
    pending = dict(state.pending or {})
    pending[f"{block.code}/{block.document}/{block.step}"] = (mask, block)
    return replace(state, pending=pending)


def _lift(state: State, mask: Truth) -> State:
    if not state.pending:
        return state
    return replace(state, pending={k: (m & ~mask, b) for k, (m, b) in state.pending.items()})


def _set(
    state: State,
    step: SetStep,
    name: str,
    value: Decimals,
    apply: Truth,
    fell: Truth,
    found: Match | None,
) -> State:
    state = with_faults(state, step, value, apply, found)
    missing = repeated(False, state.rows.size, bool)
    if value.state is not None:
        missing = apply & np.asarray(value.state == c.MISSING)
    if step.phase == "base" and name == "price":
        for code, mask in (("NO_RULE_MATCHES", missing & fell), ("NO_PRICE", missing & ~fell)):
            state = _pend(state, Block("price", code, mask, step.id, step.document, found), mask)
        state = _lift(state, apply & c.known(value))
    elif step.phase != "base":
        echo = missing & state.stopped
        block = Block("price", "MISSING_VALUE", missing & ~echo, step.id, step.document, found)
        state = state.blocked(block)
    return state.with_column(name, c.where(apply, value, state.decimals(name)))


def _held_change(
    state: State, step: SetStep, value: Decimals, apply: Truth
) -> tuple[State, Decimals]:
    """Hold the new price within the step's limits around the reference."""
    size = state.rows.size
    reference = state.decimals("/before")
    if step.change_from == "live":
        live = state.decimals("live_price")
        reference = c.where(c.known(live), live, reference)
    held = value
    if step.down is not None:
        low = c.multiply(reference, c.constant(1 - step.down, size))
        held = raised_to(held, low)
    if step.up is not None:
        high = c.multiply(reference, c.constant(1 + step.up, size))
        held = lowered_to(held, high)
    a, b = c.aligned(held, value)
    moved = apply & c.known(value) & np.asarray(a.values != b.values)
    return state.noted("CHANGE_HELD", moved, step.id), held
