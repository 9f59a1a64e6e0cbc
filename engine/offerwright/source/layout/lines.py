"""Pieces of a YAML text → its lines in canonical layout, comments and hand alignment kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from offerwright.source.layout.flow import are_aligned, render_flows
from offerwright.source.layout.pieces import STEP, Level, Piece


@dataclass(frozen=True, slots=True)
class _Row:
    """The pieces that begin on one line: `head` is the text up to the value, `value` its piece."""

    number: int
    head: str
    value: Piece | None
    value_text: str = ""
    value_column: int = 0
    # Where the text before the value ended in the source.
    before: int = 0

    @property
    def end(self) -> int:
        return self.value.end[0] if self.value else self.number


@dataclass(frozen=True, slots=True)
class _Line:
    """A finished line; `comment` stands behind it, in the source at column `comment_column`, after
    `gap` blanks."""

    text: str
    comment: str = ""
    comment_column: int = 0
    gap: int = 0


def lay_out_lines(lines: Sequence[str], pieces: Sequence[Piece]) -> list[str]:
    """The lines of a text in canonical layout, without their breaks."""
    by_line: dict[int, list[Piece]] = {}
    for piece in pieces:
        by_line.setdefault(piece.start[0], []).append(piece)
    rows = [_row(lines, number, found) for number, found in sorted(by_line.items())]
    done: dict[int, _Line] = {}
    for group in _groups(rows):
        for row in _aligned(group):
            done |= _finished(row, by_line[row.number], lines)
    done |= _comments(lines, by_line, done)
    return _spaced(done, pieces, len(lines))


def _row(lines: Sequence[str], number: int, pieces: list[Piece]) -> _Row:
    line, first = lines[number], pieces[0]
    is_after_another = bool(line[: first.start[1]].strip())
    text = line[: first.start[1]].rstrip() + " " if is_after_another else " " * first.column
    before = first.start[1]
    for previous, piece in zip([None, *pieces], pieces, strict=False):
        if previous is not None and piece.kind != "colon":
            text += " "
        if piece is pieces[-1] and piece.kind in ("value", "flow", "block"):
            written = line[piece.start[1] : piece.end[1] if piece.is_on_one_line else None]
            return _Row(number, text.rstrip() if previous else text, piece, written.rstrip(),
                        len(text), before)  # fmt: skip
        text += line[piece.start[1] : piece.end[1] if piece.is_on_one_line else None]
        before = piece.end[1]
    return _Row(number, text, None)


def _groups(rows: list[_Row]) -> list[list[_Row]]:
    """Runs of rows of one map or list on adjacent lines."""
    groups: list[list[_Row]] = []
    for row in rows:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and last.value is not None
            and row.value is not None
            and last.end + 1 == row.number
            and last.value.level == row.value.level
        ):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _aligned(group: list[_Row]) -> list[_Row]:
    """The rows with the columns of their values, and with their maps and lists spaced."""
    if len(group) > 1 and _is_aligned(group):
        column = max(len(row.head) for row in group) + 1
        group = [replace(row, value_column=column) for row in group]
    flows = [
        (i, row.value.flow)
        for i, row in enumerate(group)
        if row.value is not None and row.value.flow is not None
    ]
    texts = render_flows([f for _, f in flows], [group[i].value_column for i, _ in flows])
    rendered = {i: text for (i, _), text in zip(flows, texts, strict=True)}
    return [replace(row, value_text=rendered.get(i, row.value_text)) for i, row in enumerate(group)]


def _is_aligned(group: list[_Row]) -> bool:
    """See `are_aligned`; in a list, dashes are aligned anyway."""
    places = [(row.before, row.value.start[1]) for row in group if row.value is not None]
    return are_aligned(places)


def _finished(row: _Row, pieces: list[Piece], lines: Sequence[str]) -> dict[int, _Line]:
    """The line of a row, and the lines on which its value goes on."""
    text = row.head
    if row.value is not None:
        text = text.ljust(row.value_column) + row.value_text
    last = pieces[-1]
    out = {row.number: _Line(text.rstrip())}
    if not last.is_on_one_line:
        first = pieces[0]
        moved = first.column - first.start[1]
        out |= _continued(last, lines, moved, row.value_column - last.start[1])
    end = last.end[0]
    if last.kind != "block":
        out[end] = _with_comment(out[end], lines[end], last.end[1])
    return out


def _with_comment(line: _Line, source: str, end: int) -> _Line:
    """The line with what stands behind its last piece."""
    rest = source[end:]
    comment = rest.strip()
    if not comment:
        return line
    gap = len(rest) - len(rest.lstrip())
    return replace(line, comment=comment, comment_column=end + gap, gap=gap)


def _continued(
    piece: Piece, lines: Sequence[str], moved: int, value_moved: int
) -> dict[int, _Line]:
    """The later lines of a value: those of a text begin one level in; those in brackets keep the
    place they have under the bracket, or else under the line."""
    numbers = range(piece.start[0] + 1, piece.end[0] + 1)
    if piece.kind == "block":
        return _block(piece, [(n, lines[n]) for n in numbers])
    out: dict[int, _Line] = {}
    for number in numbers:
        source = lines[number]
        if number == piece.end[0]:
            source = source[: piece.end[1]]
        text = source.lstrip(" ")
        was = len(source) - len(text)
        if piece.kind == "flow":
            column = was + (value_moved if was > piece.start[1] else moved)
        else:
            column = piece.level.column + STEP
        out[number] = _Line(" " * max(column, 0) + text if text.strip() else "")
    return out


def _block(piece: Piece, body: list[tuple[int, str]]) -> dict[int, _Line]:
    """The lines of a block text, moved as a whole. The reader refuses those that say their own
    indentation."""
    indents = [len(line) - len(line.lstrip(" ")) for _, line in body if line.strip()]
    if not indents:
        return {number: _Line("") for number, _ in body}
    moved = piece.level.column + STEP - indents[0]
    return {number: _Line(_moved(line, moved)) for number, line in body}


def _moved(line: str, by: int) -> str:
    if not line.strip(" "):
        return line[-by:] if by < 0 else line and " " * by + line
    return " " * by + line if by >= 0 else line[min(-by, len(line) - len(line.lstrip(" "))) :]


def _comments(
    lines: Sequence[str], by_line: Mapping[int, list[Piece]], done: Mapping[int, _Line]
) -> dict[int, _Line]:
    """Lines that hold a comment and nothing else: they move with what they stand beside."""
    out: dict[int, _Line] = {}
    first_after: Piece | None = None
    levels_before = _levels_before(by_line, len(lines))
    for number in range(len(lines) - 1, -1, -1):
        if number in by_line:
            first_after = by_line[number][0]
        text = lines[number].strip()
        if number in done or not text:
            continue
        was = len(lines[number]) - len(lines[number].lstrip(" "))
        column = _comment_column(was, first_after, levels_before[number])
        out[number] = _Line(" " * column + text)
    return out


def _levels_before(by_line: Mapping[int, list[Piece]], count: int) -> list[tuple[Level, ...]]:
    """The levels that are open above each line."""
    out: list[tuple[Level, ...]] = []
    here: tuple[Level, ...] = ()
    for number in range(count):
        out.append(here)
        if number in by_line:
            here = by_line[number][-1].open_levels
    return out


def _comment_column(was: int, after: Piece | None, levels: tuple[Level, ...]) -> int:
    if after is not None and after.start[1] == was:
        return after.column
    # The outermost first: a list may stand in the column of its key.
    for level in levels:
        if level.was == was:
            return level.column
    if after is not None:
        return after.column
    shallower = [level.column for level in levels if level.was < was]
    return shallower[-1] if shallower else 0


def _spaced(done: Mapping[int, _Line], pieces: Sequence[Piece], count: int) -> list[str]:
    """All lines in order: comments aligned, blank lines single, none at the ends."""
    inside = {n for p in pieces for n in range(p.start[0] + 1, p.end[0] + 1)}
    lines = _with_aligned_comments(done)
    out: list[str] = []
    for number in range(count):
        text = lines.get(number, "")
        if text or number in inside or (out and out[-1]):
            out.append(text)
    while out and not out[-1] and count - 1 not in inside:
        out.pop()
    return out


def _with_aligned_comments(done: Mapping[int, _Line]) -> dict[int, str]:
    """Every line with its comment; comments that stood below each other still do."""
    numbers = [n for n in sorted(done) if done[n].comment]
    runs = [[n] for n in numbers[:1]]
    for one, two in pairwise(numbers):
        is_below = two == one + 1 and done[two].comment_column == done[one].comment_column
        runs = [*runs[:-1], [*runs[-1], two]] if is_below else [*runs, [two]]
    out = {number: line.text for number, line in done.items()}
    for run in runs:
        gap = min(done[n].gap for n in run)
        width = max(len(done[n].text) for n in run) + gap
        out |= {n: done[n].text.ljust(width) + done[n].comment for n in run}
    return out
