"""
The phases of pricing for one account: base → adjust → fees → competitor → bounds → round.

Each step is a function from one `State` to the next. What stops a price is a `Block`, what a
reader should know a `Note`; both are masks over the offers with the place that caused them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Column, Decimals
from offerwright.evaluate.fees import Schedule, least_price
from offerwright.evaluate.match import Match, Walks, conflicts, holds, match, result
from offerwright.evaluate.operations import Rows, evaluate_decimals
from offerwright.frames import Aspect
from offerwright.rules.plan import AccountPlan, BoundsStep, FeesStep, SetStep, Step
from offerwright.rules.pricing import own_column

Truth: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """Why an aspect of some offers is withheld."""

    aspect: Aspect
    code: str
    mask: Truth
    step: str
    document: int
    picked: Match | None = None


@dataclass(frozen=True)
class Note:
    """What a reader should know about some offers; nothing is withheld."""

    code: str
    mask: Truth
    step: str


@dataclass(frozen=True)
class Ran:
    """One step as it ran: where, and the prices before and after."""

    step: Step
    active: Truth
    before: tuple[Decimals, Decimals]
    after: tuple[Decimals, Decimals]
    match: Match | None = None


@dataclass(frozen=True)
class Margin:
    """A share of the price that must be left beside what is needed, and for which offers."""

    share: Decimal
    needed: Decimals
    mask: Truth


@dataclass(frozen=True)
class State:
    """
    The offers on their way through the phases.

    `pending` are failures of base steps that a later base step may still lift. `margins` are what
    steps asked for; `lowered` is where a competitor step or an upper bound has taken the price
    below what it found.
    """

    rows: Rows
    blocks: tuple[Block, ...] = ()
    notes: tuple[Note, ...] = ()
    ran: tuple[Ran, ...] = ()
    pending: Mapping[str, tuple[Truth, Block]] | None = None
    lowered: Truth | None = None
    margins: tuple[Margin, ...] = ()

    @property
    def prices(self) -> tuple[Decimals, Decimals]:
        return self.decimals("price"), self.decimals("sale_price")

    def decimals(self, name: str) -> Decimals:
        found = self.rows.get(name)
        if not isinstance(found, Decimals):
            raise TypeError(f"{name} is no number")
        return found

    @property
    def stopped(self) -> Truth:
        """Where the price is blocked already: what comes later adds no echo."""
        mask = np.zeros(self.rows.size, dtype=bool)
        for block in self.blocks:
            if block.aspect == "price":
                mask |= block.mask
        for pending, _ in (self.pending or {}).values():
            mask |= pending
        return mask

    def with_column(self, name: str, column: Column) -> State:
        return replace(self, rows=self.rows.having({name: column}))

    def blocked(self, block: Block) -> State:
        return replace(self, blocks=(*self.blocks, block)) if block.mask.any() else self

    def noted(self, code: str, mask: Truth, step: str) -> State:
        return replace(self, notes=(*self.notes, Note(code, mask, step))) if mask.any() else self


@dataclass(frozen=True)
class Moment:
    """What steps need beside the offers."""

    plan: AccountPlan
    as_of: int
    walks: Walks
    schedule: Schedule


def run_step(state: State, step: Step, active: Truth, moment: Moment) -> State:
    """The state after one step; `active` is where its document applies."""
    active = active & holds(step.when, state.rows, moment.as_of, moment.walks)
    before = state.prices
    run = _STEPS[type(step).__name__]
    after, found = run(state, step, active, moment)
    return replace(after, ran=(*after.ran, Ran(step, active, before, after.prices, found)))


def run_set(
    state: State, step: SetStep, active: Truth, moment: Moment
) -> tuple[State, Match | None]:
    """A step of base, adjust or competitor."""
    price = state.decimals("price")
    found = None
    apply = active
    fell = np.zeros(state.rows.size, dtype=bool)
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
    return _lowered(state, price) if step.phase == "competitor" else state, found


def _lowered(state: State, before: Decimals) -> State:
    """Remember where the price is lower than before."""
    a, b = c.aligned(state.decimals("price"), before)
    lower = np.asarray(c.known(a) & c.known(b) & (a.values < b.values))
    return replace(state, lowered=lower if state.lowered is None else state.lowered | lower)


def _apply_table(state: State, step: SetStep, found: Match, active: Truth) -> tuple[State, Truth]:
    """The table's results as columns, and where they count; what is wrong becomes blocks."""
    table = found.table
    document = step.document
    overlap = active & np.asarray(found.picked == -2)
    differ = active & conflicts(found, state.rows)
    state = state.blocked(Block("price", "TABLE_OVERLAP", overlap, step.id, document, found))
    state = state.blocked(Block("price", "TABLE_CONFLICT", differ, step.id, document, found))
    none = active & np.asarray(found.picked == -1)
    if step.phase == "base":
        block = Block("price", "NO_RULE_MATCHES", none, step.id, document, found)
        state = _pend(state, block, none)
    apply = active & found.found & ~differ
    document_name = table.label.rsplit("/", 1)[0]
    columns: dict[str, Column] = {}
    for plan in table.results:
        name = own_column(document_name, plan.name)
        columns[name] = _where_ran(apply, result(found, plan, state.rows), state.rows.find(name))
    return replace(state, rows=state.rows.having(columns)), apply


