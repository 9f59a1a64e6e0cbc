"""
The rows of a table replaced in the YAML text, row by row; every other character stays.

A row that did not change keeps its lines, with the comments above and beside it, wherever it moves.
A row that changed is patched cell by cell where it has the same keys, and written anew where not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from offerwright.errors import Span
from offerwright.interchange.yaml_text import flow
from offerwright.source.located import Located, Path
from offerwright.source.text import LINE_BREAK, split_lines
from offerwright.testing.patch import Patch, patched, written_at

_STEP = 2
_DASH = re.compile(r"\s*- *")


def with_rows(
    content: bytes, located: Located, path: Path, rows: Sequence[Mapping[str, Any]]
) -> bytes:
    """
    The file with these rows in the table at `path`.

    Args:
        content: the bytes of the YAML file.
        located: what was read from them.
        path: the place of the table; its `rules` are replaced.
        rows: what `rules` should be.
    """
    at = (*path, "rules")
    table: Any = located.data
    for part in path:
        table = table[part]
    old = list(table.get("rules") or ())
    if old == list(rows):
        return content
    if not old:
        return _first_rows(content, located, path, rows)
    if _is_flow(content, located, at):
        return patched(content, [Patch(located.at(at), flow(list(rows)))])
    return _block_rows(content, located, at, old, rows)


def _is_flow(content: bytes, located: Located, path: Path) -> bool:
    """Whether a list or something around it stands in brackets."""
    return any(
        written_at(content, located.at(path[:end]))[:1] in ("{", "[")
        for end in range(1, len(path) + 1)
    )


def _first_rows(
    content: bytes, located: Located, path: Path, rows: Sequence[Mapping[str, Any]]
) -> bytes:
    """Rows where there were none: `rules: []` becomes a list with a line for each."""
    at = (*path, "rules")
    if at not in located.keys:
        return content
    span = located.at(at)
    if path and _is_flow(content, located, path):
        return patched(content, [Patch(span, flow(list(rows)))])
    indent = " " * (located.key(at).column - 1 + _STEP)
    lines = "".join(f"\n{indent}- {flow(row)}" for row in rows)
    return patched(content, [Patch(span, lines)])


def _block_rows(
    content: bytes,
    located: Located,
    at: Path,
    old: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
) -> bytes:
    chunks = {str(row["id"]): n for n, row in enumerate(old)}
    patches: list[Patch] = []
    anew: dict[int, str] = {}
    for row in rows:
        number = chunks.get(str(row["id"]))
        if number is None or row == old[number]:
            continue
        changed = _cell_patches(located, (*at, number), old[number], row)
        if changed is None:
            anew[number] = flow(row)
        else:
            patches += changed
    text = patched(content, patches).decode("utf-8")
    breaks = LINE_BREAK.findall(text)
    lines = split_lines(text)
    places = [_lines_of(lines, located.at((*at, n))) for n in range(len(old))]
    order = [chunks.get(str(row["id"])) for row in rows]
    found = _arranged(lines, places, order, [flow(row) for row in rows], anew, located, at)
    return (breaks[0] if breaks else "\n").join(found).encode("utf-8")


def _lines_of(lines: Sequence[str], span: Span) -> tuple[int, int]:
    """The first and the last line of a row, from 0: from its dash to its last value."""
    first = span.line - 1
    while not _DASH.match(lines[first]):
        first -= 1
    last = span.end_line - (1 if span.end_column > 1 else 2)
    while last > first and not lines[last].strip():
        last -= 1
    return first, last


def _arranged(
    lines: Sequence[str],
    places: Sequence[tuple[int, int]],
    order: Sequence[int | None],
    texts: Sequence[str],
    anew: Mapping[int, str],
    located: Located,
    at: Path,
) -> list[str]:
    """All lines, with the rows in their new order; `order` names old rows, None new ones."""
    first, last = places[0][0], places[-1][1]
    indent = (_DASH.match(lines[first]) or [""])[0]
    above: list[list[str]] = [[]] + [
        list(lines[before[1] + 1 : here[0]]) for before, here in pairwise(places)
    ]  # fmt: skip
    left: list[str] = []
    for number in range(len(places)):
        # What stands above a row that goes stays, above the row that comes next.
        above[number] = [*left, *above[number]]
        left = [] if number in order else above[number]
    found = list(lines[:first])
    for old, text in zip(order, texts, strict=True):
        if old is None:
            found.append(f"{indent}{text}")
            continue
        start, end = places[old]
        own = list(lines[start : end + 1])
        if old in anew:
            span = located.at((*at, old))
            tail = lines[end][span.end_column - 1 :] if span.end_line == end + 1 else ""
            own = [f"{indent}{anew[old]}{tail}"]
        found += [*above[old], *own]
    return [*found, *left, *lines[last + 1 :]]


def _cell_patches(
    located: Located, path: Path, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[Patch] | None:
    """The values that differ, at their places; None where keys come or go."""
    if list(old) != list(new):
        return None
    patches = []
    for key, value in new.items():
        if value == old[key]:
            continue
        if isinstance(value, Mapping) and isinstance(old[key], Mapping) and key != "id":
            below = _cell_patches(located, (*path, key), old[key], value)
            if below is None:
                return None
            patches += below
            continue
        span = located.at((*path, key))
        if span.line != span.end_line:
            return None
        patches.append(Patch(span, flow(value)))
    return patches
