"""The phases of pricing: each step a function from one `State` to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from offerwright.evaluate.bounds_step import run_bounds
from offerwright.evaluate.fees_step import run_fees
from offerwright.evaluate.match import Match, holds
from offerwright.evaluate.set_step import run_set
from offerwright.evaluate.state import Moment, Ran, State, Truth
from offerwright.evaluate.tiers import run_tiers
from offerwright.profile import stage
from offerwright.rules.plan import Step

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
    return replace(after, ran=(*after.ran, Ran(step, active, state, after, found)))
