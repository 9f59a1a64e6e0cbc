"""
Why one offer is what it is: the steps that ran, the rules that nearly did, what was rounded off.

A trace reads the same run that made the offer: nothing is computed a second time in another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from offerwright.errors import Span
from offerwright.evaluate import columns as c
from offerwright.evaluate.cause import causes
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths, Words
from offerwright.evaluate.match import Match, match
from offerwright.evaluate.rule_ids import rule_ids
from offerwright.evaluate.run import Offers
from offerwright.evaluate.walk import TableWalk
from offerwright.expressions.conditions import (
    Atom,
    Equal,
    Has,
    IsMissing,
    Matches,
    StartsWith,
    Test,
    Under,
    Within,
    tests,
)
from offerwright.expressions.parse import EPOCH
from offerwright.rules.plan import RowPlan, SetStep, Step, TablePlan
from offerwright.rules.row_masks import table_of_rows

NEAREST = 3
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step that ran: the price before and after, which rule, where it stands if anywhere."""

    phase: str
    step: str
    rules: tuple[str, ...]
    before: Decimal | None
    after: Decimal | None
    sale_before: Decimal | None
    sale_after: Decimal | None
    notes: tuple[str, ...]
    span: Span | None


@dataclass(frozen=True, slots=True)
class NotUsed:
    """A rule that did not fire, and the conditions that did not hold, or what removed its step."""

    rule: str
    step: str
    because: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Blocked:
    aspect: str
    code: str
    rule: str
    rows: tuple[str, ...]
    """The rows of the table that blocks, by id."""
    cell: str
    """The result of the row that could not be computed; empty where it is none of them."""
    span: Span | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What one decision gave, as text; `rules` are the rows that gave it, none for `otherwise`."""

    decision: str
    results: dict[str, str]
    rules: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class Trace:
    """Everything about one offer."""

    facts: dict[str, str]
    steps: tuple[TraceStep, ...]
    not_used: tuple[NotUsed, ...]
    blocked: tuple[Blocked, ...]
    remainder: Decimal | None
    """Exact price before rounding minus the price; None where there is none."""
    decisions: tuple[Decided, ...] = ()


def trace(offers: Offers, row: int) -> Trace:
    """The trace of one row of computed offers."""
    steps = tuple(_steps(offers, row))
    steps = (*steps, *_plain_rounding(offers, row, steps))
    return Trace(
        facts=_facts(offers, row),
        steps=steps,
        not_used=(*_not_used(offers, row), *_not_reached(offers, row)),
        blocked=tuple(_blocked(offers, row)),
        remainder=_remainder(steps),
        decisions=tuple(_decisions(offers, row)),
    )


def _decisions(offers: Offers, row: int) -> Iterator[Decided]:
    """The decisions in the order in which they were made, by the same walks once more."""
    types = offers.plan.scope.types
    for plan in offers.plan.decisions:
        found = match(plan.table, offers.rows, offers.schedule.as_of, offers.schedule.walks)
        numbers = found.rows_of(int(found.states[row]))
        if plan.table.hit == "first":
            numbers = numbers[:1]
        rows = [plan.table.rows[number] for number in numbers]
        results = {
            name: written(offers.rows.get(name), row, types[name].name) for name, _ in plan.results
        }
        span = rows[0].span if rows else plan.span
        yield Decided(plan.name, results, tuple(one.id for one in rows), span)


def _blocked(offers: Offers, row: int) -> Iterator[Blocked]:
    for block in offers.blocks:
        for at, cause in causes(block, offers.plan, offers.rows):
            if row in at:
                yield Blocked(
                    block.aspect, block.code, cause.rule, cause.rows, cause.cell, cause.span
                )


def _steps(offers: Offers, row: int) -> Iterator[TraceStep]:
    for ran in offers.ran:
        if not ran.active[row]:
            continue
        # What is noted without a step is said of all rounding.
        ids = ("", ran.step.id) if ran.step.phase == "round" else (ran.step.id,)
        yield TraceStep(
            phase=ran.step.phase,
            step=_label(offers, ran.step),
            rules=rule_ids(ran, row),
            before=c.decimal_at(ran.before[0], row),
            after=c.decimal_at(ran.after[0], row),
            sale_before=c.decimal_at(ran.before[1], row),
            sale_after=c.decimal_at(ran.after[1], row),
            notes=_notes(offers, row, ids),
            span=_place(ran.match, ran.step, row),
        )


def _plain_rounding(offers: Offers, row: int, steps: tuple[TraceStep, ...]) -> Iterator[TraceStep]:
    """What rounding has changed where no round step ran: no line of a file stands for it."""
    if not steps or steps[-1].phase == "round":
        return
    last = steps[-1]
    price, sale = (_amount_at(offers, name, row) for name in ("price", "sale_price"))
    notes = _notes(offers, row, ("",))
    if notes or (price, sale) != (last.after, last.sale_after):
        yield TraceStep("round", "round", (), last.after, price, last.sale_after, sale, notes, None)


def _notes(offers: Offers, row: int, steps: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(n.code for n in offers.notes if n.step in steps and n.mask[row])


def _amount_at(offers: Offers, name: str, row: int) -> Decimal | None:
    column = offers.rows.get(name)
    return c.decimal_at(column, row) if isinstance(column, Decimals) else None


def _label(offers: Offers, step: Step) -> str:
    return f"{offers.plan.documents[step.document].name}/{step.id}"


def _place(found: Match | None, step: Step, row: int) -> Span:
    """The row of the table that counted, else the step."""
    if found is not None and 0 <= found.picked[row] < len(found.table.rows):
        return found.table.rows[int(found.picked[row])].span
    return step.span


def _remainder(steps: tuple[TraceStep, ...]) -> Decimal | None:
    for step in steps:
        if step.phase == "round" and step.before is not None and step.after is not None:
            return step.before - step.after
    return None


def _facts(offers: Offers, row: int) -> dict[str, str]:
    """The facts that the account's rules look at."""
    names = sorted({axis.fact for table in _tables(offers) for axis in table.axes})
    found = {}
    for name in (*names, "cost", "list_price", "live_price"):
        column = offers.rows.find(name)
        if column is not None and "/" not in name and name not in ("price", "sale_price"):
            type_ = offers.plan.scope.types.get(name)
            found[name] = written(column, row, type_.name if type_ else "")
    return found


