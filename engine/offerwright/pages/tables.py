"""The decision tables of a document → rows and columns of text, as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from offerwright.errors import Span
from offerwright.rules.document import Table
from offerwright.rules.rows import WrittenRow
from offerwright.sentences.tables import rows_of
from offerwright.sentences.telling import Telling, flow
from offerwright.source.located import Path


@dataclass(frozen=True, slots=True)
class RowView:
    """One row: its id, its cells in the order of the columns, its place."""

    id: str
    cells: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class TableView:
    """One table; the first `conditions` columns are tested, the others are results and notes."""

    name: str
    columns: tuple[str, ...]
    conditions: int
    rows: tuple[RowView, ...]


def table_views(telling: Telling) -> tuple[TableView, ...]:
    """All tables of a document, whatever its kind."""
    found = _tables(telling.loaded.document, (), telling.loaded.name)
    return tuple(_view(table, path, name, telling) for table, path, name in found)


def _tables(value: Any, path: Path, name: str) -> Iterator[tuple[Table, Path, str]]:
    """Every table in a model with its path; it is called by its id, else by its key."""
    if isinstance(value, Table) and value.is_table:
        yield value, path, getattr(value, "id", name)
    elif isinstance(value, BaseModel):
        for field, info in type(value).model_fields.items():
            key = info.alias or field
            yield from _tables(getattr(value, field), (*path, key), key)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _tables(element, (*path, index), name)


def _view(table: Table, path: Path, name: str, telling: Telling) -> TableView:
    rows = rows_of(table, path, telling)
    when = tuple(dict.fromkeys(key for row in rows for key in row.when))
    then = dict.fromkeys(key for row in rows for key in row.then)
    then |= dict.fromkeys(table.otherwise or ())
    days = (telling.say("page.valid"),) if any(telling.window(r.window) for r in rows) else ()
    notes = _notes(table, telling)
    note = (telling.say("page.note"),) if any(notes.values()) else ()
    views = [_row(row, (when, tuple(then)), (days, note), notes, telling) for row in rows]
    if table.otherwise is not None:
        blank = ("",) * (len(when) + len(days))
        cells = (*blank, *(flow(table.otherwise.get(key)) for key in then), *("",) * len(note))
        span = telling.at(*path, "otherwise")
        views.append(RowView(telling.say("row.otherwise"), cells, span))
    return TableView(name, (*when, *days, *then, *note), len(when) + len(days), tuple(views))


def _row(
    row: WrittenRow,
    keys: tuple[tuple[str, ...], tuple[str, ...]],
    extra: tuple[tuple[str, ...], tuple[str, ...]],
    notes: Mapping[str, str],
    telling: Telling,
) -> RowView:
    when, then = keys
    days, note = extra
    cells = [
        *(flow(row.when.get(key)) for key in when),
        *([telling.window(row.window)] if days else []),
        *(flow(row.then.get(key)) for key in then),
        *([notes.get(row.id, "")] if note else []),
    ]
    return RowView(row.id, tuple(cells), row.span)


def _notes(table: Table, telling: Telling) -> dict[str, str]:
    """The notes of rows by their ids."""
    found = {row.id: row.note or "" for row in table.rules or ()}
    csv = telling.loaded.tables.get(table.file or "")
    if csv is None or "note" not in csv.position or "id" not in csv.position:
        return found
    at, note = csv.position["id"], csv.position["note"]
    return {row[at].strip(): row[note].strip() for row in csv.rows if len(row) > max(at, note)}
