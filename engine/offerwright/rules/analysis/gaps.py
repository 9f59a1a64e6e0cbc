"""
Offers that no row of a table matches, where the table has no `otherwise` and none means a block.

Gaps among present values are errors, also those that only time opens: windows with a hole between
them. From the end of the last window on it is a warning, since a table that ends is often meant to.
That a missing value matches no row is how a missing value ought to block: a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic
from offerwright.rules.analysis.cover import Masks, NotProved, holes
from offerwright.rules.analysis.grid import Box, Grid
from offerwright.rules.analysis.segments import Column
from offerwright.rules.analysis.words import runs, said_of_box

MOST_GAPS = 5


def gaps(grid: Grid, zone: ZoneInfo, blocks: str) -> list[Diagnostic]:
    """
    What no row matches.

    Args:
        blocks: the code that such an offer is blocked with.
    """
    if grid.table.has_otherwise or grid.table.hit == "collect":
        return []
    masks = [[s.maybe for s in column.segments] for column in grid.columns]
    try:
        found = _among_present(grid, masks, zone, blocks)
        return found or _where_missing(grid, masks, blocks)
    except NotProved:
        return [
            Diagnostic(
                "NOT_PROVED",
                "whether some row matches every offer was not found out: too many combinations",
                grid.table.span,
                f"write an `otherwise`; without one an offer that no row matches is blocked with "
                f"{blocks}",
                "warning",
            )
        ]


def _among_present(grid: Grid, masks: Masks, zone: ZoneInfo, blocks: str) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for whole in grid.wholes:
        present = _without_missing(grid.columns, whole)
        if not all(present):
            continue
        boxes, are_more = holes(masks, present, grid.parts, MOST_GAPS)
        for box in boxes:
            found += [
                _said(grid, part, present, zone, blocks)
                for part in _by_time(grid.columns, box, present)
            ]
        if are_more:
            found.append(
                Diagnostic("TABLE_GAP", "and more gaps in this table", grid.table.span,
                           "write an `otherwise`")
            )  # fmt: skip
    return list(dict.fromkeys(found))


def _said(grid: Grid, box: Box, whole: Box, zone: ZoneInfo, blocks: str) -> Diagnostic:
    words = said_of_box(grid.columns, box, whole, zone)
    if _is_end(grid.columns, box, whole):
        return Diagnostic(
            "TABLE_ENDS",
            f"at the end of the last window no row matches {words}",
            grid.table.span,
            f"such an offer is blocked with {blocks}: add rows for the time after, or an "
            "`otherwise`",
            "warning",
        )
    return Diagnostic(
        "TABLE_GAP",
        f"no row matches {words}",
        grid.table.span,
        f"such an offer is blocked with {blocks}: add a row for it, or an `otherwise`",
    )


def _without_missing(columns: Sequence[Column], box: Box) -> Box:
    return tuple(
        tuple(n for n in segments if not column.segments[n].is_missing)
        for column, segments in zip(columns, box, strict=True)
    )


def _by_time(columns: Sequence[Column], box: Box, whole: Box) -> list[Box]:
    """The box once for every stretch of time: a hole between windows is not their end."""
    for number, column in enumerate(columns):
        if column.fact == "as_of" and len(box[number]) < len(whole[number]):
            return [(*box[:number], tuple(run), *box[number + 1 :]) for run in runs(box[number])]
    return [box]


def _is_end(columns: Sequence[Column], box: Box, whole: Box) -> bool:
    """Whether the gap opens with the end of a window and stays open."""
    for column, chosen, asked in zip(columns, box, whole, strict=True):
        if column.fact == "as_of" and len(chosen) < len(asked):
            return chosen[-1] == asked[-1]
    return False


def _where_missing(grid: Grid, masks: Masks, blocks: str) -> list[Diagnostic]:
    """The facts whose missing value alone makes a gap."""
    names = []
    for number, column in enumerate(grid.columns):
        missing = tuple(n for n, s in enumerate(column.segments) if s.is_missing)
        for whole in grid.wholes:
            present = list(_without_missing(grid.columns, whole))
            present[number] = tuple(n for n in missing if n in whole[number])
            if all(present) and holes(masks, tuple(present), grid.parts, 1)[0]:
                names.append(f"`{column.fact}`")
                break
    if not names:
        return []
    joined = " or ".join(names)
    return [
        Diagnostic(
            "GAP_WHEN_MISSING",
            f"where {joined} is missing, no row may match",
            grid.table.span,
            f"such an offer is blocked with {blocks}; write a row with `missing` or an "
            "`otherwise` if that is not what you want",
            "note",
        )
    ]
