"""Coverage is counted in rows, sides of cut points, words and branches, from hand-made tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testing.small import FILES, HEAD, bed, cases

from offerwright.errors import Span
from offerwright.expressions import conditions
from offerwright.expressions.types import INTEGER
from offerwright.rules.plan import RowPlan
from offerwright.rules.row_masks import table_of_rows
from offerwright.testing.coverage import Counted, percent
from offerwright.testing.segments import Domain, sides

NOWHERE = Span("", 1, 1, 1, 1)


def counted(step: str, *lines: str, files: dict[str, str] | None = None) -> Counted:
    """One step of the small shop after these cases."""
    found = bed(cases(*lines), files).coverage.tables
    return next(one for one in found if one.table.step == step)


def names(counted: Counted, kind: str, missed: bool = True) -> list[str]:
    units = counted.missed if missed else counted.units
    return [unit.name for unit in units if unit.kind == kind]


def case(number: int, facts: str, **more: Any) -> str:
    rest = "".join(f", {key}: {value}" for key, value in more.items())
    return f"{{name: case {number}, given: {{{facts}}}{rest}, expect: {{currency: BRL}}}}"


def test_a_row_that_fired_counts_and_the_others_are_named_with_their_lines() -> None:
    found = counted("markups", case(1, "like: phone"))
    lines = [unit.span.line for unit in found.missed if unit.kind == "row"]

    assert found.count("row") == (1, 3)
    assert names(found, "row") == ["gold", "otherwise"]
    assert lines[0] == 9


def test_otherwise_is_a_row() -> None:
    found = counted("markups", case(1, "category: toys, cost: 5.00"))

    assert names(found, "row") == ["small", "gold"]


def test_a_row_that_an_earlier_one_beats_has_not_fired() -> None:
    """`small` and `gold` both match a gold phone of 480.00; the first one counts."""
    found = counted("markups", case(1, "like: phone"))

    assert "gold" in names(found, "row")


def test_both_sides_of_a_cut_are_asked_for() -> None:
    below = counted("markups", case(1, "like: phone, cost: 499.99"))
    both = counted(
        "markups", case(1, "like: phone, cost: 499.99"), case(2, "like: phone, cost: 500")
    )

    assert "cost from 500.00" in names(below, "boundary")
    assert "cost below 500.00" not in names(below, "boundary")
    assert [n for n in names(both, "boundary") if n.startswith("cost")] == []


def test_a_cut_below_the_bounds_of_a_fact_is_none() -> None:
    """`0..500` begins at nought, and a cost is at least 0.01."""
    found = names(counted("markups", case(1, "like: phone")), "boundary", missed=False)

    assert [name for name in found if name.startswith("cost")] == [
        "cost below 500.00", "cost from 500.00",
    ]  # fmt: skip


def test_words_count_each_and_something_else() -> None:
    found = counted("markups", case(1, "like: phone"))

    assert names(found, "boundary", missed=False) == [
        "category under phones", "category something else", "cost below 500.00",
        "cost from 500.00", "tier gold", "tier something else",
    ]  # fmt: skip
    assert names(found, "boundary") == [
        "category something else", "cost from 500.00", "tier something else",
    ]  # fmt: skip


def test_boundaries_of_a_table_that_no_case_reaches_do_not_count() -> None:
    files = {"rules/pricing.yaml": FILES["rules/pricing.yaml"].replace(
        "    phase: base\n", "    phase: base\n    when: {pieces: present}\n", 1
    )}  # fmt: skip
    found = counted("markups", case(1, "like: phone"), files=files)

    assert found.count("boundary") == (0, 0)
    assert found.count("row") == (0, 3)
    assert names(found, "branch") == ["when true"]


def test_a_step_is_seen_with_its_when_true_and_false() -> None:
    young = counted("old", case(1, "like: phone, listed_on: 2026-11-30"))
    both = counted("old", case(1, "like: phone"), case(2, "like: phone, listed_on: 2020-01-01"))

    assert (young.count("branch"), names(young, "branch")) == ((1, 2), ["when true"])
    assert both.count("branch") == (2, 2)


def test_a_step_without_when_is_seen_when_it_runs() -> None:
    assert counted("markups", case(1, "like: phone")).count("branch") == (1, 1)


def test_safety_stock_and_categories_are_tables_too() -> None:
    stock = counted("safety_stock", case(1, "like: phone, fragile: true"))
    category = counted("category", case(1, "like: phone"), case(2, "like: phone, category: toys"))

    assert names(stock, "row") == ["otherwise"]
    assert names(stock, "boundary") == ["fragile something else"]
    assert category.count("row") == (2, 2)


UNIQUE = """\
kind: pricing
name: prices
steps:
  - id: markups
    phase: base
    rules:
      - {{id: one, when: {{{one}}}, then: {{plus: 1.00}}}}
    otherwise: {{plus: 2.00}}
    set: {{price: cost + plus}}