def _where_ran(ran: Truth, column: Column, held: Column | None) -> Column:
    """A result where its step ran; elsewhere what an earlier step of the document left there."""
    if held is not None:
        return c.chosen(ran, column, held)
    there = 0 if column.state is None else column.state
    return c.with_state(column, np.where(ran, there, c.MISSING).astype(np.uint8))


def _pend(state: State, block: Block, mask: Truth) -> State:
    """A base step failed here; a later base step may still set the price."""
    if not mask.any():
        return state
    pending = dict(state.pending or {})
    pending[f"{block.code}/{block.document}/{block.step}"] = (mask, block)
    return replace(state, pending=pending)


def _lift(state: State, mask: Truth) -> State:
    pending = {k: (m & ~mask, b) for k, (m, b) in (state.pending or {}).items()}
    return replace(state, pending=pending)


def settle_base(state: State) -> State:
    """At the end of the base phase what is still pending becomes blocks."""
    for mask, block in (state.pending or {}).values():
        state = replace(state, pending=None).blocked(replace(block, mask=mask))
    return without_price(replace(state, pending=None))


def without_price(state: State) -> State:
    """Block the offers that nothing has given a price."""
    nowhere = ~c.known(state.decimals("price")) & ~state.stopped
    return state.blocked(Block("price", "NO_PRICE", nowhere, "", -1))


def _set(
    state: State,
    step: SetStep,
    name: str,
    value: Decimals,
    apply: Truth,
    fell: Truth,
    found: Match | None,
) -> State:
    state = _faults(state, step, value, apply, found)
    missing = apply & np.asarray(False if value.state is None else value.state == c.MISSING)
    if step.phase == "base" and name == "price":
        for code, mask in (("NO_RULE_MATCHES", missing & fell), ("NO_PRICE", missing & ~fell)):
            state = _pend(state, Block("price", code, mask, step.id, step.document, found), mask)
        state = _lift(state, apply & c.known(value))
    elif step.phase != "base":
        echo = missing & state.stopped
        block = Block("price", "MISSING_VALUE", missing & ~echo, step.id, step.document, found)
        state = state.blocked(block)
    return state.with_column(name, c.where(apply, value, state.decimals(name)))


def _faults(
    state: State, step: SetStep, value: Decimals, apply: Truth, found: Match | None
) -> State:
    if value.state is None:
        return state
    for number, code in c.FAULTS.items():
        mask = apply & np.asarray(value.state == number)
        state = state.blocked(Block("price", code, mask, step.id, step.document, found))
    return state


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
        held = _greater(held, low)
    if step.up is not None:
        high = c.multiply(reference, c.constant(1 + step.up, size))
        held = _lesser(held, high)
    a, b = c.aligned(held, value)
    moved = apply & c.known(value) & np.asarray(a.values != b.values)
    return state.noted("CHANGE_HELD", moved, step.id), held


def _greater(price: Decimals, low: Decimals) -> Decimals:
    """The price, raised to `low` where that is known and above it."""
    a, b = c.aligned(price, low)
    raise_ = c.known(b) & c.known(a) & np.asarray(a.values < b.values)
    return c.where(np.asarray(raise_), b, a)


def _lesser(price: Decimals, high: Decimals) -> Decimals:
    a, b = c.aligned(price, high)
    lower = c.known(b) & c.known(a) & np.asarray(a.values > b.values)
    return c.where(np.asarray(lower), b, a)


