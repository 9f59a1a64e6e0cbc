"""Near misses, and numbers written in other habits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offerwright.source.spellings import (
    moment_hint,
    number_hint,
    percent_hint,
    shown,
    text_hint,
    truth_hint,
)
from offerwright.source.suggest import allowed_words, did_you_mean, suggest

KEYS = ["price", "sale_price", "list_price", "phase", "at_least", "at_most"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("prcie", "did you mean 'price'?"),
        ("Price", "did you mean 'price'?"),
        ("sale-price", "did you mean 'sale_price'?"),
        ("préce", "did you mean 'price'?"),
        ("at_lest", "did you mean 'at_least'?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_a_near_miss_is_named(word: str, hint: str) -> None:
    assert did_you_mean(word, KEYS) == hint


def test_a_letter_that_only_looks_latin_is_named() -> None:
    hint = did_you_mean("\u0440rice", KEYS)

    assert hint == "did you mean 'price'? ('\u0440' is the letter 'Cyrillic small letter er')"


def test_what_is_allowed_is_listed_when_nothing_is_near() -> None:
    assert suggest("zzz", ["b", "a"]) == "allowed: a, b"
    assert allowed_words([f"k{i}" for i in range(14)]).endswith("k11 and 2 more")
    assert allowed_words([]) == ""


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("1,50", "write 1.50 with a point, not a comma"),
        ("-0,5", "write -0.5 with a point, not a comma"),
        ("1.234,56", "write 1234.56 with a point, not a comma"),
        ("1,234.56", "write 1234.56"),
        ("R$ 10", "write 10 without the currency"),
        ("R$ 1.234,50", "write 1234.50 without the currency"),
        ("10 BRL", "write 10 without the currency"),
        ("€5", "write 5 without the currency"),
        ("10%", "a percent cannot stand here: write 0.1"),
        ("12,5%", "a percent cannot stand here: write 0.125"),
        ("007", "write 7 without leading zeros; quote it if it is text"),
        ("1_000", "write 1000"),
        ("1 000", "write 1000"),
        ("+5", "write 5"),
        (".5", "write 0.5"),
        ("5.", "write 5"),
        ("12", "write 12 without quotes"),
        ("1e3", "write 1000"),
        ("1.5E-3", "write 0.0015"),
        ("0x1F", "write 31"),
        (".nan", "write a finite number"),
        ("-.inf", "write a finite number"),
        ("12:30", "times cannot stand here: write a number"),
        ("9" * 41, "at most 40 digits are allowed"),
        ("1" * 5000 + "x", "write a number such as 12.50"),
        ("cheap", "write a number such as 12.50"),
        ("１２", "write a number such as 12.50"),
        ("", "write a number such as 12.50"),
    ],
)
def test_a_number_in_another_habit_is_rewritten(written: str, hint: str) -> None:
    assert number_hint(written) == hint


def test_other_values_get_their_hints() -> None:
    assert percent_hint(Decimal("0.15")) == "write 15%, or 0.15% if you mean that little"
    assert percent_hint(Decimal("15.0")) == "write 15%"
    assert percent_hint("12,5 %") == "write 12.5%"
    assert percent_hint("much") == "write a percent such as 12%"
    assert moment_hint("1.12.2026") == "write the year first: 2026-12-01"
    assert moment_hint("2026-02-30") == "there is no such day in the calendar"
    assert text_hint(Decimal("1.50")) == 'quote it: "1.50"'
    assert truth_hint("Sim") == "write true without quotes"
    assert truth_hint("maybe") == "write true or false"
    assert shown("x" * 100) == repr("x" * 37 + "…")