def written(column: Column, row: int, kind: str) -> str:
    """One value as text, as its type is written; `missing` where there is none."""
    if column.state is not None and column.state[row]:
        return "missing"
    if isinstance(column, Decimals):
        value = c.decimal_at(column, row)
        return "missing" if value is None else _amount(value, kind)
    if isinstance(column, Truths):
        return "true" if column.values[row] else "false"
    held = column.vocabulary[int(column.codes[row])]
    return ", ".join(map(str, held)) if isinstance(column, Lists) else str(held)


def _amount(value: Decimal, kind: str) -> str:
    if kind == "duration":
        return _duration(int(value))
    if kind == "date":
        return (EPOCH.date() + timedelta(days=int(value))).isoformat()
    if kind == "datetime":
        return (EPOCH + timedelta(microseconds=int(value))).isoformat()
    if kind == "percent":
        return f"{(value * 100).normalize():f}%"
    return f"{value.quantize(_CENT) if value == value.quantize(_CENT) else value.normalize():f}"


def _duration(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600)):
        if abs(seconds) >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds // 60} minutes"


def _tables(offers: Offers) -> Iterator[TablePlan]:
    for number in offers.reach.fits:
        only = offers.plan.documents[number].only
        if only is not None:
            yield only
    for step in offers.plan.steps:
        if step.when is not None:
            yield step.when
        if isinstance(step, SetStep) and step.table is not None:
            yield step.table


def _not_used(offers: Offers, row: int) -> Iterator[NotUsed]:
    """The nearest rows that did not fire, of every table that was asked or whose step was not.

    Steps whose document is not for the offer are left out: `_not_reached` tells of them.
    """
    for ran in offers.ran:
        step = ran.step
        if not offers.reach.of_step(step)[row]:
            continue
        label = _label(offers, step)
        if not ran.active[row]:
            if step.when is not None:
                because = why_not(step.when, step.when.rows[0], offers, row)
                yield NotUsed(step.id, label, because, step.span)
            continue
        if ran.match is not None:
            yield from _near_misses(ran.match, label, offers, row)


