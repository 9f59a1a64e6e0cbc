"""
Conditions as values: tests of one fact, joined by all-of and any-of, with every `not` pushed in.

A `Test` is true when one of its atoms is true (negated: when all of them are false). On a missing
value every atom but `IsMissing` and `IsPresent` is unknown. De Morgan and distribution hold in
three-valued logic, so a condition may be rewritten into alternatives of plain conjunctions without
changing when it is true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import TypeAlias

from offerwright.expressions.types import Type

Number: TypeAlias = Decimal | int
Value: TypeAlias = Decimal | int | str | bool


@dataclass(frozen=True, slots=True)
class Equal:
    value: Value


@dataclass(frozen=True, slots=True)
class Within:
    """From `low` to `high`; None = open-ended."""

    low: Number | None
    high: Number | None
    low_included: bool = True
    high_included: bool = False


@dataclass(frozen=True, slots=True)
class Under:
    path: str


@dataclass(frozen=True, slots=True)
class StartsWith:
    prefix: str


@dataclass(frozen=True, slots=True)
class Matches:
    pattern: str


@dataclass(frozen=True, slots=True)
class Has:
    """Some element of a list passes the test."""

    test: Condition


@dataclass(frozen=True, slots=True)
class IsMissing:
    pass


@dataclass(frozen=True, slots=True)
class IsPresent:
    pass


Atom: TypeAlias = Equal | Within | Under | StartsWith | Matches | Has | IsMissing | IsPresent


@dataclass(frozen=True, slots=True)
class Test:
    """One fact against a set of atoms."""

    fact: str
    type: Type
    atoms: tuple[Atom, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


Condition: TypeAlias = Test | AllOf | AnyOf
ALWAYS = AllOf(())


def negate(condition: Condition) -> Condition:
    """The condition that is true where this one is false (unknown stays unknown)."""
    if isinstance(condition, Test):
        return replace(condition, negated=not condition.negated)
    parts = tuple(negate(part) for part in condition.parts)
    return AnyOf(parts) if isinstance(condition, AllOf) else AllOf(parts)


def renamed(condition: Condition, names: Mapping[str, str]) -> Condition:
    """The condition over the columns that these names stand for."""
    if isinstance(condition, Test):
        other = names.get(condition.fact)
        return condition if other is None else replace(condition, fact=other)
    if not names:
        return condition
    parts = tuple(renamed(part, names) for part in condition.parts)
    return replace(condition, parts=parts)


def tests(condition: Condition) -> Iterator[Test]:
    """All tests of a condition, in written order."""
    if isinstance(condition, Test):
        yield condition
        return
    for part in condition.parts:
        yield from tests(part)


def alternatives(condition: Condition) -> list[tuple[Test, ...]]:
    """The condition as "one of these conjunctions"; each conjunction is a tuple of tests."""
    if isinstance(condition, Test):
        return [(condition,)]
    if isinstance(condition, AnyOf):
        return [part for option in condition.parts for part in alternatives(option)]
    for part in condition.parts:
        if type(part) is not Test:
            break
    else:
        return [condition.parts]  # type: ignore[list-item]
    return [
        tuple(test for conjunction in choice for test in conjunction)
        for choice in product(*(alternatives(part) for part in condition.parts))
    ]
