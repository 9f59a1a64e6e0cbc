"""Steps of the fees phase: the gross-up of price and sale price."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.fees import least_price
from offerwright.evaluate.match import Match
from offerwright.evaluate.operations import Rows, evaluate_decimals
from offerwright.evaluate.state import Block, Margin, Moment, State, Truth
from offerwright.rules.plan import FeesStep


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
        selling, new_sale = active & c.known(sale), sale
        if np.count_nonzero(selling):
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
