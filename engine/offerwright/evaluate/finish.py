"""The round phase: price points inside the bounds, the margin checked again, the sale below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
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
    without_price,
)
from offerwright.evaluate.tiers import tier_columns, without_pointless_tiers
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
    before = state.prices
    for group in groups:
        state = _round_group(state, group, moment)
    state = _to_currency(state, moment.plan.account.digits)
    state = without_pointless_tiers(_sale_below_price(_possible(state, groups)))
    ran = tuple(Ran(g.step, g.mask, before, state.prices) for g in groups if g.step is not None)
    return replace(state, ran=(*state.ran, *ran))


def _groups(state: State, steps: Sequence[tuple[RoundStep, Truth]], moment: Moment) -> list[_Group]:
    """The last round step that holds rounds an offer; the currency unit does where none holds."""
    left = np.ones(state.rows.size, dtype=bool)
    groups = []
    for step, active in reversed(steps):
        mask = left & active & holds(step.when, state.rows, moment.as_of, moment.walks)
        groups.append(_Group(step, Points(step.step, step.ending, step.mode), mask))
        left = left & ~mask
    groups.append(_Group(None, currency_unit(moment.plan.account.digits), left))
    return [g for g in groups if g.mask.any()]


def _round_group(state: State, group: _Group, moment: Moment) -> State:
    digits = moment.plan.account.digits
    exact = state.decimals("price")
    rounded, dropped = _inside(exact, group.points, state, digits)
    state = state.noted("ENDING_DROPPED", dropped & group.mask & c.known(exact), group.id)
    state, rounded = _margin_again(state, group, rounded, moment)
    sale = state.decimals("sale_price")
    rounded_sale, dropped = _inside(sale, group.points, state, digits)
    state = state.noted("ENDING_DROPPED", dropped & group.mask & c.known(sale), group.id)
    state = state.with_column("price", c.where(group.mask, rounded, exact))
    state = state.with_column("sale_price", c.where(group.mask, rounded_sale, sale))
    return _round_tiers(state, group, digits)


def _round_tiers(state: State, group: _Group, digits: int) -> State:
    for _, name in tier_columns(state.rows):
        tier = state.decimals(name)
        rounded, dropped = _inside(tier, group.points, state, digits)
        state = state.noted("ENDING_DROPPED", dropped & group.mask & c.known(tier), group.id)
        state = state.with_column(name, c.where(group.mask, rounded, tier))
    return state


def _inside(price: Decimals, points: Points, state: State, digits: int) -> tuple[Decimals, Truth]:
    """The price at its point, moved inside the bounds; where no point lies inside, the bound."""
    lower, upper = state.decimals("/lower"), state.decimals("/upper")
    rounded = rounded_to(price, points)
    too_low, too_high = _less(rounded, lower), _less(upper, rounded)
    raised, fallen = least_at_or_above(lower, points), greatest_at_or_below(upper, points)
    no_raise, no_fall = too_low & _less(upper, raised), too_high & _less(fallen, lower)
    unit = currency_unit(digits)
    for mask, instead in (
        (too_low, raised),
        (too_high, fallen),
        (no_raise, least_at_or_above(lower, unit)),
        (no_fall, greatest_at_or_below(upper, unit)),
    ):
        rounded = c.where(mask, instead, rounded)
    return c.with_state(rounded, price.state), no_raise | no_fall  # type: ignore[return-value]


def _less(left: Decimals, right: Decimals) -> Truth:
    """Where both are known and left < right."""
    a, b = c.aligned(left, right)
    return np.asarray(c.known(a) & c.known(b) & (a.values < b.values))


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
    if not checked.any():
        return state, rounded
    digits = moment.plan.account.digits
    taken = moment.schedule.taken(state.rows, rounded)
    missed = checked & ~margin_met(taken, rounded, margin.needed, margin.share, digits)
    if not missed.any():
        return state, rounded
    solved = least_price(
        moment.schedule, state.rows, margin.needed, margin.share, digits,
        above=rounded, points=group.points,
    )  # fmt: skip
    fits = missed & solved.found & ~_less(state.decimals("/upper"), solved.price)
    state = state.noted("MARGIN_MISSED", missed & ~fits, group.id)
    return state, c.where(fits, solved.price, rounded)


def _to_currency(state: State, digits: int) -> State:
    for name in _priced(state):
        state = state.with_column(name, c.rounded(state.decimals(name), digits))
    return state


def _possible(state: State, groups: Sequence[_Group]) -> State:
    """No price is zero or less, and none above what a marketplace could read."""
    wrong = {
        "PRICE_NOT_POSITIVE": _either(state, lambda p: p.values <= 0),
        "PRICE_TOO_HIGH": _either(state, lambda p: p.values > HIGHEST * 10**p.scale),
    }
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
    tests = [c.known(p) & np.asarray(test(p), dtype=bool) for p in prices]
    return np.asarray(np.any(tests, axis=0))


def _priced(state: State) -> list[str]:
    """The columns of all that a buyer may pay."""
    return ["price", "sale_price", *(name for _, name in tier_columns(state.rows))]


def _sale_below_price(state: State) -> State:
    """A sale that is no sale is dropped; the buyer then pays the price."""
    price, sale = state.prices
    pointless = c.known(sale) & c.known(price) & ~_less(sale, price)
    missing = np.full(state.rows.size, c.MISSING, dtype=np.uint8)
    dropped = c.where(pointless, c.with_state(sale, missing), sale)  # type: ignore[arg-type]
    return state.with_column("sale_price", dropped).noted("SALE_NOT_BELOW_PRICE", pointless, "")
