"""
A table as a grid: its columns, the parts of its rows, and which segments a part accepts.

A part is a box: one set of segments in each column. Two parts meet when they share a segment in
every column; a set of boxes covers another when no point of it is outside of all of them. What
`evaluate` looks up in the masks of one offer, analysis asks of all offers at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from offerwright.expressions.conditions import ALWAYS, AllOf, Condition, Test, Within, alternatives
from offerwright.expressions.types import DATETIME
from offerwright.rules.analysis.runs import Run, bits, joined, runs_of
from offerwright.rules.analysis.segments import Column, Domain, columns_of
from offerwright.rules.axes import Axis, build_axes, widened
from offerwright.rules.plan import TablePlan
from offerwright.rules.rows import ALWAYS_VALID, Window

__all__ = ["Box", "Grid", "bits", "grid_of", "in_window", "meeting"]

Box = tuple[tuple[int, ...], ...]
"""The segments of every column, by number."""


@dataclass(frozen=True, slots=True)
class Grid:
    """`row_of[part]` is the row of a part; later parts say what reaches the table."""

    table: TablePlan
    columns: tuple[Column, ...]
    row_of: tuple[int, ...]
    boxes: tuple[Box, ...]
    """By part: the segments that it may accept."""
    wholes: tuple[Box, ...]
    """What may be asked about: the boxes of what reaches the table, else one of everything."""
    certain: tuple[Box, ...]
    """Of each of them what certainly is; less where a pattern that nobody sees into decides."""
    is_open: bool
    """Whether the table is asked about everything."""
    excused: int = 0
    """The parts of conditions under which a gap does no harm, as a mask."""

    @property
    def parts(self) -> int:
        """All parts of rows, as a mask."""
        return (1 << len(self.row_of)) - 1

    def rows(self, parts: int) -> list[int]:
        """The numbers of the rows to which some of these parts belong, in written order."""
        return sorted({self.row_of[part] for part in bits(parts)})

    @property
    def possible(self) -> int:
        """The parts that some offer may match, as a mask: none of their columns is empty."""
        return sum(1 << part for part, box in enumerate(self.boxes) if all(box))

    def asked(self, part: int) -> Iterator[Box]:
        """The boxes of a part among what is asked about."""
        own = self.boxes[part]
        if self.is_open:
            yield from (own,) if all(own) else ()
            return
        for whole in self.wholes:
            box = tuple(_common(a, b) for a, b in zip(own, whole, strict=True))
            if all(box):
                yield box


def _is_everything(columns: Sequence[Column], box: Box) -> bool:
    return all(len(s) == len(c.segments) for c, s in zip(columns, box, strict=True))


def _common(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    kept = set(other)
    return tuple(n for n in one if n in kept)


def grid_of(
    table: TablePlan,
    domains: Mapping[str, Domain],
    when: TablePlan | None = None,
    reach: Condition = ALWAYS,
    excused: Sequence[Condition] = (),
) -> Grid:
    """
    The grid of a table.

    Args:
        table: the table; the windows of its rows become a column `as_of`.
        domains: what is known of facts; a fact that is not there can have any value.
        when: the step's own condition: only offers that pass it reach the table.
        reach: what else holds of every offer that reaches it.
        excused: of which offers a gap does no harm.
    """
    parts, row_of = _parts(table)
    spared = [part for condition in excused for part in alternatives(condition)]
    whens = () if when is None else tuple(row.condition for row in when.rows)
    asked = alternatives(AllOf((*whens, reach)))
    columns = columns_of(_axes(table, parts, [*spared, *asked]), domains)
    boxes = _boxes(columns, len(parts) + len(spared) + len(asked))
    rows, first = (1 << len(parts)) - 1, len(parts) + len(spared)
    kept = [number for number in range(first, len(boxes)) if all(boxes[number])]
    wholes = tuple(boxes[number] for number in kept)
    certain = tuple(_certain(columns, boxes[number], number, rows) for number in kept)
    is_open = len(wholes) == 1 and _is_everything(columns, certain[0])
    mask = ((1 << first) - 1) ^ rows
    return Grid(
        table, columns, tuple(row_of), tuple(boxes[: len(parts)]), wholes, certain, is_open, mask
    )


def _certain(columns: Sequence[Column], box: Box, part: int, rows: int) -> Box:
    """What a part certainly accepts; of a column that no row tests, what it may accept."""
    found = []
    for column, segments in zip(columns, box, strict=True):
        sure = tuple(n for n in segments if column.segments[n].sure >> part & 1)
        is_tested = any(segment.sure & rows != rows for segment in column.segments)
        found.append(sure if is_tested and len(sure) < len(segments) else segments)
    return tuple(found)


def _boxes(columns: Sequence[Column], parts: int) -> list[Box]:
    """The box of every part. Parts that accept a whole column share its tuple."""
    by_column = []
    for column in columns:
        whole = tuple(range(len(column.segments)))
        free = (1 << parts) - 1
        for segment in column.segments:
            free &= segment.maybe
        runs = runs_of([s.maybe for s in column.segments], ((1 << parts) - 1) & ~free)
        by_column.append(
            [whole if free >> part & 1 else _segments(whole, runs.get(part, ()))
             for part in range(parts)]
        )  # fmt: skip
    return [tuple(column[part] for column in by_column) for part in range(parts)]


def _segments(whole: tuple[int, ...], runs: Sequence[Run]) -> tuple[int, ...]:
    if len(runs) == 1:
        return whole[runs[0][0] : runs[0][1]]
    return tuple(n for start, end in runs for n in whole[start:end])


def _axes(
    table: TablePlan, parts: Sequence[tuple[Test, ...]], more: Sequence[tuple[Test, ...]]
) -> Sequence[Axis]:
    """The axes of a table's parts and of more parts.

    Those of the table are there already: where nothing else tests its facts, more parts accept
    every segment of them, and the other way round.
    """
    others = {test.fact for part in more for test in part}
    own = {axis.fact for axis in table.axes}
    if own & others or any(row.window != ALWAYS_VALID for row in table.rows):
        return build_axes([*parts, *more])
    free = ((1 << len(more)) - 1) << len(parts)
    below = (1 << len(parts)) - 1
    further = build_axes(more)
    return (*(widened(a, 0, free) for a in table.axes),
            *(widened(a, len(parts), below) for a in further))  # fmt: skip


def _parts(table: TablePlan) -> tuple[list[tuple[Test, ...]], list[int]]:
    parts: list[tuple[Test, ...]] = []
    row_of: list[int] = []
    for number, row in enumerate(table.rows):
        timed = in_window(row.window)
        for conjunction in alternatives(row.condition):
            parts.append((*conjunction, *timed))
            row_of.append(number)
    return parts, row_of


def in_window(window: Window) -> tuple[Test, ...]:
    """A window as what it is: one more condition, on `as_of`."""
    return () if window == ALWAYS_VALID else (Test("as_of", DATETIME, (Within(*window),)),)


def meeting(column: Column, parts: int) -> tuple[dict[int, int], dict[int, int], int]:
    """
    For every part that this column constrains: the parts that it shares a segment with.

    Returns:
        Those that certainly share one, and those that may. A part that accepts everything is in
        neither: it may meet all, and certainly those of the third, a mask.
    """
    common = parts
    for segment in column.segments:
        common &= segment.sure
    possible, certain = [s.maybe for s in column.segments], [s.sure for s in column.segments]
    maybe = joined(possible, parts & ~common)
    sure = maybe if certain == possible else joined(certain, parts & ~common)
    somewhere = 0
    for segment in column.segments:
        somewhere |= segment.sure
    return {part: sure.get(part, 0) for part in maybe}, maybe, somewhere
