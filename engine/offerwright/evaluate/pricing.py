"""The phases of pricing: each step a function from one `State` to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from offerwright.evaluate.bounds_step import prices_inside, run_bounds
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.fees_step import run_fees
from offerwright.evaluate.match import Match, holds
from offerwright.evaluate.set_step import run_set
from offerwright.evaluate.state import Moment, Ran, State, Truth
from offerwright.evaluate.tiers import run_tiers
from offerwright.profile import stage
from offerwright.rules.plan import BoundsStep, Step

# What runs a step; round steps are run together, by `finish.run_rounding`.
_STEPS: dict[str, Callable[..., tuple[State, Match | None]]] = {
    "SetStep": run_set,
    "FeesStep": run_fees,
    "TiersStep": run_tiers,
    "BoundsStep": run_bounds,
}


def run_step(state: State, step: Step, active: Truth, moment: Moment) -> State:
    """The state after one step; `active` is where its document applies."""
    with stage(step.id, moment.plan.documents[step.document].file):
        active = active & holds(step.when, state.rows, moment.as_of, moment.walks)
        run = _STEPS[type(step).__name__]
        after, found = run(state, step, active, moment)
    ran = Ran(step, active, _shown(state, step), _shown(after, step), found)
    return replace(after, ran=(*after.ran, ran))


def _shown(state: State, step: Step) -> tuple[Decimals, Decimals]:
    """The prices as a trace shows them: a bound moves them when its phase ends, in its own row."""
    return prices_inside(state) if isinstance(step, BoundsStep) else state.prices
