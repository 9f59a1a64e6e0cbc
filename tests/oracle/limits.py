"""Bounds and round (section 5): the last two phases, with the margin and the sale checked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from oracle.cells import holds
from oracle.documents import Step
from oracle.expressions import evaluate
from oracle.fees import Schedule, Target, cut_points, meets, solution_at
from oracle.price_state import Pricing
from oracle.rounding import Grid, grid_of, within
from oracle.values import Fault, exact
from oracle.world import World


def bound(state: Pricing, steps: Iterable[tuple[str, Step]], world: World) -> Pricing:
    """The tightest of all bounds; the price and the sale price are brought inside."""
    lowers: list[Decimal | None] = []
    uppers: list[Decimal | None] = []
    codes: set[str] = set()
    for document, step in steps:
        scope = state.world(world, document)
        try:
            if holds(step.get("when"), scope) is True:
                lowers += [evaluate(e, scope) for e in step.get("at_least") or []]
                uppers += [evaluate(e, scope) for e in step.get("at_most") or []]
        except Fault as fault:
            codes |= fault.codes
    lower = max((b for b in lowers if b is not None), default=None)
    upper = min((b for b in uppers if b is not None), default=None)
    if codes or state.blocks:
        return state.blocked(*codes)
    if lower is not None and upper is not None and lower > upper:
        return state.blocked("BOUNDS_CROSS")
    fell = upper is not None and state.price is not None and state.price > upper
    return replace(
        state,
        price=_inside(state.price, lower, upper),
        sale_price=_inside(state.sale_price, lower, upper),
        lowered=state.lowered or fell,
        lower=lower,
        upper=upper,
        tiers={q: _within(tier, lower, upper) for q, tier in state.tiers.items()},
    )


def _inside(price: Decimal | None, lower: Decimal | None, upper: Decimal | None) -> Decimal | None:
    return None if price is None else _within(price, lower, upper)


def _within(price: Decimal, lower: Decimal | None, upper: Decimal | None) -> Decimal:
    price = price if lower is None else max(price, lower)
    return price if upper is None else min(price, upper)


def round_prices(
    state: Pricing, steps: Iterable[tuple[str, Step]], world: World, schedule: Schedule
) -> Pricing:
    """The price and the sale price at their points; the margin is checked again; the sale is below."""
    chosen: tuple[str, Step] | None = None
    for document, step in steps:
        try:
            if holds(step.get("when"), state.world(world, document)) is True:
                chosen = (document, step)
        except Fault as fault:
            state = state.blocked(*fault.codes)
    if state.blocks or state.price is None:
        return state
    if chosen is not None:
        document, step = chosen
        state = replace(state, fired={**state.fired, f"{document}/{step['id']}": None})
    grid = grid_of(chosen[1] if chosen else None, schedule.unit)
    return _rounded_prices(state, grid, schedule)


def _rounded_prices(state: Pricing, grid: Grid, schedule: Schedule) -> Pricing:
    lower, upper = (None if b is None else Fraction(b) for b in (state.lower, state.upper))
    points: dict[str, Fraction | None] = {}
    for name, value in (("price", state.price), ("sale_price", state.sale_price)):
        points[name] = None
        if value is not None:
            point, dropped = within(grid, Fraction(value), lower, upper, schedule.unit)
            points[name] = point
            state = state.noted("ENDING_DROPPED") if dropped else state
    price, sale = points["price"], points["sale_price"]
    if price is None:
        return state
    if state.margin is not None and not state.lowered:
        price, state = _margin_again(state, state.margin, price, grid, schedule, upper)
    tiers: dict[int, Fraction] = {}
    for quantity, tier in sorted(state.tiers.items()):
        tiers[quantity], dropped = within(grid, Fraction(tier), lower, upper, schedule.unit)
        state = state.noted("ENDING_DROPPED") if dropped else state
    said = [*tiers.values(), price] if sale is None else [*tiers.values(), price, sale]
    wrong = {"PRICE_NOT_POSITIVE"} if min(said) <= 0 else set()
    wrong |= {"PRICE_TOO_HIGH"} if max(said) > 10**13 else set()
    if wrong:
        return state.blocked(*wrong)
    if sale is not None and sale >= price:
        state, sale = state.noted("SALE_NOT_BELOW_PRICE"), None
    state, kept = _falling(state, tiers, price if sale is None else sale)
    return replace(
        state,
        price=exact(price),
        sale_price=None if sale is None else exact(sale),
        tiers={quantity: exact(tier) for quantity, tier in kept.items()},
    )


def _falling(
    state: Pricing, tiers: dict[int, Fraction], paid: Fraction
) -> tuple[Pricing, dict[int, Fraction]]:
    """Each tier is below what the buyer of fewer units pays, or it is dropped."""
    kept: dict[int, Fraction] = {}
    for quantity, tier in sorted(tiers.items()):
        if tier < paid:
            kept[quantity] = paid = tier
        else:
            state = state.noted("TIER_NOT_LOWER")
    return state, kept


def _margin_again(
    state: Pricing,
    target: Target,
    price: Fraction,
    grid: Grid,
    schedule: Schedule,
    upper: Fraction | None,
) -> tuple[Fraction, Pricing]:
    """The first point from the rounded price up that meets the margin.

    Above the last bracket edge the fees are linear: a point at most one step above the solution
    there meets the margin, or none does.
    """
    edge = max([price, *cut_points(schedule)]) + grid.step
    limit = max(edge, solution_at(schedule, edge, target) or edge) + grid.step
    point = price
    while point <= limit and (upper is None or point <= upper):
        if meets(schedule, point, target):
            return point, state
        point = grid.next_above(point)
    return price, state.noted("MARGIN_MISSED")
