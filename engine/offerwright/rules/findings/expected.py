"""Matches of rows in a snapshot against what was expected of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from offerwright.errors import Diagnostic, Span
from offerwright.expressions.conditions import ALWAYS
from offerwright.rules.analysis.asked import tables_of
from offerwright.rules.plan import AccountPlan, RowPlan, TablePlan

_ONE = re.compile(r"([0-9]{1,9})")
_RANGE = re.compile(r"([0-9]{1,9})?\s*\.\.\s*([0-9]{1,9})?")

KNOWN_LATE = frozenset({"price", "sale_price", "live_price", "live_quantity"})
"""Known when offers are computed, and not by looking at a snapshot."""


@dataclass(frozen=True)
class CountedRow:
    """How many SKUs a row matches, and the first of them."""

    row: int
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Counted:
    """One table for one account; `asked` SKUs reach it."""

    account: str
    table: TablePlan
    asked: int
    rows: tuple[CountedRow, ...]


def read_expectation(text: str) -> tuple[int, int | None] | None:
    """`1`, `1..50`, `1..`, `..50`: the least and the greatest number, both allowed; None = no
    such text."""
    one = _ONE.fullmatch(text.strip())
    if one:
        return int(one[1]), int(one[1])
    both = _RANGE.fullmatch(text.strip())
    if not both or not (both[1] or both[2]):
        return None
    low, high = int(both[1] or 0), int(both[2]) if both[2] else None
    return None if high is not None and high < low else (low, high)


def wrong_expectations(plans: Sequence[AccountPlan]) -> list[Diagnostic]:
    """Every `expect_matches` that is no number and no range, or that nobody can count."""
    found: dict[Span, Diagnostic] = {}
    for table, *reaching in (tables for plan in plans for tables in expecting_tables(plan)):
        asked = [axis.fact for one in (table, *reaching) if one for axis in one.axes]
        late = next((fact for fact in asked if fact in KNOWN_LATE), None)
        for row in table.rows:
            wrong = _wrong_expectation(row, late) if row.expect_matches else None
            if wrong is not None:
                found.setdefault(row.span, wrong)
    return list(found.values())


def _wrong_expectation(row: RowPlan, late: str | None) -> Diagnostic | None:
    if read_expectation(row.expect_matches or "") is None:
        return Diagnostic(
            "WRONG_EXPECTATION", f"`{row.id}` expects {row.expect_matches!r} matches",
            row.span, "write a number, or a range such as 1..50 or 1..",
        )  # fmt: skip
    if late is not None:
        return Diagnostic(
            "WRONG_EXPECTATION",
            f"`{row.id}` expects {row.expect_matches} matches, and nobody can count them: "
            f"`{late}` is not known before offers are computed",
            row.span, f"leave `expect_matches` out, or test other facts than `{late}`",
        )  # fmt: skip
    return None


Reached = tuple[TablePlan, TablePlan | None, TablePlan | None]
"""A table, the `when` of its step and the `for` of its document."""


def expecting_tables(plan: AccountPlan) -> Iterator[Reached]:
    """The tables in which some row says how many SKUs it should match."""
    return (one for one in reached_tables(plan) if any(r.expect_matches for r in one[0].rows))


def reached_tables(plan: AccountPlan) -> Iterator[Reached]:
    """Every table, the `when`s of steps with the `for` of their document, and these `for`s."""
    for asked in tables_of(plan):
        only = None if asked.document is None else plan.documents[asked.document].only
        yield asked.table, asked.when, only
    for step in plan.steps:
        if step.when is not None:
            yield step.when, None, plan.documents[step.document].only
    for document in plan.documents:
        if document.only is not None:
            yield document.only, None, None


def judge_matches(counted: Sequence[Counted]) -> list[Diagnostic]:
    """
    Rows that match other numbers of SKUs than expected, none at all, or every one.

    A row is one place, in whatever tables and accounts it counts: several documents may name one
    CSV file. With an expectation it is judged by that alone, wherever it counts; without one, it
    is told when it matches nothing anywhere, or everything everywhere.
    """
    by_row: dict[Span, list[tuple[Counted, CountedRow]]] = {}
    for one in counted:
        for row in one.rows:
            by_row.setdefault(one.table.rows[row.row].span, []).append((one, row))
    return [d for counts in by_row.values() for d in _of_row(counts)]


def _of_row(counts: Sequence[tuple[Counted, CountedRow]]) -> Iterator[Diagnostic]:
    table, number = counts[0][0].table, counts[0][1].row
    row = table.rows[number]
    wanted = read_expectation(row.expect_matches) if row.expect_matches else None
    asked = max(one.asked for one, _ in counts)
    if wanted is not None:
        missed = [(one, c) for one, c in counts if not _within(c.count, wanted)]
        if missed:
            yield _missed(row, *missed[0])
    elif row.condition == ALWAYS or not asked:
        return
    elif all(c.count == 0 for _, c in counts):
        yield _nothing(row, asked)
    elif len(table.rows) > 1 and all(c.count == one.asked for one, c in counts):
        yield _everything(row, asked)


def missed_matches(counted: Sequence[Counted]) -> list[tuple[Counted, CountedRow, str]]:
    """Every row that matches another number of SKUs of an account than expected, with the words."""
    found = []
    for one in counted:
        for row in one.rows:
            plan = one.table.rows[row.row]
            wanted = read_expectation(plan.expect_matches) if plan.expect_matches else None
            if wanted is not None and not _within(row.count, wanted):
                words = f"matches {_skus(row.count)}, and {plan.expect_matches} are expected"
                found.append((one, row, words))
    return found


def _within(count: int, wanted: tuple[int, int | None]) -> bool:
    low, high = wanted
    return low <= count and (high is None or count <= high)


def _missed(row: RowPlan, one: Counted, counted: CountedRow) -> Diagnostic:
    shown = f" such as {', '.join(counted.examples)}" if counted.examples else ""
    return Diagnostic(
        "EXPECT_MATCHES",
        f"`{row.id}` matches {_skus(counted.count)}{shown} on {one.account}, "
        f"and {row.expect_matches} are expected",
        row.span,
        "correct its conditions, or what it expects",
    )


def _nothing(row: RowPlan, asked: int) -> Diagnostic:
    return Diagnostic(
        "MATCHES_NOTHING",
        f"`{row.id}` matches none of {_skus(asked)}",
        row.span,
        "is a word misspelt? Write `expect_matches: 0` at a row that waits for goods to come",
        "warning",
    )


def _everything(row: RowPlan, asked: int) -> Diagnostic:
    return Diagnostic(
        "MATCHES_EVERYTHING",
        f"`{row.id}` matches all of {_skus(asked)}",
        row.span,
        "leave its conditions out, or narrow them",
        "warning",
    )


def _skus(count: int) -> str:
    return f"{count:,} SKU{'' if count == 1 else 's'}"