def _not_reached(offers: Offers, row: int) -> Iterator[NotUsed]:
    removed = [(one.step, one.by) for one in offers.plan.replaced]
    for step in offers.plan.steps:
        by = offers.reach.overriding(step, row)
        if by is not None and offers.reach.is_for(step.document, row):
            removed.append((step, by))
    for step, by in removed:
        name = offers.plan.documents[by].name
        why = f"removed by override of `{name}`"
        yield NotUsed(step.id, _label(offers, step), (why,), step.span)
    others = [n for n in sorted(offers.reach.fits) if not offers.reach.is_for(n, row)]
    for number in others[: -NEAREST - 1 : -1]:
        document = offers.plan.documents[number]
        if document.only is not None:
            plan = document.only.rows[0]
            because = why_not(document.only, plan, offers, row)
            yield NotUsed(document.name, f"{document.name}/for", because, plan.span)


def _near_misses(found: Match, label: str, offers: Offers, row: int) -> Iterator[NotUsed]:
    table = found.table
    fired = set(found.rows_of(int(found.states[row])))
    counted = {int(found.picked[row])} if table.take is None else fired
    beaten = [n for n in sorted(fired) if n not in counted]
    for number in beaten[:NEAREST]:
        yield NotUsed(
            table.rows[number].id, label, ("an earlier row won",), table.rows[number].span
        )
    misses = _missed_axes(table, offers, row)
    near = sorted((count, n) for n, count in misses.items() if n not in fired)[:NEAREST]
    for _, number in near:
        plan = table.rows[number]
        yield NotUsed(plan.id, label, why_not(table, plan, offers, row), plan.span)


def _missed_axes(table: TablePlan, offers: Offers, row: int) -> dict[int, int]:
    """By row of the table, on how few axes its best part fails."""
    missed = dict.fromkeys(range(len(table.rows)), len(table.axes) + 1)
    masks = []
    for level in TableWalk(table).levels:
        column = c.take(offers.rows.get(level.axis.fact), _one(row))
        masks.append(level.classes.items[int(level.classify(column)[0])])
    for part, number in enumerate(table.row_of):
        fails = sum(not mask >> part & 1 for mask in masks)
        missed[number] = min(missed[number], fails)
    return missed


def _one(row: int) -> Any:
    import numpy as np

    return np.array([row])


def why_not(table: TablePlan, plan: RowPlan, offers: Offers, row: int) -> tuple[str, ...]:
    """The tests of a row that do not hold, in words."""
    reasons = []
    for test in tests(plan.condition):
        if not _holds(test, offers, row):
            value = written(offers.rows.get(test.fact), row, test.type.name)
            reasons.append(f"{test.fact} is {value}, not {words(test)}")
    start, end = plan.window
    as_of = offers.schedule.as_of
    if (start is not None and as_of < start) or (end is not None and as_of >= end):
        reasons.append("its window is closed")
    return tuple(reasons) or ("an earlier row won",)


def _holds(test: Test, offers: Offers, row: int) -> bool:
    span = Span("", 1, 1, 1, 1)
    table = table_of_rows("", span, "any", None, (RowPlan("", span, test),), (), False)
    column = c.take(offers.rows.get(test.fact), _one(row))
    states, masks = TableWalk(table).matches([column] * len(table.axes), 1, -1)
    return bool(masks[int(states[0])])


def words(test: Test) -> str:
    """A test as a person would say it."""
    shown = " or ".join(_atom(atom, test.type.name) for atom in test.atoms)
    return f"other than {shown}" if test.negated else shown


def _atom(atom: Atom, kind: str) -> str:
    if isinstance(atom, Equal):
        return _value(atom.value, kind)
    if isinstance(atom, Within):
        return _range(atom, kind)
    if isinstance(atom, Under):
        return f"under {atom.path}"
    if isinstance(atom, StartsWith):
        return f"a text that starts with {atom.prefix}"
    if isinstance(atom, Matches):
        return f"a text that matches {atom.pattern}"
    if isinstance(atom, Has):
        return "a list that has it"
    return "missing" if isinstance(atom, IsMissing) else "present"


def _value(value: object, kind: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _amount(Decimal(value), kind) if isinstance(value, int | Decimal) else str(value)


def _range(within: Within, kind: str) -> str:
    low = None if within.low is None else _value(within.low, kind)
    high = None if within.high is None else _value(within.high, kind)
    if low is None:
        return f"{'at most' if within.high_included else 'below'} {high}"
    if high is None:
        return f"{'at least' if within.low_included else 'above'} {low}"
    return f"{low} to {'' if within.high_included else 'below '}{high}"


__all__ = [
    "Blocked",
    "NotUsed",
    "Trace",
    "TraceStep",
    "Words",
    "trace",
    "why_not",
    "words",
    "written",
]
