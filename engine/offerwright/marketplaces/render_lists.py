"""
Some hundred offers → payload bodies: columns as lists of texts, put together list by list.

One call of the frame library costs more than what a column of so few rows takes here.
`render_columns` says the same of many rows; tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice, repeat
from operator import and_
from typing import TypeAlias

from offerwright.marketplaces.cells import ATTRIBUTE, Cells, Truth, alike
from offerwright.marketplaces.compiled import CompiledPayload
from offerwright.marketplaces.encode_value import QUOTED, constant
from offerwright.marketplaces.nodes import Condition, Slot, Source
from offerwright.marketplaces.pieces import Choose, Join, Piece, Repeat, merged

Text: TypeAlias = str | None
Part: TypeAlias = str | list[Text]
"""The same text in every row, or one a row; None: left out."""
Item: TypeAlias = tuple[Truth, list[Part]]
"""Where it is there, and what it says there."""


def render_lists(
    payload: CompiledPayload, cells: Cells, settings: Mapping[str, str]
) -> tuple[list[int], *tuple[list[Text], ...]]:
    """The positions of the rows that have what the payload requires, and each part of these."""
    scope = _Scope(cells, settings)
    kept, size = scope.holds(payload.requires), cells.size
    if kept is False:
        return [], *([] for _ in payload.parts)
    parts = (_each_row(_concat(scope.parts(part.pieces)), size) for part in payload.parts)
    if kept is True:
        return list(range(size)), *parts
    return list(compress(range(size), kept)), *(list(compress(part, kept)) for part in parts)


def _each_row(part: Part | None, size: int) -> list[Text]:
    return part if isinstance(part, list) else [part] * size


def _concat(parts: Iterable[Part | None]) -> Part | None:
    """One text; None where it is left out, which only a part as a whole can be."""
    whole = merged(parts)
    if None in whole:
        return None
    columns = [part for part in whole if isinstance(part, list)]
    if not columns:
        return "".join(map(str, whole))
    if len(whole) == 1:
        return columns[0]
    size = len(columns[0])
    texts = (part if isinstance(part, list) else repeat(part, size) for part in whole)
    # Joining tuples takes a third of the time of filling in a template with `%`.
    return list(map("".join, zip(*texts, strict=True)))


def _every(truths: Iterable[Truth]) -> Truth:
    mixed: list[bool] | None = None
    for truth in truths:
        if truth is False:
            return False
        if isinstance(truth, list):
            mixed = truth if mixed is None else list(map(and_, mixed, truth))
    return True if mixed is None else alike(mixed)


def _not(truth: Truth) -> Truth:
    return [not one for one in truth] if isinstance(truth, list) else not truth


@dataclass(frozen=True, slots=True)
class _Scope:
    """
    What the names of a body mean here.

    `settings` are constants; `words` name the column behind the word of an `$each` of attributes;
    `decided` is what holds in all rows that are looked at.
    """

    cells: Cells
    settings: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)
    decided: Mapping[str | Source, bool] = field(default_factory=dict)

    def parts(self, pieces: Iterable[Piece]) -> Iterator[Part | None]:
        """What is put together; None: left out."""
        for piece in pieces:
            if isinstance(piece, str):
                yield piece
            elif isinstance(piece, Slot):
                yield from self._slot(piece)
            elif isinstance(piece, Repeat):
                yield _joined(self._repeated(piece), self.cells.size)
            elif isinstance(piece, Join):
                items = [one for item in piece.items for one in self._items(item)]
                yield _joined(items, self.cells.size)
            else:
                yield self._choose(piece)

    def holds(self, condition: Condition) -> Truth:
        """Where a condition is true."""
        missing = (_not(self._present(name)) for name in condition.missing)
        return _every([*map(self._present, condition.present), *missing])

    def _present(self, name: str | Source) -> Truth:
        if name in self.decided:
            return self.decided[name]
        if isinstance(name, Source):
            return self._filled(name)
        return name in self.settings or self.cells.present(self.words.get(name, name))

    def _filled(self, source: Source) -> Truth:
        if source.name != "attributes":
            return self.cells.filled(source.name)
        return _not(_every(_not(self.cells.present(c)) for c in self._attributes(source)))

    def _where(self, condition: Condition) -> _Scope:
        """The scope of the rows in which a condition holds; in others it may say anything."""
        present, missing = (dict.fromkeys(condition.present, True), condition.missing)
        decided = {**self.decided, **present, **dict.fromkeys(missing, False)}
        return _Scope(self.cells, self.settings, self.words, decided)

    def _choose(self, piece: Choose) -> Part | None:
        truth, other = self.holds(piece.condition), piece.otherwise
        if truth is True:
            return _concat(self.parts(piece.then))
        otherwise = None if other is None else _concat(self.parts(other))
        if truth is False:
            return otherwise
        then = _concat(self._where(piece.condition).parts(piece.then))
        return _picked(truth, then, otherwise)

    def _items(self, item: tuple[Piece, ...]) -> Iterator[Item]:
        """An item of a join; of a repetition, its elements."""
        first = item[0]
        if isinstance(first, Choose) and first.otherwise is None:
            there = self.holds(first.condition)
            if there is not False:
                yield there, _sure(self._where(first.condition).parts(first.then))
        elif isinstance(first, Repeat):
            yield from self._repeated(first)
        else:
            yield True, _sure(self.parts(item))

    def _repeated(self, piece: Repeat) -> Iterator[Item]:
        if piece.source.name != "attributes":
            yield self._filled(piece.source), [self._elements(piece)]
            return
        for column in self._attributes(piece.source):
            there = self.cells.present(column)
            if there is not False:
                named = {**self.settings, "key": column.removeprefix(ATTRIBUTE)}
                decided = {**self.decided, "item": True, column: True}
                inside = _Scope(self.cells, named, {"item": column}, decided)
                yield there, _sure(inside.parts(piece.item))

    def _attributes(self, source: Source) -> Sequence[str]:
        chosen = [i for i in self.cells.attributes() if i not in source.skip]
        return [ATTRIBUTE + i for i in chosen if not source.only or i in source.only]

    def _elements(self, piece: Repeat) -> Part:
        """The elements of a list with a comma between; empty where there are none."""
        name = piece.source.name
        if self._filled(piece.source) is False:
            return ""
        counts, elements = self.cells.elements(name)
        inside = _Scope(elements, self.settings, {}, self.decided)
        texts = iter(_each_row(_concat(inside.parts(piece.item)), elements.size))
        return [",".join(map(str, islice(texts, count))) for count in counts]

    def _slot(self, slot: Slot) -> Iterator[Part]:
        quote = '"' if slot.encoding in QUOTED else ""
        columns: list[list[Text]] = []
        nothing = "" if slot.encoding == "raw" else "null"
        for name in slot.names:
            if name in self.settings:
                nothing = constant(self.settings[name], slot.encoding)
                break
            truth = self._present(name)
            if truth is not False:
                columns.append(self._texts(name, slot.encoding))
            if truth is True:
                if len(columns) == 1:
                    yield from (quote, columns[0], quote)
                    return
                break
        yield _first(columns, quote, nothing)

    def _texts(self, name: str, encoding: str) -> list[Text]:
        """A column as text; where it is decided that it is there, no row is without one."""
        column = self.words.get(name, name)
        if name in self.decided:
            return self.cells.whole_texts(column, encoding)
        return self.cells.texts(column, encoding)


def _first(columns: Sequence[list[Text]], quote: str, nothing: str) -> Part:
    """The first text of each row, in quotes; `nothing` where there is none."""
    if not columns:
        return nothing
    if len(columns) == 1:
        found = columns[0]
    else:
        found = [
            next((t for t in row if t is not None), None) for row in zip(*columns, strict=True)
        ]
    return [nothing if text is None else f"{quote}{text}{quote}" for text in found]


def _sure(parts: Iterable[Part | None]) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        assert part is not None, "only a whole part is left out"
        found.append(part)
    return found


def _picked(truth: list[bool], then: Part | None, other: Part | None) -> list[Text]:
    """`then` where it is true, else `other`."""
    size = len(truth)
    rows = zip(truth, _each_row(then, size), _each_row(other, size), strict=True)
    return [yes if true else no for true, yes, no in rows]


def _joined(items: Iterable[Item], size: int) -> Part:
    """Items with a comma between those that are there."""
    items = [item for item in items if item[0] is not False]
    sure = next((i for i, (there, _) in enumerate(items) if there is True), None)
    if sure is None and len(items) > 1:
        # Nobody knows which is the first: the commas are counted row by row.
        each = [_picked(t, _concat(parts), None) for t, parts in items if isinstance(t, list)]
        return [",".join([t for t in row if t is not None]) for row in zip(*each, strict=True)]
    found: list[Part] = []
    for at, (there, parts) in enumerate(items):
        before = [","] if sure is not None and at > sure else []
        after = [","] if sure is not None and at < sure else []
        whole = [*before, *parts, *after]
        found += [_picked(there, _concat(whole), "")] if isinstance(there, list) else whole
    return _concat(found) or ""
