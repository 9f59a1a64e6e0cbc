"""
What the masks of a table prove: rows of a `unique` table that can both match, rows of a `first`
table that can never win. Every finding has a witness, a value per fact in plain words.

Two row parts meet when they share a segment on every axis. A part whose every segment is one of an
earlier part's can never win. Both are exact where each axis is exact; patterns (`matches`,
`starts_with`, `has`) are opaque, and parts that use them are left out rather than blamed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from offerwright.errors import Related
from offerwright.expressions.conditions import Number
from offerwright.expressions.parse import EPOCH
from offerwright.expressions.types import Type
from offerwright.rules.axes import Axis, OrderedAxis, WordAxis, word_mask
from offerwright.rules.plan import TablePlan
from offerwright.rules.rows import Findings, Window

MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of values that no row tells apart, and how a person would name one of them."""

    mask: int
    witness: str


def analyse(table: TablePlan, findings: Findings) -> None:
    """Say what is wrong with the rows of a table."""
    axes = [list(segments(axis)) for axis in table.axes]
    exact = _exact_parts(table)
    if table.hit == "unique":
        _say_overlaps(table, axes, exact, findings)
    elif table.hit == "first":
        _say_dead_rows(table, axes, exact, findings)


def segments(axis: Axis) -> Iterator[Segment]:
    """All segments of an axis, missing last. Values that a type cannot have are left out."""
    if isinstance(axis, OrderedAxis):
        yield from _ordered_segments(axis)
    else:
        for value, shown in _word_values(axis):
            yield Segment(word_mask(axis, value), shown)
    yield Segment(axis.missing, "missing")


def _ordered_segments(axis: OrderedAxis) -> Iterator[Segment]:
    for number, mask in enumerate(axis.masks):
        cut, is_point = divmod(number, 2)
        if is_point:
            yield Segment(mask, shown(axis.cuts[cut], axis.type))
        elif not axis.cuts:
            yield Segment(mask, "any value")
        elif cut == 0:
            yield Segment(mask, f"below {shown(axis.cuts[0], axis.type)}")
        elif cut == len(axis.cuts):
            yield Segment(mask, f"above {shown(axis.cuts[-1], axis.type)}")
        else:
            low, high = (shown(c, axis.type) for c in axis.cuts[cut - 1 : cut + 1])
            yield Segment(mask, f"between {low} and {high}")


def shown(value: Number, type_: Type) -> str:
    """A cut point as it is written in a rule."""
    if type_.name == "percent":
        return f"{(Decimal(value) * 100).normalize():f}%"
    if type_.name == "date":
        return (EPOCH.date() + timedelta(days=int(value))).isoformat()
    if type_.name == "datetime":
        return (EPOCH + timedelta(microseconds=int(value))).isoformat()
    if type_.name == "duration":
        return f"{Decimal(value) / 3600:f} hours"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _word_values(axis: WordAxis) -> Iterator[tuple[str | bool, str]]:
    """One value for each thing that rows can tell apart."""
    if axis.type.name == "boolean":
        yield from ((True, "true"), (False, "false"))
        return
    if axis.type.name == "enum":
        yield from ((value, value) for value in axis.type.values)
        return
    mentioned = dict.fromkeys([*axis.words, *axis.under])
    for value in mentioned:
        yield str(value), str(value)
    for path in axis.under:
        yield f"{path}/\x00", f"something under {path}"
    yield "\x00", "something else"


def _exact_parts(table: TablePlan) -> int:
    """The parts without opaque patterns that test every fact at most once."""
    exact = (1 << len(table.row_of)) - 1
    seen: dict[str, int] = defaultdict(int)
    for axis in table.axes:
        tested = _tested(axis)
        exact &= ~(seen[axis.fact] & tested)
        seen[axis.fact] |= tested
        if isinstance(axis, WordAxis):
            for _, on, off in axis.patterns:
                exact &= ~(on | off)
    return exact


def _tested(axis: Axis) -> int:
    """The parts that do not accept everything on this axis."""
    every = [segment.mask for segment in segments(axis)]
    union, common = 0, every[0]
    for mask in every:
        union |= mask
        common &= mask
    return union & ~common


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _meeting(axis: list[Segment], parts: int) -> dict[int, int]:
    """For every part that this axis constrains: the parts that it shares a segment with."""
    common = parts
    for segment in axis:
        common &= segment.mask
    meets: dict[int, int] = defaultdict(int)
    for segment in axis:
        for part in _bits(segment.mask & ~common & parts):
            meets[part] |= segment.mask
    return meets


