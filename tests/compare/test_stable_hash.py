"""Hashes that mean the same in every version: published vectors, and a twin in plain integers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from offerwright.compare.stable_hash import column_words, mixed, text_hash, text_hashes

# XXH3-64, seed 0, as the reference implementation gives it.
VECTORS = {
    "": 0x2D06800538D394C2,
    "a": 0xE6C632B61E964E1F,
    "abc": 0x78AF5F94892F3950,
    "SKU-00000001": 0x3D36331CB5C373D7,
    "Café 🇧🇷": 0xA686C331F57A8208,
    "x" * 300: 0xA5D1B4607DC83554,
}
# The finaliser of MurmurHash3 for 64 bits.
MIXED = {0: 0, 1: 0xB456BCFC34C2CB2C, 2: 0x3ABF2A20650683E7, 2**64 - 1: 0x64B5720B4B825F21}


def plain_mixed(value: int) -> int:
    """The mixer on one integer."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor % 2**64
    return value ^ value >> 33


@pytest.mark.parametrize("text", VECTORS)
def test_texts_have_the_published_hashes(text: str) -> None:
    assert int(text_hash(text)) == VECTORS[text]


def test_a_missing_text_has_no_hash() -> None:
    assert text_hashes(pl.Series(["a", None])).tolist() == [VECTORS["a"], 0]


def test_numbers_are_mixed_as_published() -> None:
    numbers = [*MIXED, 10**15, 2**63]
    found = mixed(np.array(numbers, dtype=np.uint64)).tolist()

    assert found[: len(MIXED)] == list(MIXED.values())
    assert found == [plain_mixed(n) for n in numbers]


@pytest.mark.parametrize(
    ("values", "dtype", "words"),
    [
        ([7, None, -1], pl.Int64, [7, 0, 2**64 - 1]),
        ([True, False], pl.Boolean, [1, 0]),
        (
            [Decimal("12.34"), Decimal("-0.01")],
            pl.Decimal(38, 2),
            [1_234_000_000, 2**64 - 1_000_000],
        ),
        ([Decimal(12)], pl.Decimal(38, 0), [1_200_000_000]),
        ([datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)], pl.Datetime("us", "UTC"), [1_000_000]),
        (["abc", None], pl.String, [VECTORS["abc"], 0]),
    ],
)
def test_a_value_is_one_word(values: list[Any], dtype: Any, words: list[int]) -> None:
    found, present = column_words(pl.Series("x", values, dtype=dtype))

    assert found.tolist() == words
    assert present is None or present.tolist() == [v is not None for v in values]


def test_amounts_count_the_same_in_a_slice_and_at_every_scale() -> None:
    cents = pl.Series(
        "x", [Decimal("1.00"), Decimal("2.50"), Decimal("3.00")], dtype=pl.Decimal(38, 2)
    )
    mills = cents.cast(pl.Decimal(38, 3))

    assert column_words(cents.slice(1))[0].tolist() == [250_000_000, 300_000_000]
    assert column_words(mills)[0].tolist() == column_words(cents)[0].tolist()


def test_the_place_in_a_list_counts_and_so_does_an_empty_one() -> None:
    lists = pl.Series("x", [["a", "b"], ["b", "a"], [], None, ["a"], ["a", "b"]])
    found, present = column_words(lists)
    golden = 0x9E3779B97F4A7C15
    expected = (
        plain_mixed(2) + plain_mixed(VECTORS["a"])
        + plain_mixed((int(text_hash("b")) + golden) % 2**64)
    ) % 2**64  # fmt: skip

    assert int(found[0]) == int(found[5]) == expected
    assert len({*found[:3].tolist(), int(found[4])}) == 4
    assert present is not None and present.tolist() == [True, True, True, False, True, True]


def test_what_no_offer_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="x is Float64"):
        column_words(pl.Series("x", [0.5]))
