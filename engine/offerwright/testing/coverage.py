"""What a run of cases has and has not reached, in rows, boundaries and branches, never in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from offerwright.errors import Span
from offerwright.facts.schema import FactSchema
from offerwright.rules.plan import AccountPlan, RuleSet
from offerwright.testing.run import Outcome
from offerwright.testing.seen import Seen
from offerwright.testing.segments import Domain, Range, boundaries
from offerwright.testing.tables import OTHERWISE, RuleTable, TableKey, rule_tables

Kind = Literal["row", "boundary", "branch"]
KINDS: tuple[Kind, ...] = ("row", "boundary", "branch")
ASKED = ""
"""The name under which it is kept that a table was looked at."""
RULES = "rules/"
"""Documents elsewhere, the schedules that ship with marketplaces, are not the shop's to test."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that a case can reach. `name` is unique in its table for its kind."""

    table: TableKey
    kind: Kind
    name: str
    span: Span


Reached = frozenset[tuple[TableKey, Kind, str]]


@dataclass(frozen=True, slots=True)
class Counted:
    """All units of one table, and those that no case has reached."""

    table: RuleTable
    units: tuple[Unit, ...]
    missed: tuple[Unit, ...]

    def count(self, kind: Kind) -> tuple[int, int]:
        """How many units of a kind were reached, and of how many."""
        every = sum(u.kind == kind for u in self.units)
        return every - sum(u.kind == kind for u in self.missed), every


@dataclass(frozen=True, slots=True)
class Coverage:
    """The tables of all documents of the shop, by file and place."""

    tables: tuple[Counted, ...]

    def count(self, kind: Kind) -> tuple[int, int]:
        counts = [one.count(kind) for one in self.tables]
        return sum(hit for hit, _ in counts), sum(every for _, every in counts)

    @property
    def missed(self) -> tuple[Unit, ...]:
        return tuple(unit for one in self.tables for unit in one.missed)


def percent(hit: int, every: int) -> int:
    """Whole percents, rounded down, so that 100 means all of them."""
    return 100 if every == 0 else 100 * hit // every


def covered(outcomes: Sequence[Outcome], rules: RuleSet, schema: FactSchema) -> Coverage:
    """
    The coverage of cases that have run.

    Rows and branches of every table and step count, boundaries those of tables that some case
    reaches: a column that is never looked at says nothing about its cut points.
    """
    reached = reached_by(outcomes, rules, schema)
    asked = {table for table, _, name in reached if name == ASKED}
    found = []
    for table, units in all_units(rules, schema):
        counted = [u for u in units if u.kind != "boundary" or u.table in asked]
        missed = [u for u in counted if (u.table, u.kind, u.name) not in reached]
        found.append(Counted(table, tuple(counted), tuple(missed)))
    return Coverage(tuple(found))


def all_units(rules: RuleSet, schema: FactSchema) -> list[tuple[RuleTable, tuple[Unit, ...]]]:
    """Everything that can be reached, by table, in the order of the files."""
    merged: dict[TableKey, tuple[RuleTable, dict[tuple[TableKey, Kind, str], Unit]]] = {}
    domain = domain_of(rules, schema)
    for plan in rules.plans:
        for one in rule_tables(plan):
            if not one.info.file.startswith(RULES):
                continue
            _, held = merged.setdefault(one.key, (one, {}))
            for unit in _units(one, domain[one.rows_key]):
                held.setdefault((unit.table, unit.kind, unit.name), unit)
    taken: set[tuple[TableKey, Kind, str]] = set()
    found = []
    for table, held in merged.values():
        # Rows of a CSV file stand under the first document that names it.
        found.append((table, tuple(u for key, u in held.items() if key not in taken)))
        taken |= held.keys()
    return sorted(found, key=lambda pair: (pair[0].info.file, pair[0].span, pair[0].key))


def _units(one: RuleTable, domain: Domain) -> Iterator[Unit]:
    if one.when is not None:
        yield Unit(one.key, "branch", "when true", one.when.span)
        yield Unit(one.key, "branch", "when false", one.when.span)
    elif one.source is not None:
        yield Unit(one.key, "branch", "ran", one.span)
    if one.table is None:
        return
    for row in one.table.rows:
        yield Unit(one.rows_key, "row", row.id, row.span)
    if one.table.has_otherwise:
        yield Unit(one.key, "row", OTHERWISE, one.span)
    for boundary in boundaries(one.table, domain):
        yield Unit(one.rows_key, "boundary", f"{boundary.fact} {boundary.side}", one.span)


def reached_by(outcomes: Sequence[Outcome], rules: RuleSet, schema: FactSchema) -> Reached:
    """What these cases reach, together."""
    domain = domain_of(rules, schema)
    found: set[tuple[TableKey, Kind, str]] = set()
    for outcome in outcomes:
        for one in outcome.seen:
            found |= set(_hits(one, outcome.row, domain[one.table.rows_key]))
    return frozenset(found)


def _hits(seen: Seen, row: int, domain: Domain) -> Iterator[tuple[TableKey, Kind, str]]:
    one = seen.table
    if one.when is not None:
        yield one.key, "branch", "when true" if seen.holds[row] else "when false"
    elif one.source is not None and seen.active[row]:
        yield one.key, "branch", "ran"
    for number in seen.fired(row):
        name = one.row_ids[number]
        yield one.key if name == OTHERWISE else one.rows_key, "row", name
    if seen.found is None or not seen.active[row]:
        return
    yield one.rows_key, "boundary", ASKED
    values = dict(zip((id(axis) for axis in seen.found.table.axes), seen.values(row), strict=True))
    for boundary in boundaries(seen.found.table, domain):
        if boundary.is_met(values[id(boundary.axis)]):
            yield one.rows_key, "boundary", f"{boundary.fact} {boundary.side}"


def domain_of(rules: RuleSet, schema: FactSchema) -> Mapping[TableKey, Domain]:
    """
    By `rows_key` of a table, what the facts in it can be.

    Bounds are those of their declarations; accounts, marketplaces and currencies those of the
    accounts that use the table; a price in a table of fees is what a buyer pays, more than nothing.
    """
    ranges = {
        name: Range(fact.minimum, fact.maximum)
        for name, fact in schema.facts.items()
        if fact.minimum is not None or fact.maximum is not None
    }
    plans: dict[TableKey, list[AccountPlan]] = {}
    parts: dict[TableKey, str] = {}
    for plan in rules.plans:
        for one in rule_tables(plan):
            plans.setdefault(one.rows_key, []).append(plan)
            parts[one.rows_key] = one.part
    paid = Range(low=0, low_included=False)
    return {
        key: Domain(
            {**ranges, "price": paid, "sale_price": paid} if parts[key] == "fees" else ranges,
            _engine_words(using),
        )
        for key, using in plans.items()
    }


def _engine_words(plans: Sequence[AccountPlan]) -> Mapping[str, tuple[str, ...]]:
    accounts = [plan.account for plan in plans]
    return {
        "account": tuple(dict.fromkeys(a.name for a in accounts)),
        "marketplace": tuple(dict.fromkeys(a.marketplace for a in accounts)),
        "currency": tuple(dict.fromkeys(a.currency for a in accounts)),
    }
