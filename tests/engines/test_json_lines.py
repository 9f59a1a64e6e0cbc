"""JSON lines of whole columns are, to the byte, those that are written offer by offer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offerwright.engines.json_lines import FEW, json_lines, lines_by_columns, lines_one_by_one

# Quotes, ends of lines, what a terminal obeys, accents, an emoji of two code points.
ODD = '"\\/\n\r\t\b\f\x00\x1b\x7f\x80\x9b\xa0\xadãç—\u200b\u2028\u202e\ue000\ufffe👍🏽\U000e0001'
TEXTS = st.none() | st.text(st.sampled_from("ab ,[]{}" + ODD), max_size=6) | st.text(max_size=4)
AMOUNTS = st.none() | st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.none() | st.integers(0, 2**51).map(
    lambda micros: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)
LISTS = st.none() | st.lists(TEXTS, max_size=3)
BLOCK = st.fixed_dictionaries({"aspect": TEXTS, "code": TEXTS, "rows": LISTS, "line": NUMBERS})
TIER = st.fixed_dictionaries({"quantity": NUMBERS, "price": AMOUNTS})
SCHEMA: dict[str, Any] = {
    "account": pl.String,
    "sku": pl.String,
    "blocked": pl.List(pl.Struct({"aspect": pl.String, "code": pl.String,
                                  "rows": pl.List(pl.String), "line": pl.Int64})),
    "price": pl.Decimal(38, 2),
    "quantity": pl.Int64,
    "rules": pl.List(pl.String),
    "sale_from": pl.Datetime("us", "UTC"),
    "tiers": pl.List(pl.Struct({"quantity": pl.Int64, "price": pl.Decimal(38, 2)})),
    'attribute.with "quotes"': pl.String,
    "attribute.Größe": pl.String,
    "attribute.is_new": pl.Boolean,
    "attribute.none": pl.Null,
}  # fmt: skip
VALUES = (
    st.just("shop"), TEXTS, st.none() | st.lists(st.none() | BLOCK, max_size=2), AMOUNTS, NUMBERS,
    LISTS, MOMENTS, st.none() | st.lists(TIER, max_size=2), TEXTS, TEXTS,
    st.none() | st.booleans(), st.none(),
)  # fmt: skip


def by_offer(frame: pl.DataFrame) -> bytes:
    return "".join(line + "\n" for line in lines_one_by_one(frame)).encode()


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(*VALUES), max_size=8), st.integers(0, 3))
def test_columns_and_offers_are_written_alike(rows: list[tuple[Any, ...]], start: int) -> None:
    frame = pl.DataFrame(rows, SCHEMA, orient="row")[start:]
    doubled = pl.concat([frame, frame], rechunk=False)

    assert lines_by_columns(frame) == by_offer(frame)
    assert lines_by_columns(doubled) == by_offer(doubled)


def test_every_character_is_written_alike() -> None:
    codes = [*range(0xD800), *range(0xE000, 0x110000)]
    texts = ["".join(map(chr, codes[at : at + 1000])) for at in range(0, len(codes), 1000)]
    frame = pl.DataFrame({"sku": texts, "attribute.x": texts})

    assert lines_by_columns(frame) == by_offer(frame)


@pytest.mark.parametrize("text", ["plain", "é", "\x7f", "\x9b31m", 'a"b', "\u202e" * 40])
def test_a_character_that_is_alone_among_plain_ones_is_written_alike(text: str) -> None:
    frame = pl.DataFrame({"sku": [*["x" * 50] * 6000, text], "title": ["t"] * 6001})

    assert lines_by_columns(frame) == by_offer(frame)


def test_what_every_row_says_is_written_alike() -> None:
    frame = pl.DataFrame(
        {
            "account": ["a\nb"] * 2,
            "price": [Decimal("1.50")] * 2,
            "images": [["u"]] * 2,
            "rules": [[], []],
        },
        {"account": pl.String, "price": pl.Decimal(38, 2), "images": pl.List(pl.String),
         "rules": pl.List(pl.String)},
    )  # fmt: skip

    assert lines_by_columns(frame) == by_offer(frame)


@pytest.mark.parametrize("size", [0, 1, FEW, FEW + 1])
def test_few_and_many_offers_are_the_same_lines(size: int) -> None:
    frame = pl.DataFrame({"sku": [f"é{n}" for n in range(size)]}, {"sku": pl.String})
    lines = [f'{{"version":1,"sku":"é{n}","attributes":{{}}}}\n' for n in range(size)]

    assert json_lines(frame).decode() == "".join(lines)
