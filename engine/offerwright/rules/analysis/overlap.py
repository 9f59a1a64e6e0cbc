"""Rows of one table that can both match: errors under `unique`, and under `any` if they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related
from offerwright.expressions.syntax import Const
from offerwright.rules.analysis.grid import Box, Grid, bits, meeting
from offerwright.rules.analysis.words import said
from offerwright.rules.plan import TablePlan

MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two rows that can both match: a part of each, and the segments in which they meet.

    `is_sure` is false where only a pattern that analysis cannot see lets them meet.
    """

    part: int
    other: int
    box: Box
    is_sure: bool


def meetings(grid: Grid) -> Iterator[Meeting]:
    """Every pair of rows that meet, once, by their first parts that do; certain ones first."""
    by_column = [meeting(column, grid.parts) for column in grid.columns]
    seen: set[tuple[int, int]] = set()
    for is_sure in (True, False):
        for part in range(len(grid.row_of)):
            later = grid.parts >> (part + 1) << (part + 1)
            for found in by_column:
                later &= found[0 if is_sure else 1].get(part, -1)
            for other in bits(later):
                rows = grid.row_of[part], grid.row_of[other]
                box = (
                    None
                    if rows[0] == rows[1] or rows in seen
                    else _shared(grid, part, other, is_sure)
                )
                if box is not None:
                    seen.add(rows)
                    yield Meeting(part, other, box, is_sure)


def _shared(grid: Grid, part: int, other: int, is_sure: bool) -> Box | None:
    """Where two parts meet among what is asked about; None = nowhere there."""
    both = 1 << part | 1 << other
    masks = [[s.sure if is_sure else s.maybe for s in c.segments] for c in grid.columns]
    for whole in grid.wholes:
        box = tuple(
            tuple(n for n in segments if mask[n] & both == both)
            for mask, segments in zip(masks, whole, strict=True)
        )
        if all(box):
            return box
    return None


def overlaps(grid: Grid, zone: ZoneInfo) -> list[Diagnostic]:
    """What is wrong with rows that meet, by the table's hit policy."""
    if grid.table.hit not in ("unique", "any"):
        return []
    found: list[Diagnostic] = []
    more = 0
    for met in meetings(grid):
        said = (
            _overlap(grid, met, zone) if grid.table.hit == "unique" else _conflict(grid, met, zone)
        )
        if said is not None and len(found) < MOST_FINDINGS:
            found.append(said)
        elif said is not None:
            more += 1
    return [*found, *_more(grid.table, found, more)]


def _more(table: TablePlan, found: Sequence[Diagnostic], more: int) -> Iterator[Diagnostic]:
    if more:
        last = found[-1]
        yield Diagnostic(
            last.code, f"and {more} more pairs of rows of this table", table.span, "", last.severity
        )


def _overlap(grid: Grid, met: Meeting, zone: ZoneInfo) -> Diagnostic:
    first, second = (grid.table.rows[grid.row_of[p]] for p in (met.part, met.other))
    related = (Related(first.span, f"`{first.id}` stands here"),)
    if not met.is_sure:
        return Diagnostic(
            "MAY_OVERLAP",
            f"nobody can say whether `{first.id}` and `{second.id}` both match something: "
            "a pattern is opaque",
            second.span,
            "an offer that both match is blocked; `hit: first` orders them",
            "note",
            related,
        )
    return Diagnostic(
        "RULES_OVERLAP",
        f"`{first.id}` and `{second.id}` both match {witness(grid, met, zone)}",
        second.span,
        "make their conditions exclude each other, or use `hit: first` and order them",
        related=related,
    )


def witness(grid: Grid, met: Meeting, zone: ZoneInfo) -> str:
    """A value of every fact that one of the two rows tests, in words."""
    both = 1 << met.part | 1 << met.other
    words = []
    for column, box in zip(grid.columns, met.box, strict=True):
        if any(s.maybe & both != both for s in column.segments):
            best = next((n for n in box if column.segments[n].is_point), box[0])
            words.append(said(column, (best,), zone))
    return ", ".join(words) or "everything"


def _conflict(grid: Grid, met: Meeting, zone: ZoneInfo) -> Diagnostic | None:
    """Rows of `hit: any` that meet must give the same."""
    first, second = (grid.table.rows[grid.row_of[p]] for p in (met.part, met.other))
    differing = _differing(grid.table, grid.row_of[met.part], grid.row_of[met.other])
    if differing is None:
        return None
    name, is_certain = differing
    related = (Related(first.span, f"`{first.id}` stands here"),)
    if is_certain and met.is_sure:
        return Diagnostic(
            "RESULTS_CONFLICT",
            f"`{first.id}` and `{second.id}` both match {witness(grid, met, zone)}, "
            f"and give different `{name}`",
            second.span,
            "under `hit: any` rows that both match give the same: make their conditions exclude "
            "each other, or use `hit: first` and order them",
            related=related,
        )
    return Diagnostic(
        "MAY_CONFLICT",
        f"`{first.id}` and `{second.id}` may both match and give different `{name}`",
        second.span,
        "an offer for which they differ is blocked with TABLE_CONFLICT",
        "note",
        related,
    )


def _differing(table: TablePlan, one: int, other: int) -> tuple[str, bool] | None:
    """The first result in which two rows differ, and whether they certainly do."""
    doubtful: tuple[str, bool] | None = None
    for result in table.results:
        here, there = result.choice_of[one], result.choice_of[other]
        if here == there:
            continue
        cells = [result.choices[c] if c >= 0 else None for c in (here, there)]
        if all(cell is None or isinstance(cell, Const) for cell in cells):
            return result.name, True
        doubtful = doubtful or (result.name, False)
    return doubtful
