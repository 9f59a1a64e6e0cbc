"""Linked plans → what can be proved of their tables, each finding with a witness and its places."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Span
from offerwright.expressions.typing import Scope
from offerwright.rules.analysis.dead import opaque_rows, said_dead
from offerwright.rules.analysis.gaps import gaps
from offerwright.rules.analysis.grid import Grid, grid_of
from offerwright.rules.analysis.overlap import overlaps
from offerwright.rules.analysis.segments import Domain
from offerwright.rules.analysis.spare import spare
from offerwright.rules.analysis.timeline import holes_in_time
from offerwright.rules.plan import AccountPlan, SetStep, TablePlan
from offerwright.rules.rows import ALWAYS_VALID, Window

NO_RULE = "NO_RULE_MATCHES"


@dataclass(frozen=True, slots=True)
class Asked:
    """A table and what is asked of it. `blocks` None = an offer that no row matches is fine."""

    table: TablePlan
    domains: Mapping[str, Domain]
    when: TablePlan | None
    blocks: str | None

    @property
    def grid(self) -> Grid:
        return grid_of(self.table, self.domains, self.when)


def prove(
    plans: Sequence[AccountPlan],
    zone: ZoneInfo,
    places: Mapping[str, Span],
    broken: Collection[str],
) -> list[Diagnostic]:
    """
    Every finding about tables and windows.

    Args:
        places: by file, where a document's `valid` stands.
        broken: files with errors. Their tables may lack rows, so no gap is claimed of them.
    """
    found: list[Diagnostic] = []
    seen: set[tuple[str, Span]] = set()
    for plan in plans:
        for asked in tables_of(plan):
            key = asked.table.label, asked.table.span
            if key not in seen:
                seen.add(key)
                found += _of_table(asked, zone, broken)
    return [*found, *holes_in_time(plans, places, zone)]


def _of_table(asked: Asked, zone: ZoneInfo, broken: Collection[str]) -> list[Diagnostic]:
    grid = asked.grid
    found = [*overlaps(grid, zone), *said_dead(grid)]
    files = {asked.table.span.file, *(row.span.file for row in asked.table.rows)}
    if asked.blocks is not None and not files & set(broken):
        found += gaps(grid, zone, asked.blocks)
    if not any(d.severity == "error" for d in found):
        found += spare(grid, zone)
    return [*found, *_opaque(grid)]


def _opaque(grid: Grid) -> Iterator[Diagnostic]:
    rows = opaque_rows(grid)
    if rows and grid.table.hit != "collect" and len(grid.table.rows) > 1:
        names = ", ".join(f"`{grid.table.rows[row].id}`" for row in rows[:3])
        more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        verb = "matches" if len(rows) == 1 else "match"
        yield Diagnostic(
            "OPAQUE_CONDITION",
            f"what {names}{more} {verb} is not analysed: `matches` and `has` are opaque",
            grid.table.rows[rows[0]].span,
            "lists and `starts_with` are analysed",
            "note",
        )


def tables_of(plan: AccountPlan) -> Iterator[Asked]:
    """Every table of a plan, with the step's `when` and what a gap in it would do."""
    for decision in plan.decisions:
        yield Asked(decision.table, _domains(plan.scope, decision.table, ALWAYS_VALID), None, None)
    for number, step in enumerate(plan.steps):
        if isinstance(step, SetStep) and step.table is not None:
            domains = _domains(plan.scope, step.table, plan.documents[step.document].window)
            is_asked = step.phase == "base" and not _is_lifted(plan, number)
            yield Asked(step.table, domains, step.when, NO_RULE if is_asked else None)
    for fee in plan.fees:
        domains = _domains(plan.scope, fee.table, plan.documents[fee.document].window)
        # Fees are asked only of prices that there are.
        domains = {**domains, "price": Domain(low=0, is_nullable=False)}
        yield Asked(fee.table, domains, None, "NO_FEE")
    for mapping in plan.mappings:
        if mapping.category is not None:
            window = plan.documents[mapping.document].window
            domains = _domains(plan.scope, mapping.category, window)
            yield Asked(mapping.category, domains, None, NO_RULE)
    for inventory in plan.inventories:
        if isinstance(inventory.safety, TablePlan):
            window = plan.documents[inventory.document].window
            domains = _domains(plan.scope, inventory.safety, window)
            yield Asked(inventory.safety, domains, None, NO_RULE)


def _is_lifted(plan: AccountPlan, number: int) -> bool:
    """Whether a later base step sets the price of every offer, whatever this one leaves open."""
    return any(
        isinstance(step, SetStep)
        and step.phase == "base"
        and step.when is None
        and (step.table is None or step.table.has_otherwise)
        and any(name == "price" for name, _ in step.sets)
        and plan.documents[step.document].window == ALWAYS_VALID
        for step in plan.steps[number + 1 :]
    )


def _domains(scope: Scope, table: TablePlan, window: Window) -> dict[str, Domain]:
    """What is known of the facts that a table may test."""
    found = {name: Domain(is_nullable=False) for name in scope.always}
    for name, (low, high) in scope.bounds.items():
        found[name] = Domain(low, high, None, name not in scope.always)
    for name, words in scope.names.items():
        found[name] = replace(found.get(name, Domain()), words=tuple(words))
    return {**found, "as_of": _time(table, window)}


def _time(table: TablePlan, window: Window) -> Domain:
    """The moments at which the table counts: its document's, from the first row's start on."""
    starts = [row.window[0] for row in table.rows]
    known = [start for start in starts if start is not None]
    lows = [low for low in (window[0], min(known) if len(known) == len(starts) and known else None)
            if low is not None]  # fmt: skip
    high = None if window[1] is None else window[1] - 1
    return Domain(max(lows, default=None), high, None, False)
