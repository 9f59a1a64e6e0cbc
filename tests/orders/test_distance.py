"""The distance between places: the known ones, the edges of tenths, and no float in the answer."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offerwright.orders.distance import Point, point, tenths_of_km
from offerwright.orders.zip_code import place_of

degrees = st.decimals(-90, 90, places=4, allow_nan=False, allow_infinity=False)
turns = st.decimals(-180, 180, places=4, allow_nan=False, allow_infinity=False)


def at(latitude: str, longitude: str) -> Point:
    return point(Decimal(latitude), Decimal(longitude))


@pytest.mark.parametrize(
    ("one", "other", "tenths"),
    [
        (("0", "0"), ("0", "0"), 0),
        # A degree of the equator: 2 π × 6371.0088 / 360 = 111.1951 km.
        (("0", "0"), ("0", "1"), 1112),
        (("0", "179.5"), ("0", "-179.5"), 1112),
        # Half a circle: π × 6371.0088 = 20,015.1144 km.
        (("0", "0"), ("0", "180"), 200_151),
        (("90", "0"), ("-90", "77"), 200_151),
        # At a pole every longitude is the same place.
        (("90", "0"), ("90", "123"), 0),
    ],
)
def test_known_distances(one: tuple[str, str], other: tuple[str, str], tenths: int) -> None:
    assert tenths_of_km(at(*one), at(*other)) == tenths


@given(degrees, turns, degrees, turns)
def test_it_is_that_of_the_haversine_formula(
    a: Decimal, b: Decimal, c: Decimal, d: Decimal
) -> None:
    p, q = math.radians(a), math.radians(c)
    h = math.sin((q - p) / 2) ** 2
    h += math.cos(p) * math.cos(q) * math.sin(math.radians(d - b) / 2) ** 2
    km = 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(h)))
    found = tenths_of_km(point(a, b), point(c, d))

    # Rounded to a tenth; floats are wrong by up to 0.1 m between antipodes.
    assert abs(found / 10 - km) <= 0.0501
    assert tenths_of_km(point(c, d), point(a, b)) == found


def test_next_to_the_edge_of_a_tenth_decimals_decide() -> None:
    # 2 sin(θ / 2) for θ = 0.05 / 6371.0088: the chord of 50 m, in units of 10^-15, is 7,848,050,688.33
    # and something; so the last chord below is rounded to 0.0 km, the next one to 0.1 km.
    origin = Point(10**15, 0, 0)
    chord = 2 * 10**15 * Decimal("3.92402534416849E-6")
    edge = int(chord)

    found = [tenths_of_km(origin, Point(10**15, edge + n, 0)) for n in (-2, -1, 0, 1, 2)]
    assert found == sorted(found)
    assert {found[0], found[-1]} == {0, 1}


def test_a_place_off_the_globe_is_refused() -> None:
    with pytest.raises(ValueError, match="no place on Earth"):
        at("90.1", "0")


def test_a_code_lies_at_the_longest_of_its_beginnings() -> None:
    places = {"01": at("0", "0"), "0131": at("1", "1")}

    assert place_of("01310100", places) == places["0131"]
    assert place_of("01000", places) == places["01"]
    assert place_of("2", places) is None
