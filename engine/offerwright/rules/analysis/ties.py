"""
Facts that are not free of each other: one is computed from the other, or both from a third.

Analysis takes every fact to have any of its values whatever the others have. Of a box that narrows
two facts that are tied nobody knows whether some offer lies in it, so nothing is claimed of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

from offerwright.expressions.syntax import columns
from offerwright.rules.analysis.grid import Box, Grid
from offerwright.rules.plan import AccountPlan

Behind = Mapping[str, frozenset[str]]
"""By computed fact: the facts that it is computed from."""


FREE: Behind = {}
"""No fact is computed from another."""


def behind(plan: AccountPlan) -> Behind:
    """What derived facts and the results of decisions are computed from, in the end."""
    found: dict[str, frozenset[str]] = {}
    for name, typed in plan.derived:
        found[name] = _read(columns(typed), found)
    for decision in plan.decisions:
        for name, typed in decision.derived:
            found[name] = _read(columns(typed), found)
        read = _read(decision.names, found)
        found.update((name, read) for name, _ in decision.results)
    return found


def _read(names: Iterable[str], found: Behind) -> frozenset[str]:
    """The facts behind these names. An age is free of `as_of`, since it has a day of its own."""
    read = frozenset[str]().union(*(_of(name, found) for name in names))
    return read - {"as_of"} or read


def _of(name: str, found: Behind) -> frozenset[str]:
    return found.get(name) or frozenset({"as_of" if name == "today" else name})


def tied(grid: Grid, box: Box, found: Behind) -> str | None:
    """Two tied facts that a box narrows, as part of a sentence; None = all are free."""
    narrowed = [
        column.fact
        for column, chosen in zip(grid.columns, box, strict=True)
        if len(chosen) < len(column.segments)
    ]
    for one, other in combinations(narrowed, 2):
        if (one in found or other in found) and _of(one, found) & _of(other, found):
            return _said(one, other, found)
    return None


def _said(one: str, other: str, found: Behind) -> str:
    if other in found.get(one, ()):
        return f"`{one}` is computed from `{other}`"
    if one in found.get(other, ()):
        return f"`{other}` is computed from `{one}`"
    common = min(_of(one, found) & _of(other, found))
    return f"`{one}` and `{other}` are both computed from `{common}`"
