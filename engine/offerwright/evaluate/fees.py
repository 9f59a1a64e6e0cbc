"""
The marketplace's fees, and the least price that leaves enough after them.

Cut points on `price` split the fee schedule into brackets. Inside a bracket all fees are linear in
the price — a rate and a fixed amount per offer — so the least price is one division; the least
bracket whose solution falls inside it wins. Everything is exact integer arithmetic: a price is a
whole number of currency units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.match import Walks, match, reasons, result
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.rounding import Points, least_at_or_above
from offerwright.money import scaled
from offerwright.rules.axes import OrderedAxis
from offerwright.rules.plan import FeePlan

Truth = NDArray[np.bool_]
# No price is above this many units; a bracket that is open above ends here.
MOST_UNITS = 10**15


@dataclass(frozen=True)
class Taken:
    """
    What the fees take of every offer at some price: a rate and a fixed amount.

    `reasons` is where they are not known, by the code of the block.
    """

    rate: Decimals
    fixed: Decimals
    reasons: Mapping[str, Truth]

    @property
    def known(self) -> Truth:
        return np.asarray(~np.any(list(self.reasons.values()), axis=0))

    def at(self, price: Decimals) -> Decimals:
        """The fees of these prices."""
        return c.add(c.multiply(price, self.rate), self.fixed)


@dataclass(frozen=True)
class Schedule:
    """
    The fees in force, and what evaluating them needs.

    `where` is, by the number of their document, for which of the offers the fees are.
    """

    fees: tuple[FeePlan, ...]
    as_of: int
    walks: Walks
    where: Mapping[int, Truth]

    def taken(self, rows: Rows, price: Decimals) -> Taken:
        """The fees at these prices."""
        priced = rows.having({"price": price})
        rate = fixed = nothing = c.constant(0, rows.size)
        # Without any schedule nobody knows what the marketplace takes.
        charged = np.any([self.where[fee.document] for fee in self.fees], axis=0)
        wrong = {"NO_FEE": np.full(rows.size, True) & ~charged}
        for fee in self.fees:
            here = self.where[fee.document]
            found = match(fee.table, priced, self.as_of, self.walks)
            for code, mask in reasons(found, priced).items():
                _add(wrong, "NO_FEE" if code == "NO_RULE_MATCHES" else code, mask & here)
            for plan in fee.table.results:
                column = result(found, plan, priced)
                _add_states(wrong, column.state, here & _given(found.picked, plan.choice_of))
                part = c.where(here & c.known(column), _decimals(column), nothing)
                rate, fixed = (
                    (c.add(rate, part), fixed)
                    if plan.name == "rate"
                    else (rate, c.add(fixed, part))
                )
        return Taken(_all_known(rate), _all_known(fixed), wrong)

    def brackets(self, digits: int) -> list[tuple[int, int]]:
        """Runs of whole currency units, both ends included, within which no fee changes its row."""
        edges = [0, *(e for fee in self.fees for e in _edges(fee, digits)), MOST_UNITS + 1]
        starts = sorted({edge for edge in edges if 0 <= edge <= MOST_UNITS + 1})
        return [(a, b - 1) for a, b in pairwise(starts)]


def _add(wrong: dict[str, Truth], code: str, mask: Truth) -> None:
    wrong[code] = wrong[code] | mask if code in wrong else mask


def _add_states(wrong: dict[str, Truth], state: c.State, given: Truth) -> None:
    """Where a cell that is there has no value."""
    if state is None:
        return
    for number, code in ((c.MISSING, "MISSING_VALUE"), *c.FAULTS.items()):
        mask = given & (state == number)
        if mask.any():
            _add(wrong, code, mask)


def _decimals(column: object) -> Decimals:
    if not isinstance(column, Decimals):
        raise TypeError("a fee is a number")
    return column


def _all_known(column: Decimals) -> Decimals:
    return Decimals(column.values, column.scale, None, column.bound)


def _given(picked: Array, choice_of: Sequence[int]) -> Truth:
    """Where the picked row has a cell for this result at all."""
    has = np.array([*(choice >= 0 for choice in choice_of), False], dtype=bool)
    return np.asarray(has[np.where(picked < 0, len(choice_of), picked)])


def _edges(fee: FeePlan, digits: int) -> Iterator[int]:
    """The first units at which another row of this fee may count."""
    for axis in fee.table.axes:
        if axis.fact != "price" or not isinstance(axis, OrderedAxis):
            continue
        for number, cut in enumerate(axis.cuts):
            below, at, above = axis.masks[2 * number : 2 * number + 3]
            value, scale = scaled(cut) if isinstance(cut, Decimal) else (cut, 0)
            units, rest = divmod(value * 10**digits, 10**scale)
            if at != above or rest:
                yield units + 1
            if below != at and not rest:
                yield units


@dataclass(frozen=True)
class Solved:
    """The least price of every offer in currency units; where there is none, and why."""

    price: Decimals
    found: Truth
    reasons: Mapping[str, Truth]


def least_price(
    schedule: Schedule,
    rows: Rows,
    needed: Decimals,
    margin: Decimal,
    digits: int,
    above: Decimals | None = None,
    points: Points | None = None,
) -> Solved:
    """
    The least price P, in whole units, with P − fees(P) − needed ≥ margin × P.

    Args:
        schedule: the fees in force.
        rows: the offers.
        needed: what must be left after fees, beside the margin (cost and freight, or the price so
            far); unknown rows have no solution.
        margin: the share of P that must be left.
        digits: decimals of the currency.
        above: P must be greater than this.
        points: P must be one of these price points; every currency unit if None.
    """
    units = np.zeros(rows.size, dtype=np.int64)
    found = np.zeros(rows.size, dtype=bool)
    wrong: dict[str, Truth] = {}
    for low, high in schedule.brackets(digits):
        if found.all():
            break
        taken = schedule.taken(rows, Decimals(np.full(rows.size, low), digits, None, low))
        solution, solvable = _solve(taken, needed, margin, digits)
        price = np.maximum(solution, low)
        if above is not None:
            price = np.maximum(price, _units(above, digits) + 1)
        if points is not None:
            price = _units(least_at_or_above(Decimals(price, digits), points), digits)
        fits = ~found & solvable & taken.known & c.known(needed) & (price <= high)
        units = np.where(fits, price, units).astype(np.int64)
        found |= fits
        for code, mask in taken.reasons.items():
            _add(wrong, code, mask)
    state = np.where(found, 0, c.MISSING).astype(np.uint8)
    solved = c.measured(Decimals(units, digits, state if not found.all() else None))
    return Solved(solved, found, wrong)


def _units(price: Decimals, digits: int) -> Array:
    """A price of whole units as the number of its units."""
    return c.rounded(price, digits).values


def _solve(taken: Taken, needed: Decimals, margin: Decimal, digits: int) -> tuple[Array, Truth]:
    """⌈(needed + fixed) / (1 − rate − margin)⌉ in units, exactly; solvable where that divides."""
    size = len(needed)
    share = c.add(c.constant(1 - margin, size), taken.rate, -1)
    total = c.add(needed, taken.fixed)
    solvable = share.values > 0
    divisor = np.where(solvable, share.values, 1)
    factor = 10 ** max(0, digits + share.scale - total.scale)
    below = 10 ** max(0, total.scale - digits - share.scale)
    if _too_wide(total, factor) or _too_wide(share, below):
        numerator = total.values.astype(object) * factor
        divisor = divisor.astype(object)
    else:
        numerator = total.values * factor
    units = -(-numerator // (divisor * below))
    fits = np.asarray(solvable & (units <= MOST_UNITS))
    return np.where(fits, units, 0).astype(np.int64), fits


def _too_wide(column: Decimals, factor: int) -> bool:
    return column.values.dtype == object or c.measured(column).bound * factor >= 2**62


def margin_met(
    taken: Taken, price: Decimals, needed: Decimals, margin: Decimal, digits: int
) -> Truth:
    """Whether P − fees(P) − needed ≥ margin × P, exactly; false where something is unknown."""
    least, solvable = _solve(taken, needed, margin, digits)
    met = solvable & taken.known & c.known(needed) & c.known(price)
    return np.asarray(met & (_units(price, digits) >= least))
