"""Price points: k × step + ending, as exact integer arithmetic on whole columns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.uniform import each
from offerwright.money import scaled


@dataclass(frozen=True, slots=True)
class Points:
    """The price points of one round step, and which one a price becomes."""

    step: Decimal
    ending: Decimal
    mode: str

    def integers(self, scale: int) -> tuple[int, int]:
        """Step and ending as integers at a scale that holds both exactly."""
        (step, s), (ending, e) = _scaled(self.step), _scaled(self.ending)
        return step * 10 ** (scale - s), ending * 10 ** (scale - e)

    @property
    def scale(self) -> int:
        return max(_scaled(self.step)[1], _scaled(self.ending)[1])


# A few steps and endings are asked for again and again.
_scaled = lru_cache(maxsize=256)(scaled)


def currency_unit(digits: int) -> Points:
    """Every amount of the currency, half up: what an account without a round step uses."""
    return Points(Decimal(1).scaleb(-digits), Decimal(0), "half_up")


def rounded_to(price: Decimals, points: Points) -> Decimals:
    """Every price at its point."""
    price = c.at_scale(price, max(price.scale, points.scale))
    step, ending = points.integers(price.scale)
    price = c.fitting(price, 2)
    values = each(lambda v: _MODES[points.mode](v, step, ending), price.values)
    return Decimals(values, price.scale, price.state, price.bound + step + ending)


def _point(x: Array, step: int, ending: int, ahead: Array | int) -> Array:
    """The greatest point that is not above x + ahead."""
    found = x + (ahead - ending)
    found //= step
    found *= step
    found += ending
    return found


def _down(x: Array, step: int, ending: int) -> Array:
    return _point(x, step, ending, 0)


def _up(x: Array, step: int, ending: int) -> Array:
    return _point(x, step, ending, step - 1)


def _nearest(x: Array, step: int, ending: int) -> Array:
    """Ties up."""
    return _point(x, step, ending, step // 2)


def _half_up(x: Array, step: int, ending: int) -> Array:
    """Ties away from zero: below zero a tie, which an even step alone has, stays one short."""
    tie = 1 - step % 2
    return _point(x, step, ending, step // 2 - tie * (x < 0))


def _half_even(x: Array, step: int, ending: int) -> Array:
    low, high = _down(x, step, ending), _up(x, step, ending)
    below, above = x - low, high - x
    even = (low - ending) // step % 2 == 0
    return np.where((below < above) | ((below == above) & even), low, high)


_MODES = {
    "down": _down,
    "up": _up,
    "nearest": _nearest,
    "half_up": _half_up,
    "half_even": _half_even,
}


def least_at_or_above(price: Decimals, points: Points) -> Decimals:
    return rounded_to(price, Points(points.step, points.ending, "up"))


def greatest_at_or_below(price: Decimals, points: Points) -> Decimals:
    return rounded_to(price, Points(points.step, points.ending, "down"))
