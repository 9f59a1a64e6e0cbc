"""
What a table could do without: facts that decide nothing, rows that could be one.

Both are hints, never errors, and both are exact where they speak: a fact decides nothing when every
row that tests it could stop to and every offer would get the same results; rows could be one when
they give the same and differ in one fact only, whose values the one cell of a row can say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related
from offerwright.rules.analysis.cover import Masks, NotProved, uncovered
from offerwright.rules.analysis.dead import opaque_rows
from offerwright.rules.analysis.grid import Box, Grid
from offerwright.rules.analysis.words import said
from offerwright.rules.plan import TablePlan

_MOST_ROWS = 400
"""Above so many rows nobody asks which facts decide nothing: the question is quadratic."""
_NAMED = 3
_MOST_HINTS = 5

_Results: TypeAlias = tuple[int, ...]


def spare(grid: Grid, zone: ZoneInfo) -> list[Diagnostic]:
    """Hints about facts and rows that the table does not need."""
    if len(grid.table.rows) < 2:
        return []
    return [*_idle_columns(grid), *_first_few(grid, list(_mergeable(grid, zone)))]


def _first_few(grid: Grid, found: list[Diagnostic]) -> list[Diagnostic]:
    """The first hints, and how many more there are."""
    more = len(found) - _MOST_HINTS
    if more <= 0:
        return found
    message = f"and {more} more groups of rows of this table give the same and could be one row"
    last = Diagnostic("ROWS_MERGEABLE", message, grid.table.span, severity="note")
    return [*found[:_MOST_HINTS], last]


def _results(table: TablePlan, row: int) -> _Results:
    return tuple(result.choice_of[row] for result in table.results)


def _idle_columns(grid: Grid) -> Iterator[Diagnostic]:
    table = grid.table
    if table.hit not in ("unique", "any") or len(table.rows) > _MOST_ROWS:
        return
    for number, column in enumerate(grid.columns):
        is_opaque = any(segment.sure != segment.maybe for segment in column.segments)
        if column.fact == "as_of" or is_opaque or not _tests(grid, number):
            continue
        try:
            decides = any(_decides(grid, number, part) for part in _tests(grid, number))
        except NotProved:
            continue
        if not decides:
            yield Diagnostic(
                "FACT_NEVER_MATTERS",
                f"`{column.fact}` decides nothing in this table: without it every offer gets the "
                "same results",
                table.span,
                f"leave `{column.fact}` out of its rows",
                "note",
            )


def _tests(grid: Grid, column: int) -> list[int]:
    """The parts that do not accept everything in a column."""
    size = len(grid.columns[column].segments)
    return [part for part, box in enumerate(grid.boxes) if len(box[column]) < size]


def _decides(grid: Grid, column: int, part: int) -> bool:
    """Whether a row, were it not to test this fact, would take an offer from other results."""
    row = grid.row_of[part]
    own = set(grid.boxes[part][column])
    others = tuple(n for n in range(len(grid.columns[column].segments)) if n not in own)
    box: Box = (*grid.boxes[part][:column], others, *grid.boxes[part][column + 1 :])
    equal, differing = _by_results(grid, row)
    if _touched([[s.maybe for s in c.segments] for c in grid.columns], box, differing):
        return True
    masks = [[s.sure for s in c.segments] for c in grid.columns]
    if grid.table.has_otherwise and _results(grid.table, row) == _results(
        grid.table, len(grid.table.rows)
    ):
        return False
    return uncovered(masks, box, equal) is not None


def _by_results(grid: Grid, row: int) -> tuple[int, int]:
    """The parts of rows with the same results, and of all others."""
    wanted = _results(grid.table, row)
    equal = 0
    for part, other in enumerate(grid.row_of):
        if _results(grid.table, other) == wanted:
            equal |= 1 << part
    return equal, grid.parts & ~equal


def _touched(masks: Masks, box: Box, parts: int) -> bool:
    for column, segments in zip(masks, box, strict=True):
        some = 0
        for segment in segments:
            some |= column[segment]
        parts &= some
    return bool(parts)


def _mergeable(grid: Grid, zone: ZoneInfo) -> Iterator[Diagnostic]:
    """Groups of rows that differ in one ordered fact, side by side, and give the same."""
    table = grid.table
    if table.hit == "collect" or len(grid.row_of) != len(table.rows):
        return
    keys = [tuple(map(_key, box)) for box in grid.boxes]
    for number, column in enumerate(grid.columns):
        if not column.type.is_ordered or column.fact == "as_of":
            continue
        for rows in _alike(grid, keys, number):
            for run in _side_by_side(grid, number, rows):
                yield _said(grid, number, run, zone)


def _key(segments: tuple[int, ...]) -> tuple[int, ...]:
    """What tells the segments of a cell from others; short where they are one run."""
    is_long = len(segments) > 3 and _is_run(segments)
    return (segments[0], segments[-1], -1) if is_long else segments


def _alike(grid: Grid, keys: Sequence[Box], column: int) -> list[list[int]]:
    """Rows that agree in everything but one column. Of patterns nobody knows whether they do."""
    opaque = set(opaque_rows(grid))
    groups: dict[object, list[int]] = defaultdict(list)
    for row, box in enumerate(keys):
        if row in opaque:
            continue
        rest = (*box[:column], *box[column + 1 :])
        groups[rest, _results(grid.table, row)].append(row)
    return [rows for rows in groups.values() if len(rows) > 1]


def _side_by_side(grid: Grid, column: int, rows: Sequence[int]) -> Iterator[list[int]]:
    size = len(grid.columns[column].segments)
    ordered = sorted((r for r in rows if len(grid.boxes[r][column]) < size),
                     key=lambda r: grid.boxes[r][column])  # fmt: skip
    run: list[int] = []
    for row in ordered:
        here = grid.boxes[row][column]
        if run and _follows(grid, column, run[-1], row) and _is_run(here):
            run.append(row)
            continue
        if len(run) > 1:
            yield run
        run = [row] if _is_run(here) else []
    if len(run) > 1:
        yield run


def _is_run(segments: Sequence[int]) -> bool:
    return bool(segments) and segments[-1] - segments[0] == len(segments) - 1


def _follows(grid: Grid, column: int, row: int, other: int) -> bool:
    """Whether a row goes on where another ends; under `first` also in the file."""
    ends = grid.boxes[row][column][-1] + 1 == grid.boxes[other][column][0]
    beside = grid.table.hit != "first" or abs(row - other) == 1
    missing = grid.columns[column].segments[grid.boxes[other][column][0]].is_missing
    return ends and beside and not missing


def _said(grid: Grid, column: int, rows: Sequence[int], zone: ZoneInfo) -> Diagnostic:
    written = [grid.table.rows[row] for row in rows]
    names = " and ".join(f"`{row.id}`" for row in written[:_NAMED])
    more = f" and {len(written) - _NAMED} more" if len(written) > _NAMED else ""
    return Diagnostic(
        "ROWS_MERGEABLE",
        f"{names}{more} give the same and could be one row",
        written[0].span,
        _instead(grid, column, rows, zone),
        "note",
        tuple(Related(row.span, f"`{row.id}` stands here") for row in written[1:_NAMED]),
    )


def _instead(grid: Grid, column: int, rows: Sequence[int], zone: ZoneInfo) -> str:
    """What to write in the one row that takes the place of these."""
    accepted = tuple(n for row in rows for n in grid.boxes[row][column])
    segments, fact = grid.columns[column].segments, grid.columns[column].fact
    if len(accepted) == len(segments):
        return f"leave `{fact}` out of one of them, and remove the others"
    if all(n in accepted for n, segment in enumerate(segments) if not segment.is_missing):
        return f"write `{fact}: present` in one of them, and remove the others"
    return f"write {said(grid.columns[column], accepted, zone)} in one of them"
