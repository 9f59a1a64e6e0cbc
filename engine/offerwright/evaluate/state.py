"""
The offers of one account on their way through the phases of pricing.

What stops a price is a `Block`, what a reader should know a `Note`; both are masks over the offers
with the place that caused them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals
from offerwright.evaluate.fees import Schedule
from offerwright.evaluate.match import Match, Walks
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.uniform import each, repeated
from offerwright.frames import Aspect
from offerwright.rules.plan import AccountPlan, BoundsStep, Step

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
        masks = [block.mask for block in self.blocks if block.aspect == "price"]
        masks += [pending for pending, _ in (self.pending or {}).values()]
        return reduce(np.logical_or, masks, repeated(False, self.rows.size, bool))

    def having(self, more: Mapping[str, Column]) -> State:
        rows = self.rows.having(more)
        return State(
            rows, self.blocks, self.notes, self.ran, self.pending, self.lowered, self.margins
        )

    def with_column(self, name: str, column: Column) -> State:
        return self.having({name: column})

    def blocked(self, block: Block) -> State:
        return replace(self, blocks=(*self.blocks, block)) if np.count_nonzero(block.mask) else self

    def noted(self, code: str, mask: Truth, step: str) -> State:
        return (
            replace(self, notes=(*self.notes, Note(code, mask, step)))
            if np.count_nonzero(mask)
            else self
        )


@dataclass(frozen=True)
class Ran:
    """One step as it ran: where, and the state before and after."""

    step: Step
    active: Truth
    was: State
    now: State
    match: Match | None = None

    @property
    def before(self) -> tuple[Decimals, Decimals]:
        """The prices before, as a trace shows them."""
        return self._shown(self.was)

    @property
    def after(self) -> tuple[Decimals, Decimals]:
        return self._shown(self.now)

    def _shown(self, state: State) -> tuple[Decimals, Decimals]:
        """A bound moves the prices when its phase ends, and in its own row of a trace."""
        return prices_inside(state) if isinstance(self.step, BoundsStep) else state.prices


@dataclass(frozen=True)
class Moment:
    """What steps need beside the offers."""

    plan: AccountPlan
    as_of: int
    walks: Walks
    schedule: Schedule


def settle_base(state: State, asked: Truth) -> State:
    """At the end of the base phase what is still pending becomes blocks.

    `asked` is where some base step was to give a price; elsewhere a later phase may.
    """
    for mask, block in (state.pending or {}).values():
        state = replace(state, pending=None).blocked(replace(block, mask=mask))
    return without_price(replace(state, pending=None), asked)


def without_price(state: State, asked: Truth | None = None) -> State:
    """Block the offers that nothing has given a price."""
    if state.decimals("price").state is None:
        return state
    nowhere = ~c.known(state.decimals("price")) & ~state.stopped
    if asked is not None:
        nowhere = nowhere & asked
    return state.blocked(Block("price", "NO_PRICE", nowhere, "", -1))


def without_negative(state: State) -> State:
    """Block the offers whose price or sale price is below zero: no later phase lifts them.

    The block names the step that brought them there.
    """
    left = _negative(state.prices)
    if not np.count_nonzero(left):
        return state
    left = left & ~state.stopped
    for ran in reversed(state.ran):
        if not np.count_nonzero(left):
            break
        here = left & ran.active & _negative(ran.after) & ~_negative(ran.before)
        step = ran.step
        block = Block("price", "PRICE_BELOW_ZERO", here, step.id, step.document, ran.match)
        state, left = state.blocked(block), left & ~here
    return state


def _negative(prices: tuple[Decimals, Decimals]) -> Truth:
    found = [c.known(p) & each(lambda values: values < 0, p.values) for p in prices]
    return found[0] | found[1]


def with_lowered(state: State, before: Decimals) -> State:
    """Remember where the price is lower than before."""
    price = state.decimals("price")
    if price is before:
        return state
    lower = less(price, before)
    return replace(state, lowered=lower if state.lowered is None else state.lowered | lower)


def with_faults(
    state: State, step: Step, value: Decimals, apply: Truth, found: Match | None
) -> State:
    # No state is above that of a fault, so one look suffices where there is none.
    if value.state is None or value.state.max(initial=0) <= c.MISSING:
        return state
    for number, code in c.FAULTS.items():
        mask = apply & np.asarray(value.state == number)
        state = state.blocked(Block("price", code, mask, step.id, step.document, found))
    return state


def less(left: Decimals, right: Decimals) -> Truth:
    """Where both are known and left < right."""
    if c.is_absent(left) or c.is_absent(right):
        return repeated(False, len(left), bool)
    a, b = c.aligned(left, right)
    found = np.asarray(a.values < b.values)
    for state in (left.state, right.state):
        if state is not None:
            found = found & (state == 0)
    return found


def raised_to(price: Decimals, low: Decimals) -> Decimals:
    """The price, raised to `low` where that is known and above it."""
    return _moved(price, low, less(price, low))


def lowered_to(price: Decimals, high: Decimals) -> Decimals:
    return _moved(price, high, less(high, price))


def _moved(price: Decimals, to: Decimals, mask: Truth) -> Decimals:
    """`to` where the mask holds; both are known there."""
    moved = c.where(mask, to, price)
    return Decimals(moved.values, moved.scale, price.state, moved.bound)


def prices_inside(state: State) -> tuple[Decimals, Decimals]:
    """Price and sale price inside the bounds that are collected so far."""
    lower, upper = state.decimals("/lower"), state.decimals("/upper")
    price, sale = (lowered_to(raised_to(held, lower), upper) for held in state.prices)
    return price, sale
