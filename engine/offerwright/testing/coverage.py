"""What a run of cases has and has not reached, in rows, boundaries and branches, never in lines."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from offerwright.errors import Span
from offerwright.facts.schema import FactSchema
from offerwright.rules.plan import AccountPlan, RuleSet, TablePlan
from offerwright.testing.run import Outcome
from offerwright.testing.seen import Seen
from offerwright.testing.segments import Domain, Range, Sides, sides
from offerwright.testing.tables import OTHERWISE, RuleTable, TableKey, rule_tables

Kind = Literal["row", "boundary", "branch"]
KINDS: tuple[Kind, ...] = ("row", "boundary", "branch")
UnitKey = tuple[TableKey, Kind, str]
TRUE, FALSE, RAN = "when true", "when false", "ran"
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

    @property
    def key(self) -> UnitKey:
        return self.table, self.kind, self.name


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

    def of_files(self, files: Container[str]) -> Coverage:
        """The part of it that stands in these files: documents, or the CSV files of their rows."""
        kept = (t for t in self.tables if t.table.info.file in files or t.table.file in files)
        return Coverage(tuple(kept))


def percent(hit: int, every: int) -> int:
    """Whole percents, rounded down, so that 100 means all of them."""
    return 100 if every == 0 else 100 * hit // every


@dataclass(frozen=True)
class Meter:
    """What can be reached in a rule set. Boundaries are cut once per table and kept."""

    rules: RuleSet
    domains: Mapping[TableKey, Domain]
    cut: dict[int, tuple[TablePlan, tuple[Sides, ...]]] = field(default_factory=dict)

    def sides(self, one: RuleTable, table: TablePlan) -> tuple[Sides, ...]:
        """The boundaries of a table, column by column."""
        found = self.cut.get(id(table))
        if found is None:
            # The table is held beside them so that its identity cannot be taken over.
            found = self.cut[id(table)] = (table, sides(table, self.domains[one.rows_key]))
        return found[1]

    def units(self) -> list[tuple[RuleTable, tuple[Unit, ...]]]:
        """Everything that can be reached, by table, in the order of the files."""
        merged: dict[TableKey, tuple[RuleTable, dict[UnitKey, Unit]]] = {}
        for plan in self.rules.plans:
            for one in rule_tables(plan):
                if one.info.file.startswith(RULES):
                    _, held = merged.setdefault(one.key, (one, {}))
                    for unit in self._units(one):
                        held.setdefault(unit.key, unit)
        taken: set[UnitKey] = set()
        found = []
        for table, held in merged.values():
            # Rows of a CSV file stand under the first document that names it.
            found.append((table, tuple(u for key, u in held.items() if key not in taken)))
            taken |= held.keys()
        return sorted(found, key=lambda pair: (pair[0].info.file, pair[0].span, pair[0].key))

    def _units(self, one: RuleTable) -> Iterator[Unit]:
        if one.when is not None:
            yield Unit(one.key, "branch", TRUE, one.when.span)
            yield Unit(one.key, "branch", FALSE, one.when.span)
        elif one.source is not None:
            yield Unit(one.key, "branch", RAN, one.span)
        if one.table is None:
            return
        for row in one.table.rows:
            yield Unit(one.rows_key, "row", row.id, row.span)
        if one.table.has_otherwise:
            yield Unit(one.key, "row", OTHERWISE, one.span)
        for column in self.sides(one, one.table):
            for boundary in column.boundaries:
                yield Unit(one.rows_key, "boundary", boundary.name, one.span)

    def reached(self, outcomes: Iterable[Outcome]) -> frozenset[UnitKey]:
        """What these cases reach, together."""
        found: set[UnitKey] = set()
        for outcome in outcomes:
            for one in outcome.seen:
                found |= set(self._hits(one, outcome.row, outcome.offers.schedule.as_of))
        return frozenset(found)

    def _hits(self, seen: Seen, row: int, as_of: int) -> Iterator[UnitKey]:
        one = seen.table
        if one.when is not None:
            yield one.key, "branch", TRUE if seen.holds[row] else FALSE
        elif one.source is not None and seen.active[row]:
            yield one.key, "branch", RAN
        for number in seen.fired(row):
            name = one.row_id(number)
            yield one.key if name == OTHERWISE else one.rows_key, "row", name
        if seen.found is None or not seen.active[row]:
            return
        yield one.rows_key, "boundary", ASKED
        columns = self.sides(one, seen.found.table)
        values = seen.values(row)
        # One column more than the table has axes is that of the rows' windows.
        for column, value in zip(columns, (*values, as_of)[: len(columns)], strict=True):
            for name in column.met(value):
                yield one.rows_key, "boundary", name


def meter_of(rules: RuleSet, schema: FactSchema) -> Meter:
    """The meter of a linked repository."""
    return Meter(rules, domain_of(rules, schema))


def covered(outcomes: Sequence[Outcome], rules: RuleSet, schema: FactSchema) -> Coverage:
    """
    The coverage of cases that have run.

    Rows and branches of every table and step count, boundaries those of tables that some case
    reaches: a column that is never looked at says nothing about its cut points.
    """
    meter = meter_of(rules, schema)
    reached = meter.reached(outcomes)
    asked = {table for table, _, name in reached if name == ASKED}
    found = []
    for table, units in meter.units():
        counted = [u for u in units if u.kind != "boundary" or u.table in asked]
        missed = [u for u in counted if u.key not in reached]
        found.append(Counted(table, tuple(counted), tuple(missed)))
    return Coverage(tuple(found))


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
            ZoneInfo(rules.time_zone),
        )
        for key, using in plans.items()
    }


def _engine_words(plans: Sequence[AccountPlan]) -> Mapping[str, tuple[str, ...]]:
    accounts = [plan.account for plan in plans]
    return {
        "account": tuple(dict.fromkeys(a.name for a in accounts)),
        "marketplace": tuple(dict.fromkeys(a.marketplace for a in accounts)),
        "currency": tuple(dict.fromkeys(a.currency for a in accounts)),
        "trade_policy": tuple(dict.fromkeys(a.trade_policy for a in accounts if a.trade_policy)),
    }
