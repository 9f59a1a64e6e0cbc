"""
Rows that can never win, and rows that can never match.

Under `first` a row is dead when earlier rows cover all that it matches: one of them, or several
only together. Under any hit policy a row whose conditions exclude each other, or the step's own
`when`, matches nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from offerwright.errors import Diagnostic, Related
from offerwright.rules.analysis.cover import MAX_STEPS, Masks, NotProved, Patience, uncovered
from offerwright.rules.analysis.grid import Box, Grid, bits
from offerwright.rules.rows import is_never

_MOST_KILLERS = 12
_NAMED = 3
_MOST_STEPS = 3 * MAX_STEPS
"""For all rows of a table together."""


@dataclass(frozen=True, slots=True)
class Dead:
    """A row that never wins, and the earlier rows that take all that it matches, in order."""

    row: int
    killers: tuple[int, ...]


def never_matching(grid: Grid) -> list[int]:
    """Rows whose every part is empty: conditions that exclude each other or the step's `when`."""
    alive = {row for part, row in enumerate(grid.row_of) if list(grid.asked(part))}
    return [
        number
        for number, row in enumerate(grid.table.rows)
        # Of a window that holds no moment `check_window` has spoken.
        if number not in alive and not is_never(row.window)
    ]


def dead_rows(grid: Grid) -> tuple[list[Dead], list[int]]:
    """
    The rows of a `first` table that can never win.

    Returns:
        Them, and the rows of which it could not be proved either way.
    """
    masks = [[s.sure for s in column.segments] for column in grid.columns]
    free = tuple(_both(column, range(len(column))) for column in masks)
    search = _Search(masks, free, Patience(_MOST_STEPS))
    parts_of: dict[int, list[int]] = defaultdict(list)
    for part, row in enumerate(grid.row_of):
        parts_of[row].append(part)
    found: list[Dead] = []
    unproved: list[int] = []
    for row, parts in sorted(parts_of.items()):
        boxes = [box for part in parts for box in grid.asked(part)]
        try:
            killers = _killers(search, boxes, (1 << parts[0]) - 1) if boxes else None
        except NotProved:
            unproved.append(row)
            continue
        if killers:
            found.append(Dead(row, tuple(grid.rows(killers))))
    return found, unproved


@dataclass(frozen=True, slots=True)
class _Search:
    """`free` is, by column, what all its segments together give (see `_both`)."""

    masks: Masks
    free: tuple[tuple[int, int], ...]
    patience: Patience

    def is_covered(self, box: Box, parts: int) -> bool:
        return uncovered(self.masks, box, parts, self.patience) is None


def _both(column: Sequence[int], segments: Sequence[int]) -> tuple[int, int]:
    """The parts that accept some of these segments, and those that accept all of them."""
    some, all_ = 0, -1
    for segment in segments:
        some |= column[segment]
        all_ &= column[segment]
    return some, all_


def _killers(search: _Search, boxes: Sequence[Box], earlier: int) -> int | None:
    """Earlier parts that cover these boxes, none of which can be left out; None = a point is left.

    With more than a few of them nobody looks which could be left out.
    """
    killers = 0
    for box in boxes:
        one = _covering(search, box, earlier)
        if one is None:
            return None
        killers |= one
    if killers.bit_count() > _MOST_KILLERS:
        return killers
    for part in bits(killers):
        without = killers & ~(1 << part)
        if all(search.is_covered(box, without) for box in boxes):
            killers = without
    return killers


def _covering(search: _Search, box: Box, earlier: int) -> int | None:
    """Earlier parts that cover a box: one by itself, else all that touch it."""
    touching = whole = earlier
    for column, segments, free in zip(search.masks, box, search.free, strict=True):
        some, all_ = free if len(segments) == len(column) else _both(column, segments)
        touching, whole = touching & some, whole & all_
        if not touching:
            return None
    if whole:
        return whole & -whole
    return touching if search.is_covered(box, touching) else None


def said_dead(grid: Grid, wide: Grid | None = None) -> list[Diagnostic]:
    """
    The findings of a table about rows that never win or never match.

    Args:
        wide: the grid with the accounts that are still to come; a row may wait for one.
    """
    rows = grid.table.rows
    found = [
        Diagnostic(
            "ROW_NEVER_MATCHES",
            f"`{rows[number].id}` matches nothing: its conditions exclude each other, the bounds "
            "of the facts, the step's `when` or the document's `for`",
            rows[number].span,
            "correct a condition, or remove the row",
        )
        for number in never_matching(wide or grid)
    ]
    if grid.table.hit != "first":
        return found
    dead, unproved = dead_rows(grid)
    found += [_said(grid, one) for one in dead]
    return [*found, *_unproved(grid, unproved)]


def _said(grid: Grid, dead: Dead) -> Diagnostic:
    rows = grid.table.rows
    killers = [rows[number] for number in dead.killers]
    names = [f"`{killer.id}`" for killer in killers[:_NAMED]]
    if len(killers) > _NAMED:
        names.append(f"{len(killers) - _NAMED} more")
    joined = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    verb = "matches first" if len(killers) == 1 else "together match first"
    return Diagnostic(
        "DEAD_ROW",
        f"`{rows[dead.row].id}` can never win: whatever it matches, {joined} {verb}",
        rows[dead.row].span,
        "move it up, or remove it",
        related=tuple(Related(k.span, f"`{k.id}` stands here") for k in killers[:_NAMED]),
    )


def _unproved(grid: Grid, rows: Sequence[int]) -> Iterator[Diagnostic]:
    if rows:
        names = ", ".join(f"`{grid.table.rows[row].id}`" for row in rows[:_NAMED])
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        yield Diagnostic(
            "NOT_PROVED",
            f"whether {names}{more} can win was not found out: too many combinations",
            grid.table.span,
            "split the table, or test fewer facts in one row",
            "warning",
        )


def opaque_rows(grid: Grid) -> list[int]:
    """Rows with a pattern that analysis cannot see."""
    parts = 0
    for column in grid.columns:
        for segment in column.segments:
            parts |= segment.maybe & ~segment.sure
    return grid.rows(parts & grid.parts)
