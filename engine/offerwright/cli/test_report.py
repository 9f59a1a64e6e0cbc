"""The results of tests as text for people and as a record for programs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from offerwright.cli.report import VERSION
from offerwright.testing.compare import Difference, Result
from offerwright.testing.coverage import KINDS, Counted, Coverage, Kind, Unit, percent
from offerwright.testing.link import CasePlan
from offerwright.testing.suite import Report

Minimum = tuple[int, int] | None
_PLURAL: dict[Kind, str] = {"row": "rows", "boundary": "boundaries", "branch": "branches"}
MOST_SHOWN = 10


def text_of(report: Report, coverage: Coverage | None, minimum: Minimum) -> Iterator[str]:
    """The lines of the report: every case by file, differences below it, then the counts."""
    for file, group in groupby(_entries(report), key=lambda entry: entry[0].file):
        yield file
        for plan, result in group:
            yield from _case_lines(plan, result)
    failed, skipped = len(report.failed), len(report.skipped)
    passed = len(report.results) - failed
    counts = [f"{passed} passed", f"{failed} failed", *([f"{skipped} skipped"] if skipped else [])]
    total = len(report.results) + skipped
    yield f"{total} test{'s' if total != 1 else ''}: {', '.join(counts)}"
    if coverage is not None:
        yield ""
        yield from _coverage_lines(coverage, minimum)


def _entries(report: Report) -> list[tuple[CasePlan, Result | None]]:
    entries: list[tuple[CasePlan, Result | None]] = [
        *((r.outcome.plan, r) for r in report.results), *((p, None) for p in report.skipped),
    ]  # fmt: skip
    return sorted(entries, key=lambda entry: (entry[0].file, entry[0].number))


def _case_lines(plan: CasePlan, result: Result | None) -> Iterator[str]:
    if result is None:
        yield f"  skip  {plan.id}: {plan.case.skip}"
        return
    if result.has_passed:
        yield f"  ok    {plan.id}"
        return
    yield f"  FAIL  {plan.id}"
    for found in result.differences:
        at = f"{found.span.file}:{found.span.line}"
        yield f"        {at}  on {plan.account}"
        yield f"        {found.what}: expected {found.expected}, got {found.got}"
        yield f"        because {found.because}"


def _coverage_lines(coverage: Coverage, minimum: Minimum) -> Iterator[str]:
    for table in coverage.tables:
        yield from _table_lines(table)
    wanted = dict(zip(("row", "boundary"), minimum or (), strict=False))
    for kind in KINDS:
        hit, every = coverage.count(kind)
        share = percent(hit, every)
        least = wanted.get(kind)
        below = f"; {least} % are asked for" if least is not None and share < least else ""
        yield f"{_PLURAL[kind].capitalize()} covered: {hit} of {every} ({share} %){below}"


def _table_lines(counted: Counted) -> Iterator[str]:
    """A table with what no case reaches; one with nothing missing says nothing."""
    if not counted.missed:
        return
    table = counted.table
    counts = ", ".join(
        f"{_PLURAL[kind]} {hit} of {every}"
        for kind in KINDS
        for hit, every in [counted.count(kind)]
        if every
    )
    yield f"{table.info.name}/{table.step} ({table.info.file}:{table.span.line}): {counts}"
    rows = [unit for unit in counted.missed if unit.kind == "row"]
    for unit in rows:
        yield f"  never fired  {unit.name} ({unit.span.file}:{unit.span.line})"
    for kind, word in (("boundary", "no case has"), ("branch", "no case sees")):
        names = [unit.name for unit in counted.missed if unit.kind == kind]
        if names:
            more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
            yield f"  {word}  {', '.join(names[:MOST_SHOWN])}{more}"


def record_of(
    report: Report, coverage: Coverage | None, minimum: Minimum, code: int
) -> dict[str, Any]:
    """`schemas/output/test.schema.json`."""
    failed = len(report.failed)
    return {
        "version": VERSION,
        "cases": [_case_record(plan, result) for plan, result in _entries(report)],
        "summary": {
            "cases": len(report.results) + len(report.skipped),
            "passed": len(report.results) - failed,
            "failed": failed,
            "skipped": len(report.skipped),
        },
        "coverage": None if coverage is None else _coverage_record(coverage),
        "minimum": None if minimum is None else {"rows": minimum[0], "boundaries": minimum[1]},
        "exit_code": code,
    }


def _case_record(plan: CasePlan, result: Result | None) -> dict[str, Any]:
    status = "skipped" if result is None else "passed" if result.has_passed else "failed"
    return {
        "file": plan.file,
        "line": plan.span.line,
        "document": plan.loaded.name,
        "name": plan.case.name,
        "account": plan.account,
        "as_of": plan.as_of.isoformat(),
        "status": status,
        "reason": plan.case.skip if result is None else None,
        "differences": [_difference(d) for d in (result.differences if result else ())],
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "what": found.what,
        "expected": found.expected,
        "got": found.got,
        "because": found.because,
        "file": found.span.file,
        "line": found.span.line,
    }


def _coverage_record(coverage: Coverage) -> dict[str, Any]:
    return {
        **{_PLURAL[kind]: _count(*coverage.count(kind)) for kind in KINDS},
        "tables": [
            {
                "document": one.table.info.name,
                "kind": one.table.info.kind,
                "step": one.table.step,
                "part": one.table.part,
                "file": one.table.info.file,
                "line": one.table.span.line,
                **{_PLURAL[kind]: _count(*one.count(kind)) for kind in KINDS},
                "missed": [_unit(unit) for unit in one.missed],
            }
            for one in coverage.tables
        ],
    }


def _count(hit: int, every: int) -> dict[str, int]:
    return {"covered": hit, "of": every, "percent": percent(hit, every)}


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "kind": unit.kind, "name": unit.name, "file": unit.span.file, "line": unit.span.line,
    }  # fmt: skip
