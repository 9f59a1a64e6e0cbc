"""Cases for what no test reaches, each tried out, with its expectations left to the author."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any

from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.testing.coverage import Meter, Unit, UnitKey, meter_of
from offerwright.testing.link import Bench
from offerwright.testing.run import Outcome
from offerwright.testing.solve import solved
from offerwright.testing.suggest_text import Suggestion, suggested_document
from offerwright.testing.tables import RuleTable, rule_tables
from offerwright.testing.trial import NAME, Trial, trial_of, tried
from offerwright.testing.witness import wanted

MOST_BASES = 3
MOST_TRIALS = 24


def suggestions(outcomes: Sequence[Outcome], bench: Bench, name: str = NAME) -> str:
    """
    A test document of this name, with a case for each row, boundary and branch that these cases do
    not reach.

    The cases begin with products of those that have run. Each was run and reaches what its comment
    says; a unit for which no product was found is named at the end.
    """
    search = _Search(bench, meter_of(bench.rules, bench.schema), tuple(outcomes))
    reached = set(search.meter.reached(outcomes))
    units_of = search.meter.units()
    wanted_keys = {unit.key for _, units in units_of for unit in units}
    found: list[Suggestion] = []
    left: list[Unit] = []
    for one, units in units_of:
        for unit in units:
            if unit.key in reached:
                continue
            case = search.case(one, unit)
            if case is None:
                left.append(unit)
                continue
            new = search.meter.reached([case.outcome]) & wanted_keys - reached
            reached |= new
            rows = frozenset(_row_name(key) for key in new if key[1] == "row")
            names = tuple(sorted(_names(new, unit.key)))
            found.append(replace(case, reaches=names, rows=rows))
    return suggested_document(found, [u for u in left if u.key not in reached], bench, name)


def _names(new: Set[UnitKey], main: UnitKey) -> Iterator[str]:
    """What else a case reaches that no case has reached before."""
    for key in new - {main}:
        (_, table, step), _, name = key
        yield f"{table}/{step} {name}" if step else f"{table} {name}"


def _row_name(key: UnitKey) -> str:
    """A name by which a test may name a row; one of a CSV file has no step of its own."""
    (kind, document, step), _, name = key
    return name if kind == "file" else f"{document}/{step}/{name}"


def _changed(trial: Trial, base: Trial) -> list[str]:
    """In what a trial differs from its base: `as_of`, `sku`, facts."""
    own, other = trial.product, base.product
    words = [*(["as_of"] if trial.as_of != base.as_of else []),
             *(["sku"] if own.sku != other.sku else [])]  # fmt: skip
    names = sorted({*own.facts, *other.facts})
    return [*words, *(name for name in names if own.facts.get(name) != other.facts.get(name))]


def _with_own(trial: Trial, base: Trial, name: str) -> Trial:
    """The trial with one of these as its base has it."""
    if name == "as_of":
        return replace(trial, as_of=base.as_of)
    if name == "sku":
        return replace(trial, product=replace(trial.product, sku=base.product.sku))
    return trial.giving({name: base.product.facts.get(name)})


@dataclass(frozen=True)
class _Search:
    """Where products are taken from, and what tells whether they reach a unit."""

    bench: Bench
    meter: Meter
    outcomes: tuple[Outcome, ...]

    def case(self, one: RuleTable, unit: Unit) -> Suggestion | None:
        """A case that reaches a unit; None where none was found."""
        trials = self._trials(one, unit)
        # Mostly the first one does, so that it is tried by itself.
        for size in (1, 4, MOST_TRIALS):
            some = list(islice(trials, size))
            results = tried([trial for trial, _, _ in some], self.bench)
            for (trial, base, table), outcome in zip(some, results, strict=True):
                if unit.key in self.meter.reached([outcome]):
                    return self._plainest(Suggestion(unit, table, trial, base, outcome))
        return None

    def _plainest(self, found: Suggestion) -> Suggestion:
        """The case with its base's own value wherever another one is not needed."""
        names = _changed(found.trial, found.base)
        for name in names if len(names) > 1 else ():
            trial = _with_own(found.trial, found.base, name)
            outcome = tried([trial], self.bench)[0]
            if found.unit.key in self.meter.reached([outcome]):
                found = replace(found, trial=trial, outcome=outcome)
        return found

    def _trials(self, one: RuleTable, unit: Unit) -> Iterator[tuple[Trial, Trial, RuleTable]]:
        for plan in self.bench.rules.plans:
            for table in rule_tables(plan):
                if one.key != table.key and one.rows_key != table.rows_key:
                    continue
                columns = () if table.table is None else self.meter.sides(table, table.table)
                for facts in wanted(unit, table, columns, plan):
                    for base in self._bases(plan.account.name, table):
                        for trial in solved(base, facts, table.key, self.bench):
                            yield trial, base, table

    def _bases(self, account: str, table: RuleTable) -> list[Trial]:
        """Products to begin with: those that reach the table on the account come first."""

        def rank(outcome: Outcome) -> tuple[bool, ...]:
            asked = any(s.table.key == table.key and s.active[outcome.row] for s in outcome.seen)
            has_price = outcome.offers.frame["price"][outcome.row] is not None
            return not asked, outcome.plan.account != account, not has_price

        best = sorted(self.outcomes, key=rank)
        bases: dict[Any, Trial] = {}
        for outcome in best:
            trial = _in_force(replace(trial_of(outcome), account=account), table)
            if outcome.plan.account != account:
                trial = replace(trial, live=None)
            bases.setdefault((repr(trial.product), trial.as_of), trial)
            if len(bases) == MOST_BASES:
                break
        return list(bases.values())


def _in_force(trial: Trial, table: RuleTable) -> Trial:
    """The trial at a moment at which the table's document is in force."""
    moment = microseconds(trial.as_of)
    start, end = table.info.window
    if start is not None and moment < start:
        moment = start
    elif end is not None and moment >= end:
        moment = end - 60_000_000
    return replace(trial, as_of=EPOCH + timedelta(microseconds=moment))
