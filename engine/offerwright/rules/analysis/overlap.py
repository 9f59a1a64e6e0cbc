"""Rows of one table that can both match: errors under `unique`, and under `any` if they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related
from offerwright.expressions.syntax import Const
from offerwright.rules.analysis.grid import Box, Grid, bits, meeting
from offerwright.rules.analysis.segments import Segment
from offerwright.rules.analysis.ties import FREE, Behind, tied
from offerwright.rules.analysis.words import said
from offerwright.rules.plan import TablePlan

MOST_FINDINGS = 20
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two rows that can both match, by a part of each.

    `is_sure` is false where only a pattern that analysis cannot see lets them meet.
    """

    part: int
    other: int
    is_sure: bool


def meetings(grid: Grid) -> Iterator[Meeting]:
    """Every pair of rows that meet, once, by their first parts that do; certain ones first."""
    possible = grid.possible
    by_column = [meeting(column, possible) for column in grid.columns]
    seen: set[tuple[int, int]] = set()
    for is_sure in (True, False):
        for part in bits(possible):
            later = possible >> (part + 1) << (part + 1)
            for sure, maybe, somewhere in by_column:
                later &= sure.get(part, somewhere) if is_sure else maybe.get(part, -1)
            for other in bits(later):
                met = Meeting(part, other, is_sure)
                rows = grid.row_of[part], grid.row_of[other]
                if rows[0] != rows[1] and rows not in seen and (grid.is_open or shared(grid, met)):
                    seen.add(rows)
                    yield met


def shared(grid: Grid, met: Meeting) -> Box | None:
    """The segments in which two parts meet among what is asked about; None = nowhere there."""
    both = 1 << met.part | 1 << met.other
    for whole in grid.certain if met.is_sure else grid.wholes:
        box = tuple(
            tuple(n for n in segments if _mask(column.segments[n], met) & both == both)
            for column, segments in zip(grid.columns, whole, strict=True)
        )
        if all(box):
            return box
    return None


def _mask(segment: Segment, met: Meeting) -> int:
    return segment.sure if met.is_sure else segment.maybe


def overlaps(grid: Grid, zone: ZoneInfo, behind: Behind = FREE) -> list[Diagnostic]:
    """
    What is wrong with rows that meet, by the table's hit policy.

    Args:
        behind: what computed facts are computed from.
    """
    say = _SAID.get(grid.table.hit)
    if say is None:
        return []
    found: list[Diagnostic] = []
    more = 0
    for met in meetings(grid):
        if len(found) < MOST_FINDINGS:
            found += say(grid, met, _doubt(grid, met, behind), zone)
        else:
            more += 1
        if more == MOST_COUNTED:
            break
    return [*found, *_more(grid.table, found, more)]


def _more(table: TablePlan, found: Sequence[Diagnostic], more: int) -> Iterator[Diagnostic]:
    if more:
        count = f"at least {more}" if more == MOST_COUNTED else str(more)
        verb = "match" if table.hit == "unique" else "may match"
        yield Diagnostic(
            found[-1].code,
            f"and {count} more pairs of rows of this table both {verb} something",
            table.span,
            severity=found[-1].severity,
        )


def _doubt(grid: Grid, met: Meeting, behind: Behind) -> str | None:
    """Why nobody can say whether two rows meet; None = they do."""
    if not met.is_sure:
        return "a pattern is opaque"
    return tied(grid, shared(grid, met) or (), behind) if behind else None


def _overlap(grid: Grid, met: Meeting, doubt: str | None, zone: ZoneInfo) -> Iterator[Diagnostic]:
    first, second = (grid.table.rows[grid.row_of[p]] for p in (met.part, met.other))
    related = (Related(first.span, f"`{first.id}` stands here"),)
    if doubt is not None:
        yield Diagnostic(
            "MAY_OVERLAP",
            f"nobody can say whether `{first.id}` and `{second.id}` both match something: {doubt}",
            second.span,
            "an offer that both match is blocked; `hit: first` orders them",
            "note",
            related,
        )
        return
    yield Diagnostic(
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
    for column, box in zip(grid.columns, shared(grid, met) or (), strict=True):
        if any(s.maybe & both != both for s in column.segments):
            best = next((n for n in box if column.segments[n].is_point), box[0])
            words.append(said(column, (best,), zone))
    return ", ".join(words) or "everything"


def _conflict(grid: Grid, met: Meeting, doubt: str | None, zone: ZoneInfo) -> Iterator[Diagnostic]:
    """Rows of `hit: any` that meet must give the same."""
    first, second = (grid.table.rows[grid.row_of[p]] for p in (met.part, met.other))
    differing = _differing(grid.table, grid.row_of[met.part], grid.row_of[met.other])
    if differing is None:
        return
    name, is_certain = differing
    related = (Related(first.span, f"`{first.id}` stands here"),)
    if is_certain and doubt is None:
        yield Diagnostic(
            "RESULTS_CONFLICT",
            f"`{first.id}` and `{second.id}` both match {witness(grid, met, zone)}, "
            f"and give different `{name}`",
            second.span,
            "under `hit: any` rows that both match give the same: make their conditions exclude "
            "each other, or use `hit: first` and order them",
            related=related,
        )
        return
    yield Diagnostic(
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


_SAID: Mapping[str, Callable[[Grid, Meeting, str | None, ZoneInfo], Iterator[Diagnostic]]] = {
    "unique": _overlap,
    "any": _conflict,
}
