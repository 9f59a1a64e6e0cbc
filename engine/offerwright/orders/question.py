"""
What the two matching engines are asked about one order, and what they answer.

A question holds integers, texts and truth values only; both engines must give the same answer to
every question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths
from offerwright.expressions.types import Type
from offerwright.money import decimal
from offerwright.rules.plan import TablePlan
from offerwright.rules.routing_plan import RoutingPlan, StockTest

Scalar: TypeAlias = Decimal | int | str | bool | tuple[Decimal | int | str | bool, ...]
Facts: TypeAlias = Mapping[str, Scalar | None]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which nodes an attempt takes."""

    attempt: str
    where: TablePlan | None
    stock_for: StockTest


@dataclass(frozen=True, slots=True)
class Question:
    """
    One order against its candidate nodes.

    `needs` are units by SKU, `offers` what a node can give of a SKU that is needed: the numbers
    stand for the order's SKUs in the order of `needs`. `facts` are those that the filters test, by
    node; None is missing.
    """

    needs: tuple[int, ...]
    offers: tuple[tuple[int, int, int], ...]
    facts: Mapping[int, Facts]


Answer: TypeAlias = tuple[frozenset[int], ...]
"""For every filter: the nodes that pass it and have what it asks for."""


class Matcher(Protocol):
    """An engine that answers questions for one set of filters."""

    def __call__(self, question: Question) -> Answer: ...


def filters_of(plan: RoutingPlan) -> tuple[Filter, ...]:
    """The filters of all attempts of a plan, in order."""
    return tuple(Filter(a.id, a.where, a.stock_for) for a in plan.attempts)


def tested_facts(filters: Sequence[Filter]) -> dict[str, Type]:
    """The facts that the filters test, with their types, in order of appearance."""
    axes = [axis for one in filters if one.where is not None for axis in one.where.axes]
    return {axis.fact: axis.type for axis in axes}


def scalars(column: Column, type_: Type) -> list[Scalar | None]:
    """A column as Python values: decimals in the type's own unit, times as integers."""
    there = c.known(column).tolist()
    if isinstance(column, Decimals):
        held: dict[int, Decimal | int] = {}
        for value in set(column.values.tolist()):
            held[value] = decimal(value, column.scale) if type_.is_decimal else value
        values: list[Scalar] = [held[value] for value in column.values.tolist()]
    elif isinstance(column, Truths):
        values = [bool(value) for value in column.values.tolist()]
    elif isinstance(column, Lists):
        values = [column.vocabulary[code] if code >= 0 else () for code in column.codes.tolist()]
    else:
        values = [column.vocabulary[code] if code >= 0 else "" for code in column.codes.tolist()]
    return [value if known else None for value, known in zip(values, there, strict=True)]