def _say_overlaps(
    table: TablePlan, axes: list[list[Segment]], exact: int, findings: Findings
) -> None:
    by_axis = [_meeting(axis, exact) for axis in axes]
    said: set[tuple[int, int]] = set()
    for part in _bits(exact):
        meets = exact >> (part + 1) << (part + 1)
        for one in by_axis:
            meets &= one.get(part, -1)
        for other in _bits(meets):
            rows = table.row_of[part], table.row_of[other]
            if rows[0] == rows[1] or rows in said or not _windows_meet(table, *rows):
                continue
            said.add(rows)
            _say_overlap(table, axes, part, other, findings)
            if len(said) == MOST_FINDINGS:
                return


def _windows_meet(table: TablePlan, one: int, other: int) -> bool:
    windows: tuple[Window, Window] = table.rows[one].window, table.rows[other].window
    starts = [w[0] for w in windows if w[0] is not None]
    ends = [w[1] for w in windows if w[1] is not None]
    return not starts or not ends or max(starts) < min(ends)


def _say_overlap(
    table: TablePlan, axes: list[list[Segment]], part: int, other: int, findings: Findings
) -> None:
    first, second = table.rows[table.row_of[part]], table.rows[table.row_of[other]]
    witness = _witness(table, axes, 1 << part | 1 << other)
    findings.say(
        "RULES_OVERLAP", second.span,
        f"`{first.id}` and `{second.id}` both match {witness}",
        "make their conditions exclude each other, or use `hit: first` and order them",
        related=(Related(first.span, f"`{first.id}` stands here"),),
    )  # fmt: skip


def _witness(table: TablePlan, axes: list[list[Segment]], parts: int) -> str:
    """A value of every fact that one of these parts tests, in words."""
    words = []
    for axis, found in zip(table.axes, axes, strict=True):
        if not _tested(axis) & parts:
            continue
        segment = next((s for s in found if s.mask & parts == parts), None)
        words.append(f"{axis.fact} {segment.witness if segment else 'something'}")
    return ", ".join(words) or "everything"


def _say_dead_rows(
    table: TablePlan, axes: list[list[Segment]], exact: int, findings: Findings
) -> None:
    """Rows whose every part lies inside one earlier part that is always in force."""
    covered = [_covering(axis, exact) for axis in axes]
    parts_of: dict[int, list[int]] = defaultdict(list)
    for part, row in enumerate(table.row_of):
        parts_of[row].append(part)
    said = 0
    for number, parts in sorted(parts_of.items()):
        killers = [_killer(table, part, covered, exact) for part in parts]
        if None in killers or said == MOST_FINDINGS:
            continue
        said += 1
        dead, killer = table.rows[number], table.rows[table.row_of[killers[0] or 0]]
        findings.say(
            "DEAD_ROW", dead.span,
            f"`{dead.id}` can never win: whatever it matches, `{killer.id}` matches first",
            "move it up, or remove it",
            related=(Related(killer.span, f"`{killer.id}` stands here"),),
        )  # fmt: skip


def _covering(axis: list[Segment], parts: int) -> dict[int, int]:
    """For every part: the parts that accept each segment that it accepts."""
    free = parts
    for segment in axis:
        free &= segment.mask
    covers: dict[int, int] = dict.fromkeys(_bits(free), free)
    covers |= dict.fromkeys(_bits(parts & ~free), parts)
    for segment in axis:
        for part in _bits(segment.mask & parts & ~free):
            covers[part] &= segment.mask
    return covers


def _killer(table: TablePlan, part: int, covered: list[dict[int, int]], exact: int) -> int | None:
    """An earlier part of another row that covers this one for as long as it is in force."""
    covers = exact & ((1 << part) - 1)
    for one in covered:
        covers &= one.get(part, 0)
    row = table.row_of[part]
    for earlier in _bits(covers):
        other = table.row_of[earlier]
        if other != row and _outlasts(table.rows[other].window, table.rows[row].window):
            return earlier
    return None


def _outlasts(one: Window, other: Window) -> bool:
    """Whether the first window is open whenever the second is."""
    starts = one[0] is None or (other[0] is not None and one[0] <= other[0])
    ends = one[1] is None or (other[1] is not None and one[1] >= other[1])
    return starts and ends
