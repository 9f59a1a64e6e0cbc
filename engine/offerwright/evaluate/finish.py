"""The round phase: price points inside the bounds, the margin checked again, the sale below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.fees import least_price, margin_met
from offerwright.evaluate.match import holds
from offerwright.evaluate.rounding import (
    Points,
    currency_unit,
    greatest_at_or_below,
    least_at_or_above,
    rounded_to,
)
from offerwright.evaluate.state import (
    Block,
    Margin,
    Moment,
    Ran,
    State,
    Truth,
    less,
    without_price,
)
from offerwright.evaluate.tiers import tier_columns, without_pointless_tiers
from offerwright.evaluate.uniform import repeated
from offerwright.rules.plan import RoundStep

HIGHEST = 10**13
"""In units of the currency: beyond it nothing is sold, and other software loses digits."""


@dataclass(frozen=True)
class _Group:
    """The offers that one round step rounds, and to which points."""

    step: RoundStep | None
    points: Points
    mask: Truth

    @property
    def id(self) -> str:
        return self.step.id if self.step is not None else ""


def run_rounding(state: State, steps: Sequence[tuple[RoundStep, Truth]], moment: Moment) -> State:
    """Round price, sale price and tiers; `steps` with where their documents apply, in order."""
    state = without_price(state)
    groups = _groups(state, steps, moment)
    was = state
    for group in groups:
        state = _round_group(state, group, moment)
    state = _to_currency(state, moment.plan.account.digits)
    state = without_pointless_tiers(_sale_below_price(_possible(state, groups)))
    ran = tuple(Ran(g.step, g.mask, was, state) for g in groups if g.step is not None)
    return replace(state, ran=(*state.ran, *ran))


def _groups(state: State, steps: Sequence[tuple[RoundStep, Truth]], moment: Moment) -> list[_Group]:
    """The last round step that holds rounds an offer; the currency unit does where none holds."""
    left = repeated(True, state.rows.size, bool)
    groups = []
    for step, active in reversed(steps):
        mask = left & active & holds(step.when, state.rows, moment.as_of, moment.walks)
        groups.append(_Group(step, Points(step.step, step.ending, step.mode), mask))
        left = left & ~mask
    groups.append(_Group(None, currency_unit(moment.plan.account.digits), left))
    return [g for g in groups if np.count_nonzero(g.mask)]


def _round_group(state: State, group: _Group, moment: Moment) -> State:
    digits = moment.plan.account.digits
    exact, sale = state.prices
    rounded, state = _at_points(exact, group, state, digits)
    state, rounded = _margin_again(state, group, rounded, moment)
    rounded_sale, state = _at_points(sale, group, state, digits)
    state = state.having(
        {
            "price": c.where(group.mask, rounded, exact),
            "sale_price": c.where(group.mask, rounded_sale, sale),
        }
    )
    for _, name in tier_columns(state.rows):
        tier = state.decimals(name)
        rounded, state = _at_points(tier, group, state, digits)
        state = state.with_column(name, c.where(group.mask, rounded, tier))
    return state


def _at_points(price: Decimals, group: _Group, state: State, digits: int) -> tuple[Decimals, State]:
    """The prices at their points, with a note where no point lies inside the bounds."""
    if c.is_absent(price):
        return price, state
    rounded, dropped = _inside(price, group.points, state, digits)
    if dropped is None:
        return rounded, state
    mask = dropped & group.mask & c.known(price)
    return rounded, state.noted("ENDING_DROPPED", mask, group.id)


def _inside(
    price: Decimals, points: Points, state: State, digits: int
) -> tuple[Decimals, Truth | None]:
    """The price at its point, moved inside the bounds; where no point lies inside, the bound.

    The second are those last prices, None where there is none of them.
    """
    lower, upper = state.decimals("/lower"), state.decimals("/upper")
    rounded = rounded_to(price, points)
    too_low, too_high = less(rounded, lower), less(upper, rounded)
    # Every bound that counts lies at the scale of all three: it must not depend on the rows.
    scale = max(rounded.scale, lower.scale, upper.scale, points.scale, digits)
    rounded = c.at_scale(rounded, scale)
    dropped = None
    for outside, bound, other, to, last in (
        (too_low, lower, upper, least_at_or_above, False),
        (too_high, upper, lower, greatest_at_or_below, True),
    ):
        # Few prices leave their bounds, so only these are looked at again.
        at = np.flatnonzero(outside)
        if not len(at):
            continue
        near, far = _part(bound, at), _part(other, at)
        moved = to(near, points)
        beyond = less(moved, far) if last else less(far, moved)
        moved = c.where(beyond, to(near, currency_unit(digits)), moved)
        rounded = c.placed(rounded, at, moved)
        if np.count_nonzero(beyond):
            dropped = np.zeros(len(outside), dtype=bool) if dropped is None else dropped
            dropped[at[beyond]] = True
    return Decimals(rounded.values, rounded.scale, price.state, rounded.bound), dropped


def _part(column: Decimals, at: Array) -> Decimals:
    state = None if column.state is None else column.state[at]
    return Decimals(column.values[at], column.scale, state, column.bound)


def _margin_again(
    state: State, group: _Group, rounded: Decimals, moment: Moment
) -> tuple[State, Decimals]:
    """Rounding may have cost the margin: try the next price points up."""
    for margin in state.margins:
        state, rounded = _one_margin_again(state, group, margin, rounded, moment)
    return state, rounded


def _one_margin_again(
    state: State, group: _Group, margin: Margin, rounded: Decimals, moment: Moment
) -> tuple[State, Decimals]:
    checked = margin.mask & group.mask & c.known(rounded) & ~state.stopped
    if state.lowered is not None:
        checked = checked & ~state.lowered
    if not np.count_nonzero(checked):
        return state, rounded
    digits = moment.plan.account.digits
    taken = moment.schedule.taken(state.rows, rounded)
    missed = checked & ~margin_met(taken, rounded, margin.needed, margin.share, digits)
    if not np.count_nonzero(missed):
        return state, rounded
    solved = least_price(
        moment.schedule, state.rows, margin.needed, margin.share, digits,
        above=rounded, points=group.points,
    )  # fmt: skip
    fits = missed & solved.found & ~less(state.decimals("/upper"), solved.price)
    state = state.noted("MARGIN_MISSED", missed & ~fits, group.id)
    return state, c.where(fits, solved.price, rounded)


def _to_currency(state: State, digits: int) -> State:
    return state.having({n: c.rounded(state.decimals(n), digits) for n in _priced(state)})


def _possible(state: State, groups: Sequence[_Group]) -> State:
    """No price is zero or less, and none above what a marketplace could read."""
    wrong = {
        "PRICE_NOT_POSITIVE": _either(state, lambda p: p.values <= 0),
        "PRICE_TOO_HIGH": _either(state, lambda p: p.values > HIGHEST * 10**p.scale),
    }
    wrong = {code: mask for code, mask in wrong.items() if np.count_nonzero(mask)}
    if not wrong:
        return state
    stopped = state.stopped
    for group in groups:
        document = group.step.document if group.step is not None else -1
        for code, mask in wrong.items():
            here = mask & group.mask & ~stopped
            state = state.blocked(Block("price", code, here, group.id, document))
    return state


def _either(state: State, test: Callable[[Decimals], Any]) -> Truth:
    """Where the price, the sale price or a tier passes a test."""
    prices = [state.decimals(name) for name in _priced(state)]
    tests = [c.known(p) & np.asarray(test(p), dtype=bool) for p in prices if not c.is_absent(p)]
    return reduce(np.logical_or, tests, repeated(False, state.rows.size, bool))


def _priced(state: State) -> list[str]:
    """The columns of all that a buyer may pay."""
    return ["price", "sale_price", *(name for _, name in tier_columns(state.rows))]


def _sale_below_price(state: State) -> State:
    """A sale that is no sale is dropped; the buyer then pays the price."""
    price, sale = state.prices
    if c.is_absent(sale):
        return state
    pointless = c.known(sale) & c.known(price) & ~less(sale, price)
    missing = repeated(c.MISSING, state.rows.size, np.uint8)
    dropped = c.where(pointless, c.with_state(sale, missing), sale)  # type: ignore[arg-type]
    return state.with_column("sale_price", dropped).noted("SALE_NOT_BELOW_PRICE", pointless, "")
