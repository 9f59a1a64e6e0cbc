"""
Offers that no row of a table matches, where the table has no `otherwise` and none means a block.

Gaps among present values are errors, also those that only time opens: windows with a hole between
them. From the end of the last window on it is a warning, since a table that ends is often meant to.
That a missing value matches no row is how a missing value ought to block: a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic
from offerwright.rules.analysis.cover import Masks, NotProved, holes
from offerwright.rules.analysis.grid import Box, Grid
from offerwright.rules.analysis.segments import Column
from offerwright.rules.analysis.ties import FREE, Behind, tied
from offerwright.rules.analysis.words import runs, said_of_box

MOST_GAPS = 5
ACCOUNT_WORDS = ("marketplace", "account", "trade_policy", "currency")


@dataclass(frozen=True, slots=True)
class _Question:
    """`blocks` is the code of the block; `behind`, what computed facts are computed from."""

    grid: Grid
    zone: ZoneInfo
    blocks: str
    behind: Behind

    @property
    def masks(self) -> Masks:
        return [[s.maybe for s in column.segments] for column in self.grid.columns]

    @property
    def covering(self) -> int:
        return self.grid.parts | self.grid.excused


def gaps(grid: Grid, zone: ZoneInfo, blocks: str, behind: Behind = FREE) -> list[Diagnostic]:
    """
    What no row matches.

    Args:
        blocks: the code that such an offer is blocked with.
        behind: what computed facts are computed from.
    """
    if grid.table.has_otherwise:
        return []
    asked = _Question(grid, zone, blocks, behind)
    try:
        return _among_present(asked) or _where_missing(asked)
    except NotProved:
        return [_not_proved(asked, "every offer", "too many combinations")]


def _not_proved(asked: _Question, what: str, why: str) -> Diagnostic:
    return Diagnostic(
        "NOT_PROVED",
        f"whether some row matches {what} was not found out: {why}",
        asked.grid.table.span,
        "write an `otherwise`; without one an offer that no row matches is blocked with "
        f"{asked.blocks}",
        "warning",
    )


def _among_present(asked: _Question) -> list[Diagnostic]:
    grid = asked.grid
    found: list[Diagnostic] = []
    for whole in grid.certain:
        present = _without_missing(grid.columns, whole)
        boxes, are_more = holes(asked.masks, present, asked.covering, MOST_GAPS)
        for box in boxes:
            for part in _by_time(grid.columns, box, present):
                found.append(_said(asked, part, present))
        if are_more:
            found.append(_more(grid))
    told = list(dict.fromkeys(found))
    return told if len(told) <= MOST_GAPS else [*told[:MOST_GAPS], _more(grid)]


def _more(grid: Grid) -> Diagnostic:
    return Diagnostic(
        "TABLE_GAP", "and more gaps in this table", grid.table.span, "write an `otherwise`"
    )


def _said(asked: _Question, box: Box, whole: Box) -> Diagnostic:
    grid = asked.grid
    words = said_of_box(grid.columns, box, tuple(_beside(grid, whole)), asked.zone)
    tie = tied(grid, box, asked.behind)
    if tie is not None:
        return _not_proved(asked, words, tie)
    if _is_end(grid.columns, box, whole):
        return Diagnostic(
            "TABLE_ENDS",
            f"at the end of the last window no row matches {words}",
            grid.table.span,
            f"such an offer is blocked with {asked.blocks}: add rows for the time after, or an "
            "`otherwise`",
            "warning",
        )
    return Diagnostic(
        "TABLE_GAP",
        f"no row matches {words}",
        grid.table.span,
        f"such an offer is blocked with {asked.blocks}: add a row for it, or an `otherwise`",
    )


def _beside(grid: Grid, whole: Box) -> Iterator[tuple[int, ...]]:
    """What a gap is narrower than: what reaches the table, and of an account's words all of it."""
    for column, segments in zip(grid.columns, whole, strict=True):
        is_account = column.fact in ACCOUNT_WORDS
        yield tuple(range(len(column.segments))) if is_account else segments


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


def _where_missing(asked: _Question) -> list[Diagnostic]:
    """The facts whose missing value alone makes a gap."""
    grid = asked.grid
    names = []
    for number, column in enumerate(grid.columns):
        missing = tuple(n for n, s in enumerate(column.segments) if s.is_missing)
        for whole in grid.certain:
            present = list(_without_missing(grid.columns, whole))
            present[number] = tuple(n for n in missing if n in whole[number])
            if all(present) and holes(asked.masks, tuple(present), asked.covering, 1)[0]:
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
            f"such an offer is blocked with {asked.blocks}; write a row with `missing` or an "
            "`otherwise` if that is not what you want",
            "note",
        )
    ]
