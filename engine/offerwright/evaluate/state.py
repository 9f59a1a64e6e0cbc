"""
The offers of one account on their way through the phases of pricing.

What stops a price is a `Block`, what a reader should know a `Note`; both are masks over the offers
with the place that caused them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals
from offerwright.evaluate.fees import Schedule
from offerwright.evaluate.match import Match, Walks
from offerwright.evaluate.operations import Rows
from offerwright.frames import Aspect
from offerwright.rules.plan import AccountPlan, Step

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
class Ran:
    """One step as it ran: where, and the prices before and after."""

    step: Step
    active: Truth
    before: tuple[Decimals, Decimals]
    after: tuple[Decimals, Decimals]
    match: Match | None = None


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
        mask = np.zeros(self.rows.size, dtype=bool)
        for block in self.blocks:
            if block.aspect == "price":
                mask |= block.mask
        for pending, _ in (self.pending or {}).values():
            mask |= pending
        return mask

    def with_column(self, name: str, column: Column) -> State:
        return replace(self, rows=self.rows.having({name: column}))

    def blocked(self, block: Block) -> State:
        return replace(self, blocks=(*self.blocks, block)) if block.mask.any() else self

    def noted(self, code: str, mask: Truth, step: str) -> State:
        return replace(self, notes=(*self.notes, Note(code, mask, step))) if mask.any() else self


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
    nowhere = ~c.known(state.decimals("price")) & ~state.stopped
    if asked is not None:
        nowhere = nowhere & asked
    return state.blocked(Block("price", "NO_PRICE", nowhere, "", -1))


def without_negative(state: State) -> State:
    """Block the offers whose price or sale price is below zero: no later phase lifts them.

    The block names the step that brought them there.
    """
    left = _negative(state.prices) & ~state.stopped
    for ran in reversed(state.ran):
        if not left.any():
            break
        here = left & ran.active & _negative(ran.after) & ~_negative(ran.before)
        step = ran.step
        block = Block("price", "PRICE_BELOW_ZERO", here, step.id, step.document, ran.match)
        state, left = state.blocked(block), left & ~here
    return state


def _negative(prices: tuple[Decimals, Decimals]) -> Truth:
    found = [c.known(p) & np.asarray(p.values < 0) for p in prices]
    return np.asarray(found[0] | found[1])


def with_lowered(state: State, before: Decimals) -> State:
    """Remember where the price is lower than before."""
    a, b = c.aligned(state.decimals("price"), before)
    lower = np.asarray(c.known(a) & c.known(b) & (a.values < b.values))
    return replace(state, lowered=lower if state.lowered is None else state.lowered | lower)


def with_faults(
    state: State, step: Step, value: Decimals, apply: Truth, found: Match | None
) -> State:
    if value.state is None:
        return state
    for number, code in c.FAULTS.items():
        mask = apply & np.asarray(value.state == number)
        state = state.blocked(Block("price", code, mask, step.id, step.document, found))
    return state


def raised_to(price: Decimals, low: Decimals) -> Decimals:
    """The price, raised to `low` where that is known and above it."""
    a, b = c.aligned(price, low)
    raise_ = c.known(b) & c.known(a) & np.asarray(a.values < b.values)
    return c.where(np.asarray(raise_), b, a)


def lowered_to(price: Decimals, high: Decimals) -> Decimals:
    a, b = c.aligned(price, high)
    lower = c.known(b) & c.known(a) & np.asarray(a.values > b.values)
    return c.where(np.asarray(lower), b, a)
