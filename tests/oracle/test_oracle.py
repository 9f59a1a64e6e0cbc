"""The oracle itself: expressions, cells of `when` and tables against cases worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from oracle.cells import csv_cell, holds
from oracle.expressions import evaluate
from oracle.small_shop import world
from oracle.syntax import parse
from oracle.tables import decide, rules_of_csv
from oracle.values import Fault, SpecError

FACTS = {
    "cost": D("51.50"),
    "zero": D(0),
    "gone": None,
    "yes": True,
    "no": False,
    "brand": "Acme",
    "stock": {"sp-1": 7, "rj": None},
    "listed_on": date(2026, 11, 29),
    "seen_at": datetime(2026, 11, 30, 22, 0, tzinfo=UTC),
}
LISTS = {
    "zones": {"map": {"12": "south", "13": "north"}},
    "rates": {"type": "percent", "map": {"a": "12.5%"}},
    "words": {"values": ["gold", "silver"]},
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cost * 1.15", D("59.225")),
        ("round(cost * 1.15, 2)", D("59.23")),
        ("round(-(cost * 1.15), 2)", D("-59.23")),
        ("round(2.5, 0)", D(3)),
        ("round(-2.5, 0)", D(-3)),
        ("floor(-1.5)", D(-2)),
        ("ceiling(-1.5)", D(-1)),
        ("abs(-4.20)", D("4.20")),
        ("2 / 3", D("0.66666667")),
        ("-2 / 3", D("-0.66666667")),
        # 0.00000001 × 0.5 is a tie at the ninth decimal: away from zero.
        ("0.00000001 * 0.5", D("0.00000001")),
        ("0.00000001 * -0.5", D("-0.00000001")),
        # Each product is rounded: 1/3 is 0.33333333, three times that is not one.
        ("1 / 3 * 3", D("0.99999999")),
        ("1 + 12%", D("1.12")),
        ("12.5%", D("0.125")),
        ("2 + 3 * 4", D(14)),
        ("(2 + 3) * 4", D(20)),
        ("10 - 3 - 2", D(5)),
        ("-2 * -3", D(6)),
        ("cost-1", D("50.50")),
        ("stock.sp-1", D(7)),
        ("stock.sp-1 - 1", D(6)),
        ("stock.sp-1-1", None),
        ("min(3, 1, 2)", D(1)),
        ("max(3, 1, gone)", None),
        ("divide(6, 4, 0)", D("1.5")),
        ("divide(6, zero, 9)", D(9)),
        ("divide(gone, zero, 9)", None),
        ("divide(6, 4, gone)", D("1.5")),
        ("coalesce(gone, 5, 1 / zero)", D(5)),
        ("coalesce(gone, gone)", None),
        ("gone + 1", None),
        ("if zero = 0 then 1 else 1 / zero", D(1)),
        ("if gone > 1 then 1 else 2", None),
        ("if no then 1 else if yes then 2 else 3", D(2)),
        ("length(brand)", D(4)),
        ("upper(brand)", "ACME"),
        ('lookup("zones", 12)', "south"),
        ('lookup("zones", 14)', None),
        ('lookup("rates", "a")', D("0.125")),
        ("today", date(2026, 11, 30)),
        ("weekday(today)", D(1)),
        ("month(as_of)", D(11)),
        ("day(as_of)", D(30)),
        # From midnight in São Paulo (03:00 UTC) on the 29th: one day and 22.5 hours.
        ("days(as_of - listed_on)", D(1)),
        ("hours(as_of - listed_on)", D(46)),
        ("days(listed_on - as_of)", D(-2)),
        ("days(today - listed_on)", D(1)),
        ("listed_on + 3 days", date(2026, 12, 2)),
        ("listed_on + 36 hours", date(2026, 11, 30)),
        ("as_of - seen_at", timedelta(hours=3, minutes=30)),
        ('date("2026-12-01") = datetime("2026-12-01T03:00:00+00:00")', True),
        ("date(as_of)", date(2026, 11, 30)),
    ],
)
def test_an_expression_has_the_value_worked_out_by_hand(expression: str, expected: Any) -> None:
    assert evaluate(expression, world(FACTS, lists=LISTS)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("yes and gone = 1", None),
        ("no and gone = 1", False),
        ("gone = 1 and no", False),
        ("yes or gone = 1", True),
        ("gone = 1 or yes", True),
        ("no or gone = 1", None),
        ("not gone = 1", None),
        ("not cost = 1", True),
        ("not no and no", False),
        ("no and no or yes", True),
        ("gone is missing", True),
        ("gone is present", False),
        ("stock.rj is missing", True),
        ("gone + 1 is missing", True),
        ("gone in [1, 2]", None),
        ("cost in [1, gone]", None),
        ("cost in [51.5, gone]", True),
        ("cost in [1, 2]", False),
        ("5 between 5 and 6", True),
        ("6 between 5 and 6", True),
        ("7 between gone and 6", False),
        ("as_of - seen_at < 6 hours", True),
        ("as_of - seen_at < 200 minutes", False),
        ("cost >= 51.50", True),
        ("cost != 51.5", False),
        ('brand = "Acme"', True),
    ],
)
def test_truth_is_three_valued(expression: str, expected: bool | None) -> None:
    assert evaluate(expression, world(FACTS)) is expected


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 / zero", "DIVISION_BY_ZERO"),
        ("if yes then 1 / zero else 2", "DIVISION_BY_ZERO"),
        ("99999999999999999999999999999999999999 + 1", "OVERFLOW"),
        ("10000000000000000000 * 10000000000000000000", "OVERFLOW"),
        # 31 digits before the point and the 8 decimals that a quotient carries make 39.
        ("1000000000000000000000000000000 / 1", "OVERFLOW"),
        ("month(today + 4000000 days)", "OVERFLOW"),
        ("month(as_of - 999999999 days)", "OVERFLOW"),
    ],
)
def test_an_error_in_a_value_is_a_fault(expression: str, code: str) -> None:
    with pytest.raises(Fault) as raised:
        evaluate(expression, world(FACTS))

    assert raised.value.codes == {code}


def test_thirty_eight_digits_are_no_overflow() -> None:
    expected = D("99999999999999999999999999999999999999")

    assert evaluate("99999999999999999999999999999999999998 + 1", world({})) == expected


@pytest.mark.parametrize("text", ["1 +", "(1", "a b", "1 < 2 < 3", "in [1]", "x is gone", "1 ? 2"])
def test_what_is_not_in_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse(text)


TYPES = {
    "cost": "money",
    "off": "percent",
    "age": "duration",
    "listed_on": "date",
    "tier": "enum",
    "category": "path",
    "brand": "text",
    "tags": "list of text",
    "fragile": "boolean",
    "stock": "map of integer",
}


@pytest.mark.parametrize(
    ("when", "facts", "expected"),
    [
        ({}, {}, True),
        ({"cost": "0..500"}, {"cost": D(0)}, True),
        ({"cost": "0..500"}, {"cost": D(500)}, False),
        ({"cost": "[0..500]"}, {"cost": D(500)}, True),
        ({"cost": "(0..500]"}, {"cost": D(0)}, False),
        ({"cost": "-5..5"}, {"cost": D(-5)}, True),
        ({"cost": "<= 5"}, {"cost": D(5)}, True),
        ({"cost": "< 5"}, {"cost": None}, None),
        ({"cost": D("5.0")}, {"cost": D(5)}, True),
        ({"cost": [D(1), "> 4"]}, {"cost": D(5)}, True),
        ({"cost": {"not": "> 4"}}, {"cost": None}, None),
        ({"cost": {"not": "missing"}}, {"cost": None}, False),
        ({"cost": "missing"}, {"cost": None}, True),
        ({"cost": "present"}, {"cost": None}, False),
        ({"cost": ["missing", "< 3"]}, {"cost": None}, True),
        ({"off": ">= 10%"}, {"off": D("0.1")}, True),
        ({"off": "10%..20%"}, {"off": D("0.2")}, False),
        ({"age": "< 6 hours"}, {"age": timedelta(hours=5, minutes=59)}, True),
        ({"listed_on": "2026-11-01..2026-12-01"}, {"listed_on": date(2026, 11, 30)}, True),
        ({"listed_on": "2026-11-01..2026-12-01"}, {"listed_on": date(2026, 12, 1)}, False),
        ({"as_of": ">= 2026-12-01"}, {}, False),
        ({"as_of": ">= 2026-11-30"}, {}, True),
        ({"tier": "gold"}, {"tier": "gold"}, True),
        ({"tier": {"not": "gold"}}, {"tier": None}, None),
        ({"tier": {"not": ["gold", "silver"]}}, {"tier": "none"}, True),
        ({"tier": {"in": "words"}}, {"tier": "silver"}, True),
        ({"tier": {"in": "words"}}, {"tier": None}, None),
        ({"brand": "0..500"}, {"brand": "0..500"}, True),
        ({"brand": ">= 5"}, {"brand": "7"}, False),
        ({"brand": {"is": "missing"}}, {"brand": "missing"}, True),
        ({"brand": {"is": "missing"}}, {"brand": None}, None),
        ({"brand": {"starts_with": "Ac"}}, {"brand": "Acme"}, True),
        ({"brand": {"matches": "A.m"}}, {"brand": "Acme"}, False),
        ({"brand": {"matches": "A.m|Ac.*"}}, {"brand": "Acme"}, True),
        ({"category": "a/b"}, {"category": "a/b/c"}, False),
        ({"category": {"under": "a/b"}}, {"category": "a/b"}, True),
        ({"category": {"under": "a/b"}}, {"category": "a/b/c"}, True),
        ({"category": {"under": "a/b"}}, {"category": "a/bc"}, False),
        ({"tags": {"has": "new"}}, {"tags": ["old", "new"]}, True),
        ({"tags": {"has": {"starts_with": "x"}}}, {"tags": ["old"]}, False),
        ({"tags": {"has": "new"}}, {"tags": None}, None),
        ({"fragile": True}, {"fragile": True}, True),
        ({"fragile": "true"}, {"fragile": False}, False),
        ({"stock.sp-1": ">= 3"}, {"stock": {"sp-1": 3}}, True),
        ({"stock.rj": "missing"}, {"stock": {"sp-1": 3}}, True),
        ({"cost": "< 5", "tier": "gold"}, {"cost": D(9), "tier": None}, False),
        ({"cost": "< 5", "tier": "gold"}, {"cost": D(1), "tier": None}, None),
        ({"any": [{"tier": "gold"}, {"cost": "< 5"}]}, {"cost": D(1), "tier": None}, True),
        ({"any": [{"tier": "gold"}, {"cost": "< 5"}]}, {"cost": D(9), "tier": None}, None),
        ({"all": [{"cost": "> 1"}, {"cost": "< 5"}]}, {"cost": D(3)}, True),
        ({"not": {"cost": "< 5", "tier": "gold"}}, {"cost": D(9), "tier": None}, True),
        ({"not": {"tier": "gold"}}, {"tier": None}, None),
    ],
)  # fmt: skip
def test_a_when_is_true_false_or_unknown(
    when: dict[str, Any], facts: dict[str, Any], expected: bool | None
) -> None:
    assert holds(when, world(facts, TYPES, LISTS)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("0..500", "0..500"),
        ("under electronics/audio", {"under": "electronics/audio"}),
        ("gold | silver", ["gold", "silver"]),
        ("not gold", {"not": "gold"}),
        ("not gold | silver", {"not": ["gold", "silver"]}),
        ("starts with X", {"starts_with": "X"}),
        ("matches a|b", {"matches": "a|b"}),
        ("not under a/b", {"not": {"under": "a/b"}}),
        ("missing", "missing"),
    ],
)
def test_a_csv_cell_means_the_same_as_in_yaml(text: str, expected: Any) -> None:
    assert csv_cell(text) == expected


def test_a_csv_table_becomes_rules() -> None:
    text = "id,when.cost,when.tier,then.markup,valid.from\na,0..5,,18%,2026-12-01\nb,,gold,11%,\n"

    assert rules_of_csv(text) == [
        {"id": "a", "when": {"cost": "0..5"}, "then": {"markup": "18%"}, "valid": {"from": "2026-12-01"}},
        {"id": "b", "when": {"tier": "gold"}, "then": {"markup": "11%"}},
    ]  # fmt: skip


GOLD = {"id": "gold", "when": {"tier": "gold"}, "then": {"units": D(1)}}
CHEAP = {"id": "cheap", "when": {"cost": "< 5"}, "then": {"units": "2 * 1"}}
SAME = {"id": "same", "when": {"cost": "< 5"}, "then": {"units": D("1.0")}}
BROKEN = {"id": "broken", "when": {"cost": "< 5"}, "then": {"units": "1 / zero"}}
BOTH = {"tier": "gold", "cost": D(1), "zero": D(0)}


@pytest.mark.parametrize(
    ("table", "values", "rows"),
    [
        ({"rules": [GOLD]}, {"units": D(1)}, ("gold",)),
        ({"hit": "first", "rules": [CHEAP, GOLD], "otherwise": {"units": D(9)}}, {"units": D(2)}, ("cheap",)),
        ({"hit": "any", "rules": [GOLD, SAME]}, {"units": D(1)}, ("gold", "same")),
        ({"hit": "collect", "take": "sum", "rules": [GOLD, CHEAP]}, {"units": D(3)}, ("gold", "cheap")),
        ({"hit": "collect", "take": "min", "rules": [GOLD, CHEAP]}, {"units": D(1)}, ("gold", "cheap")),
        ({"hit": "collect", "take": "max", "rules": [GOLD, CHEAP]}, {"units": D(2)}, ("gold", "cheap")),
        ({"hit": "collect", "take": "count", "rules": [GOLD, CHEAP]}, {"units": D(2)}, ("gold", "cheap")),
        ({"hit": "collect", "take": "list", "rules": [GOLD, CHEAP]}, {"units": [D(1), D(2)]}, ("gold", "cheap")),
    ],
)  # fmt: skip
def test_a_hit_policy_picks_the_result(
    table: dict[str, Any], values: dict[str, Any], rows: tuple[str, ...]
) -> None:
    decision = decide(table, world(BOTH))

    assert (decision.values, decision.rows) == (values, rows)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ({"rules": [GOLD, CHEAP]}, "TABLE_OVERLAP"),
        ({"hit": "any", "rules": [GOLD, CHEAP]}, "TABLE_CONFLICT"),
        ({"hit": "first", "rules": [BROKEN, GOLD], "otherwise": {"units": D(0)}}, "DIVISION_BY_ZERO"),
        ({"hit": "collect", "take": "sum", "rules": [GOLD, BROKEN]}, "DIVISION_BY_ZERO"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_decide_is_a_fault(table: dict[str, Any], code: str) -> None:
    with pytest.raises(Fault) as raised:
        decide(table, world(BOTH))

    assert raised.value.codes == {code}


def test_an_unknown_row_falls_to_otherwise() -> None:
    table = {"rules": [{**GOLD, "when": {"tier": {"not": "gold"}}}], "otherwise": {"units": D(9)}}
    decision = decide(table, world({"tier": None}))

    assert (decision.values, decision.fired) == ({"units": D(9)}, "otherwise")


def test_a_table_without_a_match_and_without_otherwise_says_nothing() -> None:
    assert decide({"rules": [GOLD]}, world({"tier": None})).values is None


def test_a_row_counts_only_inside_its_window() -> None:
    early = {**GOLD, "id": "early", "valid": {"before": "2026-12-01"}}
    late = {**GOLD, "id": "late", "valid": {"from": "2026-12-01"}}

    # It is 30 November, 22:30, in São Paulo, though 1 December in UTC.
    assert decide({"rules": [early, late]}, world(BOTH)).rows == ("early",)


def test_text_results_are_literals_unless_written_as_an_expression() -> None:
    table = {
        "rules": [{"id": "a", "then": {"x": "brand", "y": {"expr": "brand"}, "z": D("12.50")}}]
    }
    decision = decide(table, world({"brand": "Acme"}), texts=True)

    assert decision.values == {"x": "brand", "y": "Acme", "z": "12.50"}


def test_an_error_in_a_derived_fact_shows_where_it_is_read() -> None:
    documents = [{"kind": "facts", "name": "f", "facts": {}, "derive": {"ratio": "1 / zero"}}]
    seen = world({"zero": D(0)}, documents=documents)
    with pytest.raises(Fault) as raised:
        holds({"ratio": "> 1"}, seen)

    assert raised.value.codes == {"DIVISION_BY_ZERO"}
    assert holds({"zero": "< 1"}, seen) is True