"""


@pytest.mark.parametrize(
    ("one", "sides"),
    [
        ('cost: "<= 5"', ["cost up to 5.00", "cost above 5.00"]),
        ('cost: "(5..10]"', ["cost up to 5.00", "cost above 5.00", "cost up to 10.00",
                             "cost above 10.00"]),
        ("cost: 7.50", ["cost below 7.50", "cost exactly 7.50", "cost above 7.50"]),
        ("pieces: 3", ["pieces below 3", "pieces exactly 3", "pieces above 3"]),
        ("tier: [gold, silver, none]", ["tier gold", "tier silver", "tier none"]),
        ("tier: {not: gold}", ["tier gold", "tier something else"]),
        ("fragile: true", ["fragile true", "fragile something else"]),
        ("discount: present", ["discount missing", "discount present"]),
        ("discount: 10%..20%", ["discount below 10%", "discount from 10%", "discount below 20%",
                                "discount from 20%"]),
        ("lasts: '< 6 hours'", ["lasts below 6 hours", "lasts from 6 hours"]),
        ("listed_on: '>= 2026-12-01'", ["listed_on below 2026-12-01", "listed_on from 2026-12-01"]),
        ("name: {starts_with: Fo}", ["name starts with Fo", "name something else"]),
        ("colours: {has: red}", ["colours has red", "colours something else"]),
        ("account: a", ["account a", "account something else"]),
        ("account: [a, b]", ["account a", "account b"]),
        ("marketplace: [alpha, beta]", ["marketplace alpha", "marketplace beta"]),
        ("currency: BRL", ["currency BRL"]),
    ],
)  # fmt: skip
def test_the_sides_of_a_cell(one: str, sides: list[str]) -> None:
    files = {"rules/pricing.yaml": UNIQUE.format(one=one)}
    found = counted("markups", case(1, "like: phone"), files=files)

    assert names(found, "boundary", missed=False) == sides


def test_a_moment_is_a_column_where_rows_have_windows() -> None:
    row = "cost: 1..5}, valid: {from: 2026-12-01, before: 2027-01-01"
    files = {"rules/pricing.yaml": UNIQUE.format(one=row)}
    found = counted("markups", case(1, "like: phone, cost: 2"), files=files)
    outside = counted(
        "markups", case(1, "like: phone"), case(2, "like: phone", as_of="2027-01-01"),
        case(3, "like: phone", as_of="2026-11-30T23:59:59-03:00"), files=files,
    )  # fmt: skip
    moments = [name for name in names(found, "boundary", False) if name.startswith("as_of")]

    assert moments == [
        "as_of below 2026-12-01", "as_of from 2026-12-01", "as_of below 2027-01-01",
        "as_of from 2027-01-01",
    ]  # fmt: skip
    assert [n for n in names(found, "boundary") if n.startswith("as_of")] == [
        moments[0],
        moments[3],
    ]
    assert [n for n in names(outside, "boundary") if n.startswith("as_of")] == []


def test_one_csv_file_is_one_table_however_many_documents_name_it() -> None:
    """A row for one marketplace only would never fire on the other."""
    step = (
        "kind: pricing\nname: {name}\nfor: {{marketplace: {name}}}\nsteps:\n"
        "  - {{id: sale, phase: adjust, hit: collect, take: max, file: sales.csv,"
        " set: {{sale_price: price * (1 - off)}}}}\n"
    )
    files = {
        "rules/sales.csv": "id,when.marketplace,then.off\nonly-a,alpha,10%\nonly-b,beta,20%\n",
        "rules/alpha.yaml": step.format(name="alpha"),
        "rules/beta.yaml": step.format(name="beta"),
    }
    here = bed(cases(case(1, "like: phone", account="[a, b]")), files)
    rows = [
        u for one in here.coverage.tables for u in one.units if u.span.file == "rules/sales.csv"
    ]
    missed = [u for one in here.coverage.tables for u in one.missed if u.table[0] == "file"]

    assert here.found == []
    assert [u.name for u in rows] == ["only-a", "only-b"]
    assert missed == []


def test_fees_count_at_the_price_the_buyer_pays() -> None:
    fees = (
        "kind: fees\nname: fees\nfees:\n  - id: fixed\n    rules:\n"
        "      - {id: low, when: {price: 0..100}, then: {fee: 5.00}}\n"
        "      - {id: high, when: {price: '>= 100'}, then: {fee: 0}}\n"
    )
    keep = "\n  - {id: keep, phase: fees, keep: price}\n"
    files = {
        "rules/fees.yaml": fees,
        "rules/pricing.yaml": FILES["rules/pricing.yaml"].rstrip() + keep,
    }
    found = counted("fixed", case(1, "like: phone, cost: 50"), files=files)

    assert names(found, "row") == ["high"]
    assert names(found, "boundary") == ["price from 100.00"]


def test_documents_outside_of_rules_are_not_the_shops_to_test() -> None:
    own = (
        "kind: fees\nname: own\nfor: {marketplace: alpha}\n"
        "fees: [{id: commission, otherwise: {rate: 10%}}]\n"
    )
    here = bed(cases(case(1, "like: phone")), {"marketplaces/alpha/fees.yaml": own})

    assert [one.table.step for one in here.coverage.tables if one.table.part == "fees"] == []


def test_a_skipped_case_covers_nothing() -> None:
    here = bed(cases("{name: x, given: phone, expect: {price: 1.00}, skip: later}"))

    assert here.coverage.count("row")[0] == 0


def test_a_failing_case_covers_what_it_reaches() -> None:
    assert bed(cases("{name: x, given: phone, expect: {price: 1.00}}")).coverage.count("row")[0] > 0


def test_a_hundred_percent_means_all_of_them() -> None:
    assert [percent(1, 1), percent(0, 0), percent(199, 200), percent(0, 3)] == [100, 100, 99, 0]


def test_the_head_without_cases_reaches_nothing() -> None:
    assert bed(HEAD).coverage.count("branch")[0] == 0


DECISION = """\
kind: decision
name: speed
rules:
  - {id: fast, when: {pieces: ">= 10"}, then: {speed: fast}}
  - {id: slow, when: {pieces: 0..10}, then: {speed: slow}}
