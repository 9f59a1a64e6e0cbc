"""Steps of the bounds phase: collected first, applied when the phase ends."""

from __future__ import annotations

from collections.abc import Callable

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.match import Match
from offerwright.evaluate.operations import evaluate_decimals
from offerwright.evaluate.state import (
    Block,
    Moment,
    State,
    Truth,
    less,
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
        lower = _tightened(lower, bound, active, less)
    for typed in step.at_most:
        bound = evaluate_decimals(typed, state.rows)
        state = with_faults(state, step, bound, active, None)
        upper = _tightened(upper, bound, active, lambda a, b: less(b, a))
    return state.having({"/lower": lower, "/upper": upper}), None


def _tightened(
    held: Decimals, bound: Decimals, active: Truth, tighter: Callable[[Decimals, Decimals], Truth]
) -> Decimals:
    """The bound where it is known and there is no tighter one yet."""
    stays = c.known(held) & ~tighter(held, bound)
    return c.where(active & c.known(bound) & ~stays, bound, held)


def apply_bounds(state: State) -> State:
    """Bring price, sale price and tiers inside the bounds; bounds that cross block."""
    lower, upper = state.decimals("/lower"), state.decimals("/upper")
    step = next((r.step for r in reversed(state.ran) if isinstance(r.step, BoundsStep)), None)
    if step is None:
        return state
    crossed = less(upper, lower) & ~state.stopped
    state = state.blocked(Block("price", "BOUNDS_CROSS", crossed, step.id, step.document))
    raised = raised_to(state.decimals("price"), lower)
    price, sale = lowered_to(raised, upper), lowered_to(raised_to(state.prices[1], lower), upper)
    state = state.having({"price": price, "sale_price": sale})
    for _, name in tier_columns(state.rows):
        tier = lowered_to(raised_to(state.decimals(name), lower), upper)
        state = state.with_column(name, tier)
    return with_lowered(state, raised)
