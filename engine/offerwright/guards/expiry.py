"""Guards with `check: expires`: overrides that somebody will forget, before they are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related, Severity, Span
from offerwright.expressions.conditions import Equal, tests
from offerwright.expressions.parse import microseconds
from offerwright.guards.ages import told
from offerwright.guards.plan import GuardPlan, GuardSet
from offerwright.rules.plan import AccountPlan, RuleSet, SetStep, TablePlan
from offerwright.rules.window import Window

SOON_S = 7 * 86_400
"""An end that is nearer than a week is told: what follows may be wanted longer."""


@dataclass(frozen=True, slots=True)
class Override:
    """Something that speaks of named offers for a time: in words, where it stands, and its time."""

    what: str
    span: Span
    window: Window


def expiry_findings(rules: RuleSet, guards: GuardSet, as_of: datetime) -> list[Diagnostic]:
    """
    Every override that has no end, or a later one than a guard of its account allows.

    An override is a pricing document, step or row that names SKUs, an approval, or a hold. How
    long it counts is measured from its beginning, or from `as_of` where it has begun. One that is
    over is none, and one that ends within a week is a warning.
    """
    zone, moment = ZoneInfo(rules.time_zone), microseconds(as_of)
    found: dict[tuple[str, Span], Diagnostic] = {}
    for plan in rules.plans:
        own = guards.by_account[plan.account.name]
        asking = [g for g in own if g.check == "expires" and g.in_force(moment)]
        for guard in asking:
            for override in (*_named(plan), *_agreed(own)):
                one = _judged(override, guard, moment, zone)
                if one is not None and one.span is not None:
                    found.setdefault((one.code, one.span), one)
    return list(found.values())


def _judged(one: Override, guard: GuardPlan, now: int, zone: ZoneInfo) -> Diagnostic | None:
    start, end = one.window
    severity: Severity = "error" if guard.else_ == "block" else "warning"
    asked = (Related(guard.span, f"guard {guard.id} asks for it"),)
    within = int(guard.settings["within"])
    if end is None:
        return Diagnostic(
            "OVERRIDE_WITHOUT_END", f"{one.what} has no end; at most {told(within)} are allowed",
            one.span, "write `valid: {before: …}` at the row or the document", severity, asked,
        )  # fmt: skip
    if end <= now:
        return None
    day = datetime.fromtimestamp(end // 1_000_000, zone).isoformat(timespec="minutes")
    left = (end - max(now, start or now)) // 1_000_000
    if left > within:
        return Diagnostic(
            "OVERRIDE_ENDS_LATE", f"{one.what} ends {day}, after {told(left)}; "
            f"at most {told(within)} are allowed",
            one.span, "let it end earlier, and renew it when it is still wanted", severity, asked,
        )  # fmt: skip
    if end - now <= SOON_S * 1_000_000:
        return Diagnostic(
            "OVERRIDE_ENDS_SOON", f"{one.what} ends {day}", one.span,
            "renew it if it is still wanted; else take it out when it is over", "warning",
        )  # fmt: skip
    return None


def _named(plan: AccountPlan) -> Iterator[Override]:
    """What names SKUs among the pricing documents, steps and rows of an account."""
    for step in plan.steps:
        document = plan.documents[step.document]
        name, only = document.name, document.only
        if _names_skus(only) and only is not None:
            yield Override(
                f"the pricing document {name} for named SKUs", only.span, document.window
            )
            continue
        if _names_skus(step.when):
            what = f"the step {name}/{step.id} for named SKUs"
            yield Override(what, step.span, document.window)
            continue
        table = step.table if isinstance(step, SetStep) else None
        for row in () if table is None else table.rows:
            if _has_sku(row.condition):
                window = _narrower(document.window, row.window)
                yield Override(f"the row {name}/{row.id} for named SKUs", row.span, window)


def _agreed(guards: tuple[GuardPlan, ...]) -> Iterator[Override]:
    """The approvals and the holds of an account."""
    for guard in guards:
        for one in guard.approvals:
            what = f"the approval {one.document} of {guard.id}"
            yield Override(what, one.span, (None, one.until))
        if guard.check == "hold":
            yield Override(f"the hold {guard.document}/{guard.id}", guard.span, guard.window)


def _names_skus(table: TablePlan | None) -> bool:
    return table is not None and any(_has_sku(row.condition) for row in table.rows)


def _has_sku(condition: object) -> bool:
    return any(
        test.fact == "sku" and not test.negated and any(isinstance(a, Equal) for a in test.atoms)
        for test in tests(condition)  # type: ignore[arg-type]
    )


def _narrower(one: Window, other: Window) -> Window:
    starts = [start for start, _ in (one, other) if start is not None]
    ends = [end for _, end in (one, other) if end is not None]
    return max(starts, default=None), min(ends, default=None)
