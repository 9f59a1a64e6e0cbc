"""Steps of the bounds phase: collected first, applied when the phase ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.match import Match
from offerwright.evaluate.operations import evaluate_decimals
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
from offerwright.evaluate.tiers import tier_columns
from offerwright.rules.plan import BoundsStep


def run_bounds(
    state: State, step: BoundsStep, active: Truth, moment: Moment
) -> tuple[State, Match | None]:
    """Collect the bounds; they take effect when the phase ends (`apply_bounds`)."""
    lower, upper = state.decimals("/lower"), state.decimals("/upper")
    for typed in step.at_least:
        bound = evaluate_decimals(typed, state.rows)
        state = with_faults(state, step, bound, active, None)
        lower = _tightened(lower, bound, active, np.less)
    for typed in step.at_most:
        bound = evaluate_decimals(typed, state.rows)
        state = with_faults(state, step, bound, active, None)
        upper = _tightened(upper, bound, active, np.greater)
    return state.with_column("/lower", lower).with_column("/upper", upper), None


def _tightened(
    held: Decimals, bound: Decimals, active: Truth, loose: Callable[[Array, Array], Array]
) -> Decimals:
    a, b = c.aligned(held, bound)
    tighter = active & c.known(b) & (~c.known(a) | loose(a.values, b.values))
    return c.where(np.asarray(tighter), b, a)


def apply_bounds(state: State) -> State:
    """Bring price, sale price and tiers inside the bounds; bounds that cross block."""
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
    raised = raised_to(state.decimals("price"), lower)
    price, sale = prices_inside(state)
    state = state.with_column("price", price).with_column("sale_price", sale)
    for _, name in tier_columns(state.rows):
        tier = lowered_to(raised_to(state.decimals(name), lower), upper)
        state = state.with_column(name, tier)
    return with_lowered(state, raised)


def prices_inside(state: State) -> tuple[Decimals, Decimals]:
    """Price and sale price inside the bounds that are collected so far."""
    lower, upper = state.decimals("/lower"), state.decimals("/upper")
    price, sale = (lowered_to(raised_to(held, lower), upper) for held in state.prices)
    return price, sale
