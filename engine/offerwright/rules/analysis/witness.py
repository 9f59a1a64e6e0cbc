"""One offer per row that reaches it: what a test of the row may give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from offerwright.expressions.conditions import Number
from offerwright.expressions.types import Type
from offerwright.rules.analysis.cover import NotProved, uncovered
from offerwright.rules.analysis.grid import Box, Grid
from offerwright.rules.analysis.segments import Column, Segment
from offerwright.rules.analysis.words import sample


@dataclass(frozen=True, slots=True)
class Given:
    """One fact of an offer. `value` None = missing: percent 0.12, dates as days, see `plan`."""

    type: Type
    value: Number | str | bool | None


def reaching(grid: Grid, row: int) -> Mapping[str, Given] | None:
    """
    Facts of an offer for which a row wins; None where none was found.

    Facts that the table and the step's `when` do not test are not there: any value will do.
    """
    for part in (p for p, r in enumerate(grid.row_of) if r == row):
        for box in grid.asked(part):
            point = _point(grid, box, _rivals(grid, row))
            if point is not None:
                return _given(grid.columns, box, point)
    return None


def _rivals(grid: Grid, row: int) -> int:
    """The parts that would take the offer from the row, or block it."""
    if grid.table.hit == "collect":
        return 0
    rivals = 0
    for part, other in enumerate(grid.row_of):
        if other < row or (other != row and grid.table.hit != "first"):
            rivals |= 1 << part
    return rivals


def beside(grid: Grid, row: int, column: int, segment: int) -> Mapping[str, Given] | None:
    """Facts of an offer for which a row wins with its fact in one segment of a column."""
    for part in (p for p, r in enumerate(grid.row_of) if r == row):
        for box in grid.asked(part):
            if segment not in box[column]:
                continue
            narrowed: Box = (*box[:column], (segment,), *box[column + 1 :])
            point = _point(grid, narrowed, _rivals(grid, row))
            if point is not None:
                return _given(grid.columns, narrowed, point)
    return None


def _point(grid: Grid, box: Box, rivals: int) -> tuple[int, ...] | None:
    """A point of the box that no rival may accept, present values before missing ones."""
    masks = [[s.maybe for s in column.segments] for column in grid.columns]
    present: Box = tuple(
        tuple(n for n in segments if not column.segments[n].is_missing) or segments
        for column, segments in zip(grid.columns, box, strict=True)
    )
    try:
        return uncovered(masks, present, rivals) or uncovered(masks, box, rivals)
    except NotProved:
        return None


def _given(columns: tuple[Column, ...], box: Box, point: tuple[int, ...]) -> dict[str, Given]:
    found = {}
    for column, segments, number in zip(columns, box, point, strict=True):
        best = _best(column, segments, number)
        found[column.fact] = Given(column.type, sample(column, best))
    return found


def _best(column: Column, segments: tuple[int, ...], number: int) -> Segment:
    """The segment of the point; of equal ones a named value, which reads better in a test."""
    found = column.segments[number]
    if found.is_point:
        return found
    alike = (
        column.segments[n]
        for n in segments
        if column.segments[n].is_point
        and not column.segments[n].is_missing
        and (column.segments[n].sure, column.segments[n].maybe) == (found.sure, found.maybe)
    )
    return next(alike, found)
