"""
The marketplace's fees, and the least price that leaves enough after them.

Cut points on `price` split the fee schedule into brackets. Inside a bracket all fees are linear in
the price — a rate and a fixed amount per offer — so the least price is one division; the least
bracket whose solution falls inside it wins. Everything is exact integer arithmetic: a price is a
whole number of currency units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.match import Match, Walks, match, reasons, result
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.rounding import Points, least_at_or_above
from offerwright.evaluate.uniform import each, repeated
from offerwright.money import scaled
from offerwright.rules.axes import OrderedAxis
from offerwright.rules.plan import FeePlan, ResultPlan

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
        return ~reduce(np.logical_or, self.reasons.values())

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
        wrong = {
            "NO_FEE": ~reduce(np.logical_or, self.where.values(), repeated(False, rows.size, bool))
        }
        for fee in self.fees:
            here = self.where[fee.document]
            found = match(fee.table, priced, self.as_of, self.walks)
            for code, mask in reasons(found, priced).items():
                _add(wrong, "NO_FEE" if code == "NO_RULE_MATCHES" else code, mask & here)
            for plan in fee.table.results:
                column = result(found, plan, priced)
                if column.state is not None:
                    _add_states(wrong, column.state, here & _given(found, plan))
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


def _add_states(wrong: dict[str, Truth], state: Array, given: Truth) -> None:
    """Where a cell that is there has no value."""
    for number, code in ((c.MISSING, "MISSING_VALUE"), *c.FAULTS.items()):
        mask = given & (state == number)
        if np.count_nonzero(mask):
            _add(wrong, code, mask)


def _decimals(column: object) -> Decimals:
    if not isinstance(column, Decimals):
        raise TypeError("a fee is a number")
    return column


def _all_known(column: Decimals) -> Decimals:
    return Decimals(column.values, column.scale, None, column.bound)


def _given(found: Match, plan: ResultPlan) -> Truth:
    """Where the picked row has a cell for this result at all."""
    has = found.walk.choices_of(plan).of_row >= 0
    return each(has.take, found.picked)


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
    there = c.known(needed)
    wrong: dict[str, Truth] = {}
    for low, high in schedule.brackets(digits):
        taken = schedule.taken(rows, _units_of(low, digits, rows))
        price, solvable = _solve(taken, needed, margin, digits)
        price = np.maximum(price, low)
        if above is not None:
            price = np.maximum(price, _units(above, digits) + 1)
        if points is not None:
            price = _units(least_at_or_above(Decimals(price, digits), points), digits)
        fits = ~found & solvable & taken.known & there & (price <= high)
        price *= fits  # found once at most: what is added stays
        units += price
        found |= fits
        for code, mask in taken.reasons.items():
            _add(wrong, code, mask)
        if found.all():
            break
    state = None if found.all() else (~found).view(np.uint8) * c.MISSING
    return Solved(c.measured(Decimals(units, digits, state)), found, wrong)


def _units_of(number: int, digits: int, rows: Rows) -> Decimals:
    """So many units in every row; accounts with equal brackets share what tables say of them."""
    return rows.memo.once(
        ("units", number, digits),
        (),
        lambda: Decimals(repeated(number, rows.size, np.int64), digits, None, number),
    )


def _units(price: Decimals, digits: int) -> Array:
    """A price of whole units as the number of its units."""
    return c.rounded(price, digits).values


def _solve(taken: Taken, needed: Decimals, margin: Decimal, digits: int) -> tuple[Array, Truth]:
    """⌈(needed + fixed) / (1 − rate − margin)⌉ in units, exactly; solvable where that divides."""
    size = len(needed)
    share = c.add(c.constant(1 - margin, size), taken.rate, -1)
    total = c.add(needed, taken.fixed)
    solvable = each(lambda values: values > 0, share.values)
    divisor = each(lambda values: np.maximum(values, 1), share.values)
    factor = 10 ** max(0, digits + share.scale - total.scale)
    below = 10 ** max(0, total.scale - digits - share.scale)
    numerator = total.values
    if _too_wide(total, factor) or _too_wide(share, below):
        numerator, divisor = numerator.astype(object), divisor.astype(object)
    if below != 1:
        divisor = each(lambda values: values * below, divisor)
    # Rounded up. The divisor is at most 2^62 as well: the sum does not wrap around.
    units = numerator * factor + (divisor - 1)
    units //= divisor
    fits = solvable & (units <= MOST_UNITS)
    if not fits.all():
        units *= fits
    return units.astype(np.int64, copy=False), fits


def _too_wide(column: Decimals, factor: int) -> bool:
    if column.values.dtype == object:
        return True
    return column.bound * factor >= 2**62 and c.measured(column).bound * factor >= 2**62


def margin_met(
    taken: Taken, price: Decimals, needed: Decimals, margin: Decimal, digits: int
) -> Truth:
    """Whether P − fees(P) − needed ≥ margin × P, exactly; false where something is unknown."""
    least, solvable = _solve(taken, needed, margin, digits)
    met = solvable & taken.known & c.known(needed) & c.known(price)
    return np.asarray(met & (_units(price, digits) >= least))
