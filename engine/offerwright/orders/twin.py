"""
The matching in plain Python: the masks of the tables, ANDed fact by fact.

It is what durable-rules is held against, and what answers where that is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from offerwright.orders.question import Answer, Facts, Filter, Question, Scalar
from offerwright.rules.axes import Axis, OrderedAxis, word_mask
from offerwright.rules.plan import TablePlan


@dataclass(frozen=True, slots=True)
class Twin:
    """Answers questions for one set of filters."""

    filters: Sequence[Filter]

    def __call__(self, question: Question) -> Answer:
        given: dict[int, dict[int, int]] = {}
        for node, sku, free in question.offers:
            given.setdefault(node, {})[sku] = free
        return tuple(
            frozenset(
                node
                for node, held in given.items()
                if has_stock(one, question.needs, held) and passes(one.where, question.facts[node])
            )
            for one in self.filters
        )


def has_stock(one: Filter, needs: Sequence[int], held: dict[int, int]) -> bool:
    """Whether a node has what a filter asks for: all units of every SKU, or one of any."""
    if one.stock_for == "every_line":
        return all(held.get(sku, 0) >= units for sku, units in enumerate(needs))
    return any(free >= 1 for free in held.values())


def passes(where: TablePlan | None, facts: Facts) -> bool:
    """Whether the condition of a `where` is true of a node."""
    return where is None or bool(open_parts(where, facts))


def open_parts(where: TablePlan, facts: Facts) -> int:
    """The alternatives of a `where` that are true of a node, as a mask."""
    mask = (1 << len(where.row_of)) - 1
    for axis in where.axes:
        mask &= accepted(axis, facts[axis.fact])
    return mask


def accepted(axis: Axis, value: Scalar | None) -> int:
    """The alternatives that accept a value on one axis."""
    if value is None:
        return axis.missing
    if not isinstance(axis, OrderedAxis):
        return word_mask(axis, value)
    if isinstance(value, str | tuple):
        return 0
    return axis.masks[axis.segment(value)]