results: {speed: {type: enum, of: [fast, slow]}}
"""


def test_decisions_are_tables_too() -> None:
    found = counted(
        "speed", case(1, "like: phone, pieces: 3"), files={"rules/speed.yaml": DECISION}
    )

    assert (found.count("row"), names(found, "row")) == ((1, 2), ["fast"])
    assert names(found, "boundary") == ["pieces below 0", "pieces from 10"]


@given(
    st.lists(
        st.tuples(st.integers(-3, 6), st.integers(-3, 6), st.booleans(), st.booleans()),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_sides_agree_with_trying_every_value(rows: list[tuple[int, int, bool, bool]]) -> None:
    """
    Between two neighbouring whole numbers lies a boundary where the rows that match differ.

    Every number meets the sides towards its nearest boundary below and above, and no other.
    """
    ranges = [(min(a, b), max(a, b) + 1, low, high) for a, b, low, high in rows]
    parts = [
        (conditions.Test("n", INTEGER, (conditions.Within(low, high, li, hi),)),)
        for low, high, li, hi in ranges
    ]
    plans = [RowPlan(str(i), NOWHERE, test[0]) for i, test in enumerate(parts)]
    table = table_of_rows("t", NOWHERE, "any", None, plans, (), False)
    (column,) = sides(table, Domain({}, {}, ZoneInfo("UTC")))
    numbers = range(-5, 10)
    matching = {
        n: frozenset(
            i for i, (low, high, li, hi) in enumerate(ranges)
            if (low <= n if li else low < n) and (n <= high if hi else n < high)
        )
        for n in numbers
    }  # fmt: skip
    changes = [n for n in numbers[1:] if matching[n] != matching[n - 1]]
    met = {n: set(column.met(Decimal(n))) for n in numbers}

    assert set().union(*met.values()) == {b.name for b in column.boundaries}
    for n in numbers:
        is_first, is_last = all(c > n for c in changes), all(c <= n for c in changes)
        # One value between two boundaries that is itself written is one side, `exactly`.
        is_alone = n in changes and n + 1 in changes and any(n in (r[0], r[1]) for r in ranges)
        assert len(met[n]) == (1 if is_alone else (not is_first) + (not is_last))
        if n > numbers[0]:
            assert (met[n] == met[n - 1]) is (n not in changes)
