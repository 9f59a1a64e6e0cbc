"""All test documents of a repository → which cases pass, which do not, and what they cover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from offerwright.testing.compare import Result, compare
from offerwright.testing.coverage import Coverage, covered
from offerwright.testing.link import Bench, CasePlan
from offerwright.testing.run import run_cases


@dataclass(frozen=True)
class Report:
    """The results of the cases that ran, in written order, and the cases that were skipped."""

    results: tuple[Result, ...]
    skipped: tuple[CasePlan, ...]

    @property
    def failed(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if not result.has_passed)


def run_tests(plans: Sequence[CasePlan], bench: Bench) -> Report:
    """Run every case that is not skipped, and compare."""
    running = [plan for plan in plans if plan.case.skip is None]
    skipped = tuple(plan for plan in plans if plan.case.skip is not None)
    return Report(tuple(compare(outcome) for outcome in run_cases(running, bench)), skipped)


def coverage_of(report: Report, bench: Bench) -> Coverage:
    """What the cases of a report reach, whether or not they pass."""
    outcomes = [result.outcome for result in report.results]
    return covered(outcomes, bench.rules, bench.schema)


def chosen(
    plans: Sequence[CasePlan], places: Sequence[str], selects: Callable[[str], bool] | None
) -> tuple[CasePlan, ...]:
    """
    The cases in some files or folders whose names are selected.

    Args:
        places: files, or folders without a slash at the end, relative to the repository; empty =
            everywhere; `.` = everywhere.
        selects: says of `document case [account]` whether it is wanted; None = all.
    """

    def is_there(file: str) -> bool:
        return not places or any(p == "." or file == p or file.startswith(f"{p}/") for p in places)

    return tuple(
        plan
        for plan in plans
        if is_there(plan.file) and (selects is None or selects(f"{plan.loaded.name} {plan.id}"))
    )
