"""The phases of pricing (section 5) in their order, and the gross-up over fees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from oracle.cells import holds
from oracle.documents import Step, prices_anything, pricing_steps
from oracle.expressions import evaluate
from oracle.fees import Schedule, Target, least_price, schedule_of
from oracle.limits import bound, round_prices
from oracle.price_state import Pricing
from oracle.rounding import currency_digits
from oracle.set_steps import competitor_step, set_step, share
from oracle.values import Fault, divide, exact, multiply
from oracle.world import Document, World


def price_offer(documents: Iterable[Document], world: World) -> Pricing:
    """The price, sale price, names, blocks and notes of one offer; blocked prices are withheld."""
    documents = list(documents)
    steps = pricing_steps(documents, world)
    if not prices_anything(documents, world):
        return Pricing()
    unit = Fraction(1, 10 ** currency_digits(world.value("currency")))
    schedule = schedule_of(documents, world, unit)
    state = Pricing()
    for document, step in steps["base"]:
        state = set_step(state, "base", document, step, world)
    if steps["base"] and state.price is None and not state.blocks:
        state = state.blocked("NO_PRICE")
    state = _above_zero(state)
    for document, step in steps["adjust"]:
        state = set_step(state, "adjust", document, step, world)
    state = _above_zero(state)
    for document, step in steps["fees"]:
        state = _fees_step(state, document, step, world, schedule)
    before = state.price
    for document, step in steps["competitor"]:
        state = competitor_step(state, before, document, step, world)
    state = _above_zero(state)
    for document, step in steps["tiers"]:
        state = _tiers_step(state, document, step, world)
    state = bound(state, steps["bounds"], world)
    state = round_prices(state, steps["round"], world, schedule)
    if state.price is None and not state.blocks:
        state = state.blocked("NO_PRICE")
    return replace(state, price=None, sale_price=None) if state.blocks else state


def _above_zero(state: Pricing) -> Pricing:
    """No phase hands a price or a sale price below zero to the next one."""
    said = [p for p in (state.price, state.sale_price) if p is not None]
    wrong = not state.blocks and min(said, default=Decimal(0)) < 0
    return state.blocked("PRICE_BELOW_ZERO") if wrong else state


def _tiers_step(state: Pricing, document: str, step: Step, world: World) -> Pricing:
    """Tiers of the same quantity replace earlier ones; a missing price is no tier."""
    scope = state.world(world, document)
    codes: set[str] = set()
    tiers: dict[int, Decimal | None] = {**state.tiers}
    try:
        if holds(step.get("when"), scope) is not True:
            return state
    except Fault as fault:
        return state.blocked(*fault.codes)
    for tier in step["tiers"]:
        try:
            tiers[int(tier["from"])] = evaluate(tier["price"], scope)
        except Fault as fault:
            codes |= fault.codes
    known = {quantity: price for quantity, price in tiers.items() if price is not None}
    if min(known.values(), default=Decimal(0)) < 0 and not state.blocks:
        codes.add("PRICE_BELOW_ZERO")
    return replace(state.blocked(*codes), tiers=known)


# --- fees -------------------------------------------------------------------------------------


def _fees_step(
    state: Pricing, document: str, step: Step, world: World, schedule: Schedule
) -> Pricing:
    """Gross up a price that is not blocked; a fault blocks it."""
    scope = state.world(world, document)
    try:
        if state.blocks or holds(step.get("when"), scope) is not True:
            return state
        ran = replace(state, fired={**state.fired, f"{document}/{step['id']}": None})
        if step.get("keep") == "price":
            return _keep_price(ran, schedule)
        return _reach_margin(ran, step, scope, schedule)
    except Fault as fault:
        return state.blocked(*fault.codes)


def _keep_price(state: Pricing, schedule: Schedule) -> Pricing:
    """What is left after fees is the price so far; a running sale price likewise, on its own."""
    if state.price is None:
        return state
    price = _grossed_up(schedule, Fraction(state.price), Fraction(0))
    sale = state.sale_price
    if sale is not None:
        sale = _grossed_up(schedule, Fraction(sale), Fraction(0))
    return replace(state, price=price, sale_price=sale)


def _reach_margin(state: Pricing, step: Step, scope: World, schedule: Schedule) -> Pricing:
    """The least price with the margin; a running sale keeps its ratio to the price."""
    cost = _needed(evaluate(step.get("cost") or "cost", scope))
    target = Target(cost + _freight(step, scope), Fraction(share(step["margin"])))
    price = _grossed_up(schedule, target.needed, target.margin)
    sale = state.sale_price
    if sale is not None and state.price is not None:
        sale = divide(multiply(sale, price), state.price)
    return replace(state, price=price, sale_price=sale, margin=target)


def _freight(step: Step, scope: World) -> Fraction:
    if step.get("freight") is not None:
        return _needed(evaluate(step["freight"], scope))
    return _needed(scope.value("freight")) if scope.knows("freight") else Fraction(0)


def _needed(value: Decimal | None) -> Fraction:
    if value is None:
        raise Fault("MISSING_VALUE")
    return Fraction(value)


def _grossed_up(schedule: Schedule, needed: Fraction, margin: Fraction) -> Decimal:
    return exact(least_price(schedule, Target(needed, margin)))
