"""Texts in columns: what is folded, cut, written and left out is what one would do text by text."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle.texts import cut_characters
from oracle.texts import cut_words as words_by_hand
from wcwidth import iter_graphemes

from offerwright.evaluate.blanks import folded, not_blank
from offerwright.evaluate.columns import Decimals, Words
from offerwright.evaluate.cut_texts import cut_column
from offerwright.evaluate.facts import column_of, words_of
from offerwright.evaluate.pictures import pictures_of
from offerwright.evaluate.text_columns import TEXT, changed, number_text, sizes, text_of
from offerwright.evaluate.texts import cut_graphemes, cut_words
from offerwright.rules.mapping_document import Images

WHITE = [" ", "  ", "\t", "\r\n", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u202f", "\u3000"]
# No white space: controls beside it, a joiner of no width, marks whose bytes begin alike.
OTHER = ["a", "é", "e\u0301", "\x1f", "\u200b", "–", "nº", "™", "日本", "ệ", "\u1681", "\u3001"]
JOINED = ["👍🏽", "👩‍👩‍👧", "🇧🇷", "🇦🇷", "कि", "\r\n", "e\u0301\u0327", "x", "y ", "9", "ß"]

pieces = st.sampled_from(WHITE + OTHER)
columns_of_text = st.lists(
    st.none() | st.lists(pieces, max_size=6).map("".join) | st.lists(st.sampled_from(WHITE)).map("".join),
    max_size=12,
)  # fmt: skip


@given(columns_of_text, st.integers(0, 3))
def test_white_space_is_folded_as_unicode_defines_it(texts: list[str | None], start: int) -> None:
    column = pa.array(texts, TEXT)[start:]

    # Rust's `\s` is the property White_Space.
    whole = pl.Series(texts, dtype=pl.String).str.replace_all(r"\s+", " ").str.strip_chars()
    expected = [text or None for text in whole.to_list()[start:]]
    assert folded(column).to_pylist() == expected


@given(columns_of_text)
def test_a_text_of_white_space_alone_is_missing(texts: list[str | None]) -> None:
    bare = pl.Series(texts, dtype=pl.String).str.strip_chars().to_list()

    expected = [text if left else None for text, left in zip(texts, bare, strict=True)]
    assert not_blank(pa.array(texts, TEXT)).to_pylist() == expected


@pytest.mark.parametrize("count", ["characters", "bytes"])
@given(text=st.lists(st.sampled_from(JOINED)).map("".join), most=st.integers(0, 30))
def test_a_cut_falls_between_graphemes_and_keeps_what_fits(
    count: str, text: str, most: int
) -> None:
    kept = ""
    for grapheme in iter_graphemes(text):
        longer = kept + grapheme
        if (len(longer.encode()) if count == "bytes" else len(longer)) > most:
            break
        kept = longer

    assert cut_graphemes(text, most, count) == kept


@given(
    text=st.lists(st.sampled_from([*JOINED, " ", "word ", "\xa0"])).map("".join),
    most=st.integers(0, 30),
    count=st.sampled_from(["characters", "bytes"]),
)
def test_cuts_are_those_of_the_oracle(text: str, most: int, count: str) -> None:
    assert cut_graphemes(text, most, count) == cut_characters(text, most, count)
    assert cut_words(text, most, count) == words_by_hand(text, most, count)


@given(
    texts=st.lists(
        st.none()
        | st.lists(st.sampled_from([*JOINED, " ", "word ", "\xa0", "\r\n", "\x7f"])).map("".join)
        | st.text("ab ")
    ),
    most=st.integers(1, 30),
    count=st.sampled_from(["characters", "bytes"]),
)
def test_a_column_is_cut_as_each_of_its_texts_is(
    texts: list[str | None], most: int, count: str
) -> None:
    sliced = pa.array(["before", *texts], TEXT)[1:]

    found = cut_column(sliced, most, count)

    assert found.type == TEXT
    assert found.to_pylist() == [None if t is None else cut_words(t, most, count) for t in texts]


@given(
    numbers=st.lists(st.none() | st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-999, 999)),
    scale=st.integers(0, 8),
)
def test_numbers_are_written_without_zeros_at_the_end(
    numbers: list[int | None], scale: int
) -> None:
    state = np.array([int(n is None) for n in numbers], dtype=np.uint8)
    values = [0 if n is None else n for n in numbers]
    small = all(abs(n) < 2**63 for n in values)
    column = Decimals(np.array(values, dtype=np.int64 if small else object), scale, state)

    def plain(number: int) -> str:
        digits = str(abs(number)).rjust(scale + 1, "0")
        whole, rest = digits[: len(digits) - scale], digits[len(digits) - scale :].rstrip("0")
        return ("-" if number < 0 else "") + whole + (f".{rest}" if rest else "")

    expected = [None if n is None else plain(n) for n in numbers]
    assert number_text(column).to_pylist() == expected


@pytest.mark.parametrize(
    ("value", "scale", "written"),
    [(12_500, 3, "12.500"), (-5, 3, "-0.005"), (0, 2, "0.00"), (1, 8, "0.00000001"), (7, 0, "7")],
)
def test_with_decimals_exactly_so_many_are_written(value: int, scale: int, written: str) -> None:
    column = Decimals(np.array([value] * 3, dtype=np.int64), scale, np.array([0, 1, 0], np.uint8))

    assert number_text(column, scale).to_pylist() == [written, None, written]


@given(st.lists(st.none() | st.sampled_from(["a", "b", "", "c d", "é"])), st.sampled_from([1, 70]))
def test_words_say_the_texts_they_were_made_of(texts: list[str | None], times: int) -> None:
    """Few rows and many go different ways: both number the words as they appear."""
    many = texts * times
    words = words_of(pa.array(many, TEXT))

    distinct = [text for text in dict.fromkeys(texts) if text is not None]
    assert words.vocabulary == tuple(distinct)
    assert words.codes.tolist() == [-1 if t is None else distinct.index(t) for t in many]
    assert text_of(words, "", len(many)).to_pylist() == many


@pytest.mark.parametrize("rows", [3, 300])
def test_a_word_with_a_fault_is_no_text(rows: int) -> None:
    codes = np.zeros(rows, dtype=np.int32)
    state = np.zeros(rows, dtype=np.uint8)
    codes[1], state[1], state[2] = -1, 1, 3

    found = text_of(Words(codes, ("w",), state), "", rows).to_pylist()
    assert found == ["w", None, None] + ["w"] * (rows - 3)


def test_few_texts_are_changed_where_they_stand() -> None:
    texts = pa.array(["a", None, "c", "d"], TEXT)

    assert changed(texts, [1, 3], ["b", None]).to_pylist() == ["a", "b", "c", None]


def test_a_size_is_counted_in_characters_or_bytes() -> None:
    texts = pa.array(["é", None, "日本", ""], TEXT)[0:4]

    assert sizes(texts, "characters").tolist() == [1, 0, 2, 0]
    assert sizes(texts, "bytes").tolist() == [2, 0, 6, 0]


# --- images -----------------------------------------------------------------------------------

ADDRESSES = [
    "https://cdn.example.com/a.jpg", "http://cdn.example.com/a.jpg", "https://localhost/a",
    "https://shop.local", "https://SHOP.Internal:8443/a", "https://internal.example.com/a",
    "https://cdn.example.com/a b", "https://cdn.example.com/a\xa0b", "https://u:w@example.com/a",
    "https://127.0.0.1/a", "https://home.arpa?x", "https://cdn.example.com:99999/a", "", "a",
]  # fmt: skip
USABLE = {
    "https://cdn.example.com/a.jpg", "https://internal.example.com/a",
    "https://cdn.example.com:99999/a",
}  # fmt: skip


@given(
    lists=st.lists(st.none() | st.lists(st.sampled_from(ADDRESSES), max_size=5), max_size=8),
    start=st.integers(0, 2),
    least=st.integers(0, 2),
    most=st.integers(1, 3),
)
def test_usable_images_are_kept_in_order_up_to_so_many(
    lists: list[list[str] | None], start: int, least: int, most: int
) -> None:
    urls = pl.Series(lists, dtype=pl.List(pl.String)).slice(start)
    found = pictures_of(urls, Images.model_validate({"from": "images", "min": least, "max": most}))

    kept = [None if x is None else [u for u in x if u in USABLE] for x in lists[start:]]
    assert pl.Series(found.lists).cast(pl.List(pl.String)).to_list() == [
        None if x is None else x[:most] for x in kept
    ]
    assert found.few.tolist() == [len(x or ()) < least for x in kept]


def test_without_https_only_other_addresses_are_usable_too() -> None:
    urls = pl.Series([["http://cdn.example.com/a", "ftp://cdn.example.com/a"]])

    found = pictures_of(urls, Images.model_validate({"from": "images", "https_only": False}))
    assert pl.Series(found.lists).to_list() == [["http://cdn.example.com/a"]]


# --- facts ------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(
    numbers=st.lists(st.none() | st.integers(-(10**30), 10**30) | st.integers(-99, 99)),
    start=st.integers(0, 3),
)
def test_a_decimal_column_is_read_from_any_slice(numbers: list[int | None], start: int) -> None:
    exact = [None if n is None else Decimal(f"{n}e-2") for n in numbers]
    column = column_of(pl.Series(exact, dtype=pl.Decimal(38, 2)).slice(start))

    assert isinstance(column, Decimals)
    state = column.state if column.state is not None else [0] * len(column)
    read = [None if s else int(v) for v, s in zip(column.values, state, strict=True)]
    assert read == numbers[start:]
