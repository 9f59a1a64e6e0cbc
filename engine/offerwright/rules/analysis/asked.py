"""A plan → its tables, with the offers that reach each of them and what a gap in it would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from offerwright.expressions.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    IsMissing,
    IsPresent,
    Test,
)
from offerwright.expressions.syntax import Const
from offerwright.expressions.types import Type
from offerwright.expressions.typing import Scope
from offerwright.rules.analysis.grid import Grid, grid_of
from offerwright.rules.analysis.segments import Domain
from offerwright.rules.plan import AccountPlan, DecisionPlan, SetStep, TablePlan
from offerwright.rules.rows import ALWAYS_VALID, Window

NO_RULE = "NO_RULE_MATCHES"
Role = Literal["decision", "step", "base", "fee", "category", "safety"]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A table and what is asked of it.

    `blocks` None = an offer that no row matches is fine. `reach` is what holds of every offer that
    the table is asked about, besides `when`: the `for` of its document.
    """

    table: TablePlan
    domains: Mapping[str, Domain]
    when: TablePlan | None
    blocks: str | None
    role: Role = "decision"
    document: int | None = None
    step: int | None = None
    """The place of its step in the plan."""
    reach: Condition = ALWAYS

    @property
    def grid(self) -> Grid:
        return grid_of(self.table, self.domains, self.when, self.reach)

    @property
    def facts(self) -> dict[str, Type]:
        """The facts that the table and its step test."""
        tables = (self.table, self.when) if self.when is not None else (self.table,)
        return {axis.fact: axis.type for table in tables for axis in table.axes}


def tables_of(plan: AccountPlan) -> Iterator[Asked]:
    """Every table of a plan."""
    for asked in _tables_of(plan):
        document = None if asked.document is None else plan.documents[asked.document]
        window = ALWAYS_VALID if document is None else document.window
        only = None if document is None else document.only
        facts = asked.facts if only is None else {**asked.facts, **_facts(only)}
        domains = {**_domains(plan, facts), **asked.domains, "as_of": _time(asked.table, window)}
        yield replace(asked, domains=domains, reach=AllOf((*holding(only), *_maps(facts))))


def holding(*conditions: TablePlan | None) -> tuple[Condition, ...]:
    """What these conditions ask, each a table of one row; None asks nothing."""
    return tuple(row.condition for one in conditions if one is not None for row in one.rows)


def _tables_of(plan: AccountPlan) -> Iterator[Asked]:
    """Every table of a plan, with only those domains that are its own."""
    for decision in plan.decisions:
        yield Asked(decision.table, {}, None, None)
    for number, step in enumerate(plan.steps):
        if isinstance(step, SetStep) and step.table is not None:
            is_base = step.phase == "base"
            yield Asked(step.table, {}, step.when, NO_RULE if is_base else None,
                        "base" if is_base else "step", step.document, number)  # fmt: skip
    for fee in plan.fees:
        # Fees are asked only of prices that there are.
        prices = {"price": Domain(low=0, is_nullable=False)}
        yield Asked(fee.table, prices, None, "NO_FEE", "fee", fee.document)
    for mapping in plan.mappings:
        if mapping.category is not None:
            yield Asked(mapping.category, {}, None, NO_RULE, "category", mapping.document)
    for inventory in plan.inventories:
        if isinstance(inventory.safety, TablePlan):
            yield Asked(inventory.safety, {}, None, NO_RULE, "safety", inventory.document)


def _facts(table: TablePlan) -> dict[str, Type]:
    return {axis.fact: axis.type for axis in table.axes}


def _maps(facts: Mapping[str, Type]) -> Iterator[Condition]:
    """A map is missing where all its keys are, so none of them can be there without it."""
    for name, type_ in facts.items():
        keys = [key for key in facts if type_.name == "map" and key.startswith(f"{name}.")]
        if keys:
            none = (Test(key, facts[key], (IsMissing(),)) for key in (name, *keys))
            yield AnyOf((Test(name, type_, (IsPresent(),)), AllOf(tuple(none))))


def _domains(plan: AccountPlan, facts: Mapping[str, Type]) -> dict[str, Domain]:
    """What is known of the facts that a table may test."""
    scope = plan.scope
    found = {name: Domain(is_nullable=False) for name in scope.always}
    for name in (*scope.bounds, *(fact for fact in facts if "." in fact)):
        low, high = _bounds(scope, name)
        found[name] = Domain(low, high, None, name not in scope.always)
    for decision in plan.decisions:
        for name, words in _decided(decision):
            found[name] = replace(found.get(name, Domain()), words=words)
    for name, words in scope.names.items():
        found[name] = replace(found.get(name, Domain()), words=tuple(words))
    return found


def _bounds(scope: Scope, name: str) -> tuple:  # type: ignore[type-arg]
    """The bounds of a fact; those of a map hold for each of its keys."""
    return scope.bounds.get(name) or scope.bounds.get(name.partition(".")[0]) or (None, None)


def _decided(decision: DecisionPlan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The words that the cells of a decision give, where all of them are written out."""
    for result in decision.table.results:
        words = [c.value for c in result.choices if isinstance(c, Const)]
        texts = tuple(word for word in words if isinstance(word, str))
        if result.type.name == "text" and len(texts) == len(result.choices):
            yield result.name, tuple(dict.fromkeys(texts))


def _time(table: TablePlan, window: Window) -> Domain:
    """The moments at which the table counts: its document's, from the first row's start on."""
    starts = [row.window[0] for row in table.rows]
    known = [start for start in starts if start is not None]
    lows = [low for low in (window[0], min(known) if len(known) == len(starts) and known else None)
            if low is not None]  # fmt: skip
    high = None if window[1] is None else window[1] - 1
    return Domain(max(lows, default=None), high, None, False)
