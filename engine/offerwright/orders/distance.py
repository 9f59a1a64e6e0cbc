"""
The distance between two places, exact to a tenth of a kilometre on every machine.

Great circle on a sphere of 6,371.0088 km (the mean radius of the Earth, IUGG 1980). A place is its
unit vector, worked out in decimals and rounded to 15 digits; the square of the chord between two
vectors is then an exact integer c, and the distance is 2 R asin(sqrt(c) / 2), which is the
haversine formula in other words. It is rounded to a tenth, half up. A float proposes the tenth;
where it lies near the edge of two, decimals decide, so that no mathematical library can.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

_DIGITS = Context(prec=44)
_PI = Decimal("3.14159265358979323846264338327950288419716940")
_RADIUS_KM = Decimal("6371.0088")
_SCALE = 10**15
# In tenths: far more than a float can err by, even between antipodes.
_DOUBTFUL = 0.002


@dataclass(frozen=True, slots=True)
class Point:
    """A place as a unit vector, in units of 10^-15."""

    x: int
    y: int
    z: int


@lru_cache(maxsize=65_536)
def point(latitude: Decimal, longitude: Decimal) -> Point:
    """The unit vector of a place in degrees. Raises ValueError for what is no place on Earth."""
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError(f"{latitude}, {longitude} is no place on Earth")
    d = _DIGITS
    turn, rise = (d.divide(d.multiply(v, _PI), Decimal(180)) for v in (longitude, latitude))
    flat = _cosine(rise)
    return Point(
        _rounded(d.multiply(flat, _cosine(turn))),
        _rounded(d.multiply(flat, _sine(turn))),
        _rounded(_sine(rise)),
    )


def tenths_of_km(one: Point, other: Point) -> int:
    """The distance in tenths of a kilometre."""
    square = (one.x - other.x) ** 2 + (one.y - other.y) ** 2 + (one.z - other.z) ** 2
    half = min(1.0, math.sqrt(square) / (2 * _SCALE))
    proposed = float(_RADIUS_KM) * 20 * math.asin(half) + 0.5
    tenths = math.floor(proposed)
    nearest = round(proposed)
    if abs(proposed - nearest) > _DOUBTFUL:
        return tenths
    return nearest if square >= _edge(nearest) else nearest - 1


@lru_cache(maxsize=65_536)
def _edge(tenths: int) -> int:
    """The least square of a chord whose distance is rounded to so many tenths, or to more."""
    if tenths <= 0:
        return 0
    d = _DIGITS
    km = d.divide(Decimal(2 * tenths - 1), Decimal(20))
    sine = _sine(d.divide(km, d.multiply(2, _RADIUS_KM)))
    square = d.multiply(d.multiply(sine, sine), Decimal(4 * _SCALE**2))
    return int(square.to_integral_value(rounding=ROUND_CEILING, context=d))


def _rounded(value: Decimal) -> int:
    scaled = _DIGITS.multiply(value, Decimal(_SCALE))
    return int(scaled.to_integral_value(rounding=ROUND_HALF_UP, context=_DIGITS))


def _sine(x: Decimal) -> Decimal:
    """By its series; |x| is at most π."""
    return _series(x, x, 1)


def _cosine(x: Decimal) -> Decimal:
    return _series(x, Decimal(1), 0)


def _series(x: Decimal, first: Decimal, order: int) -> Decimal:
    d = _DIGITS
    square = d.multiply(x, x)
    total = term = first
    smallest = Decimal(1).scaleb(-(d.prec + 2))
    while abs(term) > smallest:
        order += 2
        term = d.divide(d.minus(d.multiply(term, square)), Decimal(order * (order - 1)))
        total = d.add(total, term)
    return total