def run_fees(
    state: State, step: FeesStep, active: Truth, moment: Moment
) -> tuple[State, Match | None]:
    """Gross up: the least price that leaves enough after fees."""
    price, sale = state.prices
    active = active & ~state.stopped
    if step.margin is None:
        active = active & c.known(price)
    needed, margin = needed_after_fees(state, step, price), step.margin or Decimal(0)
    missing = active & ~c.known(needed)
    state = state.blocked(Block("price", "MISSING_VALUE", missing, step.id, step.document))
    state, solved = _grossed(state, step, needed, margin, active & ~missing, moment)
    if step.margin is None:
        selling = active & c.known(sale)
        state, sold = _grossed(state, step, sale, margin, selling, moment)
        new_sale = c.where(selling, sold, sale)
    else:
        # The sale keeps its depth: sale × new price / old price.
        selling = active & c.known(sale) & c.known(price)
        new_sale = c.where(selling, c.divide(c.multiply(sale, solved), price), sale)
        by_zero = selling & c.known(solved) & np.asarray(price.values == 0)
        state = state.blocked(Block("price", "DIVISION_BY_ZERO", by_zero, step.id, step.document))
        earlier = (replace(m, mask=m.mask & ~active) for m in state.margins)
        state = replace(state, margins=(*earlier, Margin(margin, needed, active)))
    state = state.with_column("price", c.where(active, solved, price))
    return state.with_column("sale_price", new_sale), None


def needed_after_fees(state: State, step: FeesStep, price: Decimals) -> Decimals:
    """What must be left: the price so far, or cost and freight."""
    if step.margin is None:
        return price
    cost = evaluate_decimals(step.cost, state.rows) if step.cost is not None else price
    return cost if step.freight is None else c.add(cost, freight_of(state.rows, step))


def freight_of(rows: Rows, step: FeesStep) -> Decimals:
    if step.freight is None:
        return c.constant(0, rows.size)
    return evaluate_decimals(step.freight, rows)


def _grossed(
    state: State,
    step: FeesStep,
    needed: Decimals,
    margin: Decimal,
    active: Truth,
    moment: Moment,
) -> tuple[State, Decimals]:
    digits = moment.plan.account.digits
    solved = least_price(moment.schedule, state.rows, needed, margin, digits)
    unsolved = unsolvable = active & ~solved.found
    for code, mask in solved.reasons.items():
        state = state.blocked(Block("price", code, unsolved & mask, step.id, step.document))
        unsolvable = unsolvable & ~mask
    state = state.blocked(
        Block("price", "NO_PRICE_MEETS_MARGIN", unsolvable, step.id, step.document)
    )
    return state, solved.price


def run_bounds(
    state: State, step: BoundsStep, active: Truth, moment: Moment
) -> tuple[State, Match | None]:
    """Collect the bounds; they take effect when the phase ends (`apply_bounds`)."""
    lower, upper = state.decimals("/lower"), state.decimals("/upper")
    for typed in step.at_least:
        bound = evaluate_decimals(typed, state.rows)
        lower = _tightened(lower, bound, active, np.less)
    for typed in step.at_most:
        bound = evaluate_decimals(typed, state.rows)
        upper = _tightened(upper, bound, active, np.greater)
    return state.with_column("/lower", lower).with_column("/upper", upper), None


def _tightened(
    held: Decimals, bound: Decimals, active: Truth, loose: Callable[[Array, Array], Array]
) -> Decimals:
    a, b = c.aligned(held, bound)
    tighter = active & c.known(b) & (~c.known(a) | loose(a.values, b.values))
    return c.where(np.asarray(tighter), b, a)


def apply_bounds(state: State) -> State:
    """Bring price and sale price inside the bounds; bounds that cross block."""
    lower, upper = state.decimals("/lower"), state.decimals("/upper")
    low, high = c.aligned(lower, upper)
    crossed = c.known(low) & c.known(high) & np.asarray(low.values > high.values)
    crossed = crossed & ~state.stopped
    step = next((r.step for r in reversed(state.ran) if isinstance(r.step, BoundsStep)), None)
    if step is None:
        return state
    state = state.blocked(
        Block("price", "BOUNDS_CROSS", np.asarray(crossed), step.id, step.document)
    )
    raised = _greater(state.decimals("price"), lower)
    price = _lesser(raised, upper)
    sale = _lesser(_greater(state.decimals("sale_price"), lower), upper)
    state = state.with_column("price", price).with_column("sale_price", sale)
    return _lowered(state, raised)


_STEPS: dict[str, Callable[..., tuple[State, Match | None]]] = {
    "SetStep": run_set,
    "FeesStep": run_fees,
    "BoundsStep": run_bounds,
}
