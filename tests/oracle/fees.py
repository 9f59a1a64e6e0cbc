"""Fees (section 8) and the gross-up over their price bands (section 5), in exact fractions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle.cells import literal
from oracle.documents import fee_tables
from oracle.tables import decide
from oracle.values import Fault, ceiling_of, exact, floor_of
from oracle.world import Document, World


@dataclass(frozen=True)
class Schedule:
    """All fee tables in force for one offer. `unit` is the currency unit, such as 1/100."""

    tables: tuple[Mapping[str, Any], ...]
    world: World
    unit: Fraction


@dataclass(frozen=True)
class Rates:
    """What is taken of a price P: rate × P + fixed."""

    rate: Fraction
    fixed: Fraction


@dataclass(frozen=True)
class Target:
    """What must be left of P after fees: at least `needed` + `margin` × P."""

    needed: Fraction
    margin: Fraction


def schedule_of(documents: Iterable[Document], world: World, unit: Fraction) -> Schedule:
    return Schedule(tuple(table for _, table in fee_tables(documents, world)), world, unit)


def rates_at(schedule: Schedule, price: Fraction) -> Rates:
    """The rates for a price the buyer pays. Raises Fault with all reasons why they are not known."""
    world = schedule.world.extended({"price": exact(price)})
    rate = fixed = Fraction(0)
    codes: set[str] = set() if schedule.tables else {"NO_FEE"}
    for table in schedule.tables:
        try:
            values = decide(table, world).values
        except Fault as fault:
            codes |= fault.codes
            continue
        if values is None:
            codes.add("NO_FEE")
        elif any(value is None for value in values.values()):
            codes.add("MISSING_VALUE")
        else:
            rate += Fraction(values.get("rate", 0))
            fixed += Fraction(values.get("fee", 0))
    if codes:
        raise Fault(*codes)
    return Rates(rate, fixed)


def meets(schedule: Schedule, price: Fraction, target: Target) -> bool:
    """Whether P − fees(P) ≥ needed + margin × P, tested directly. A price without a fee does not."""
    try:
        rates = rates_at(schedule, price)
    except Fault:
        return False
    left = price - (rates.rate * price + rates.fixed)
    return left >= target.needed + target.margin * price


def solution_at(schedule: Schedule, price: Fraction, target: Target) -> Fraction | None:
    """The P that leaves exactly the target with the fees of this price; None if there is none."""
    try:
        rates = rates_at(schedule, price)
    except Fault:
        return None
    share = 1 - rates.rate - target.margin
    return (target.needed + rates.fixed) / share if share > 0 else None


def least_price(schedule: Schedule, target: Target) -> Fraction:
    """The least price in whole currency units that meets the target.

    Raises Fault when no bracket with known fees holds a price: with the reasons of the brackets
    whose fees are not known, if there are any, else NO_PRICE_MEETS_MARGIN.
    """
    unknown: set[str] = set()
    solutions: list[int] = []
    for low, high in brackets(schedule):
        try:
            rates = rates_at(schedule, low * schedule.unit)
        except Fault as fault:
            unknown |= fault.codes
            continue
        share = 1 - rates.rate - target.margin
        if share > 0:
            solution = (target.needed + rates.fixed) / share
            units = max(low, ceiling_of(solution / schedule.unit))
            if high is None or units < high:
                solutions.append(units)
    if not solutions:
        raise Fault(*(unknown or {"NO_PRICE_MEETS_MARGIN"}))
    return min(solutions) * schedule.unit


def least_price_by_search(schedule: Schedule, target: Target, below: Fraction) -> Fraction | None:
    """The same answer cent by cent: the first price from 0 that meets the target; slow, for tests."""
    for units in range(ceiling_of(below / schedule.unit)):
        if meets(schedule, units * schedule.unit, target):
            return units * schedule.unit
    return None


def brackets(schedule: Schedule) -> list[tuple[int, int | None]]:
    """[low, high) in whole units, between which no test of `price` changes; the last is open."""
    edges = {0}
    for cut in cut_points(schedule):
        units = cut / schedule.unit
        # A test may change at the cut itself (`< 79`) or just above it (`<= 79`).
        edges |= {ceiling_of(units), floor_of(units) + 1}
    lows = sorted(edge for edge in edges if edge >= 0)
    return list(zip(lows, [*lows[1:], None], strict=True))


def cut_points(schedule: Schedule) -> list[Fraction]:
    """All prices that a fee's `when` names, ascending."""
    found = {
        Fraction(number)
        for table in schedule.tables
        for row in table.get("rules") or []
        for cell in _price_cells(row.get("when"))
        for number in _numbers(cell, schedule.world)
    }
    return sorted(found)


def _price_cells(when: Any) -> Iterator[Any]:
    for key, cell in (when or {}).items():
        if key == "price":
            yield cell
        elif key in ("any", "all"):
            for inner in cell:
                yield from _price_cells(inner)
        elif key == "not":
            yield from _price_cells(cell)


def _numbers(cell: Any, world: World) -> Iterator[Decimal]:
    if isinstance(cell, list):
        for inner in cell:
            yield from _numbers(inner, world)
    elif isinstance(cell, Mapping):
        for inner in cell.values():
            yield from _numbers(inner, world)
    elif isinstance(cell, str):
        if cell not in ("missing", "present"):
            for written in cell.split(".."):
                yield literal(written.strip(" <>=[]()"), "money", world)
    elif cell is not None:
        yield Decimal(cell)
