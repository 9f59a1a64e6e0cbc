"""Data that knows where it was written: the currency between the reader and everything above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from offerwright.errors import Span

if TYPE_CHECKING:
    from offerwright.source.document import Document

Path = tuple[str | int, ...]
D = TypeVar("D", bound="Document")


@dataclass(frozen=True)
class Located:
    """The data of one YAML file with the span of every key and every value.

    `data` holds dict, list, str, Decimal, bool and None only. Paths are keys and list indexes from
    the top: `("steps", 0, "when", "cost")`.
    """

    file: str
    data: Any
    values: Mapping[Path, Span]
    keys: Mapping[Path, Span]

    def at(self, path: Path) -> Span:
        """The span of the value at `path`, else of the nearest thing around it."""
        while True:
            try:
                return self.values[path]
            except KeyError:
                if not path:
                    return Span(self.file, 1, 1, 1, 1)
                path = path[:-1]

    def key(self, path: Path) -> Span:
        """The span of the key at `path`, else that of its value."""
        return self.keys.get(path) or self.at(path)


@dataclass(frozen=True)
class CsvTable:
    """A CSV file as text cells. Row 0 of `rows` is the first row under the header.

    `lines[i]` is the 1-based line on which row i starts; `header_line` that of the header;
    `columns_at[i][j]` is the 1-based column where cell j of row i starts on its line.
    `later_lines[i, j]` is that line where a quoted cell before it pushed it below `lines[i]`.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    header_line: int
    columns_at: tuple[tuple[int, ...], ...]
    header_columns_at: tuple[int, ...]
    later_lines: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> Span:
        line = self.later_lines.get((row, column), self.lines[row])
        start = self.columns_at[row][column] if column < len(self.columns_at[row]) else 1
        text = self.rows[row][column] if column < len(self.rows[row]) else ""
        return Span(self.file, line, start, line, start + max(1, len(text)))

    def heading(self, column: int) -> Span:
        start = self.header_columns_at[column]
        end = start + max(1, len(self.header[column]))
        return Span(self.file, self.header_line, start, self.header_line, end)

    @cached_property
    def position(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.header)}


@dataclass(frozen=True)
class Loaded(Generic[D]):
    """One document and where it was written; `tables` are the CSV files it names, by that name."""

    document: D
    located: Located
    tables: Mapping[str, CsvTable] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def file(self) -> str:
        return self.located.file

    @cached_property
    def revision(self) -> str:
        """A hash of what the document means, as in `source.revision`."""
        from offerwright.source.revision import revision

        return revision(self.document, self.tables)
