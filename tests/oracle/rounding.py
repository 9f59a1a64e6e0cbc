"""Price points (section 5, round): the grid of prices a buyer may see, and the bounds around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle.values import ceiling_of, floor_of, half_away

# ISO 4217: the currencies of our marketplaces that have no minor unit; all others have two digits.
_WITHOUT_MINOR_UNIT = frozenset({"CLP", "JPY", "KRW", "PYG"})


def currency_digits(currency: str) -> int:
    return 0 if currency in _WITHOUT_MINOR_UNIT else 2


@dataclass(frozen=True)
class Grid:
    """The points k × step + offset for whole k, and which one a price goes to."""

    step: Fraction
    offset: Fraction
    mode: str

    def at_or_above(self, price: Fraction) -> Fraction:
        return ceiling_of((price - self.offset) / self.step) * self.step + self.offset

    def at_or_below(self, price: Fraction) -> Fraction:
        return floor_of((price - self.offset) / self.step) * self.step + self.offset

    def next_above(self, price: Fraction) -> Fraction:
        """The least point that is greater than the price."""
        return self.at_or_below(price) + self.step

    def point(self, price: Fraction) -> Fraction:
        """The point a price is rounded to, without regard to bounds."""
        if self.mode == "up":
            return self.at_or_above(price)
        if self.mode == "down":
            return self.at_or_below(price)
        steps = (price - self.offset) / self.step
        if self.mode == "half_up":
            return half_away(steps) * self.step + self.offset
        if self.mode == "half_even":
            return round(steps) * self.step + self.offset
        return floor_of(steps + Fraction(1, 2)) * self.step + self.offset


def grid_of(step: Mapping[str, Any] | None, unit: Fraction) -> Grid:
    """The grid of a round step; without one, whole currency units, half away from zero."""
    if step is None:
        return Grid(unit, Fraction(0), "half_up")
    if step.get("ending") is None:
        return Grid(Fraction(step["to"]), Fraction(0), step.get("mode") or "half_up")
    ending = Fraction(Decimal(step["ending"]))
    size = Fraction(1)
    while size <= ending:
        size *= 10
    return Grid(size, ending, step.get("mode") or "nearest")


def within(
    grid: Grid, price: Fraction, lower: Fraction | None, upper: Fraction | None, unit: Fraction
) -> tuple[Fraction, bool]:
    """The rounded price inside its bounds, and whether its ending had to be dropped for them."""
    point = grid.point(price)
    if lower is not None and point < lower:
        point = grid.at_or_above(lower)
        if upper is not None and point > upper:
            return ceiling_of(lower / unit) * unit, True
    elif upper is not None and point > upper:
        point = grid.at_or_below(upper)
        if lower is not None and point < lower:
            return floor_of(upper / unit) * unit, True
    return point, False
