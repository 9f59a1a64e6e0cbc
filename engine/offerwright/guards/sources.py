"""Guards on what a plan reads: how old its sources are, and how many of their rows are left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from offerwright.errors import Diagnostic, Severity
from offerwright.guards.ages import told
from offerwright.guards.plan import SOURCE_CHECKS, GuardPlan
from offerwright.guards.stops import Stop
from offerwright.guards.whole import RunVerdict

CODES = {"source_age": "SOURCE_TOO_OLD", "source_rows": "SOURCE_LOST_ROWS"}


@dataclass(frozen=True, slots=True)
class Seen:
    """
    One source as a snapshot found it.

    `modified` is when its file was last written (whole Unix seconds), None = nobody knows; `rows`
    those that were kept; `rows_before` those of a day before, None where there was no snapshot.
    """

    rows: int
    modified: int | None
    rows_before: int | None = None


@dataclass(frozen=True)
class Sources:
    """
    All sources of a snapshot by name, and the moment at which their age is judged.

    `now` is in whole Unix seconds: the plan's moment, and never later than the clock, so that a
    look at next Friday does not find the data of today too old.
    """

    seen: Mapping[str, Seen] = field(default_factory=dict)
    now: int = 0


NO_SOURCES = Sources()


def judge_sources(
    guards: Sequence[GuardPlan], sources: Sources, as_of: int
) -> tuple[RunVerdict, ...]:
    """
    The verdicts of the guards on sources that are in force at `as_of` (microseconds).

    Without any source there is nothing to judge: an evaluation of rows that were handed over.
    """
    wanted = [g for g in guards if g.check in SOURCE_CHECKS and g.in_force(as_of)]
    return tuple(_judged(guard, sources) for guard in wanted if sources.seen)


def stops_of(verdicts: Sequence[RunVerdict]) -> tuple[Stop, ...]:
    """
    What such verdicts stop.

    A source that grew old says nothing new, so that less stock goes on; rows that are lost look
    like goods that are gone, so that nothing does.
    """
    return tuple(
        Stop(
            "BLOCK", f"guard {v.guard.id}: {v.reason}", str(v.guard.span), v.guard.aspects,
            less_goes=v.guard.check == "source_age",
        )
        for v in verdicts
        if v.failed and v.guard.check in SOURCE_CHECKS and v.guard.else_ == "block"
    )  # fmt: skip


def source_findings(verdicts: Sequence[RunVerdict]) -> Iterator[Diagnostic]:
    """The same for a review: a failed guard with its place, once whatever the accounts."""
    for v in {v.guard.span: v for v in verdicts if v.failed}.values():
        severity: Severity = "error" if v.guard.else_ == "block" else "warning"
        yield Diagnostic(
            CODES[v.guard.check], f"guard {v.guard.id}: {v.reason}", v.guard.span,
            "bring the source up to date and run: offerwright snapshot", severity,
        )  # fmt: skip


def written(sources: Sources, guards: Sequence[GuardPlan]) -> dict[str, Any]:
    """What a plan says of the sources that some guard looks at; `read` takes it back."""
    looking = [guard for guard in guards if guard.check in SOURCE_CHECKS]
    names = {name for g in looking for name in ((g.source,) if g.source else sources.seen)}
    return {
        name: {"modified": one.modified, "rows": one.rows, "rows_before": one.rows_before}
        for name, one in sorted(sources.seen.items())
        if name in names
    }


def read(record: Mapping[str, Any], now: int) -> Sources:
    """The sources that a plan says it stands on, judged at another moment."""
    seen = {
        name: Seen(one["rows"], one["modified"], one["rows_before"]) for name, one in record.items()
    }
    return Sources(seen, now)


def _judged(guard: GuardPlan, sources: Sources) -> RunVerdict:
    names = [guard.source] if guard.source else sorted(sources.seen)
    judge = _too_old if guard.check == "source_age" else _too_few
    found = [judge(guard, name, sources) for name in names]
    failed = [reason for is_wrong, reason in found if is_wrong]
    return RunVerdict(guard, bool(failed), "; ".join(failed or [reason for _, reason in found]))


def _too_old(guard: GuardPlan, name: str, sources: Sources) -> tuple[bool, str]:
    most, seen = int(guard.settings["at_most"]), sources.seen.get(name)
    if seen is None or seen.modified is None:
        return True, f"nobody knows how old {name} is; run: offerwright snapshot"
    age = max(sources.now - seen.modified, 0)
    return age > most, f"{name} is {told(age)} old; at most {told(most)}"


def _too_few(guard: GuardPlan, name: str, sources: Sources) -> tuple[bool, str]:
    least, seen = guard.settings["at_least"], sources.seen.get(name)
    if seen is None:
        return True, f"the snapshot has no source {name}; run: offerwright snapshot"
    if not seen.rows_before:
        return False, f"{name} has {seen.rows:,} rows; no snapshot of a day before"
    is_wrong = Fraction(seen.rows, seen.rows_before) < Fraction(least)
    share = f"at least {(least * 100).normalize():f}%"
    return is_wrong, f"{name} has {seen.rows:,} rows of {seen.rows_before:,} a day before; {share}"
