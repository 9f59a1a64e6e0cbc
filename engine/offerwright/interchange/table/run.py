"""A table out as CSV, a sheet in to where the table is written: what the command calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from offerwright.errors import Diagnostic, Span, sorted_diagnostics
from offerwright.expressions.types import Type
from offerwright.interchange.table.address import Written, find_table
from offerwright.interchange.table.export import csv_text, exported
from offerwright.interchange.table.patch import with_rows
from offerwright.interchange.table.rows import sheet_rows
from offerwright.interchange.table.sheet import Sheet, comma_error, read_sheet, with_truths
from offerwright.pipeline import Loadout, compile_repository
from offerwright.source.layout.comments import Unclear, comments_of
from offerwright.source.located import CsvTable, Located
from offerwright.source.repository import Repository
from offerwright.source.yaml import read_yaml

_NOTHING: Mapping[str, Type] = {}


@dataclass(frozen=True, slots=True)
class Changed:
    """The file that changes, and how many rows."""

    file: str
    content: bytes
    added: int = 0
    removed: int = 0
    changed: int = 0
    moved: int = 0


def export_table(loadout: Loadout, address: str) -> tuple[str | None, list[Diagnostic]]:
    """The CSV text of a table. Raises `OfferwrightError` where there is no such table."""
    return exported(find_table(loadout.documents, address))


def import_table(
    repository: Repository, loadout: Loadout, address: str, content: bytes, file: str
) -> tuple[Changed | None, list[Diagnostic]]:
    """
    The file of the repository with the rows of a sheet.

    Args:
        repository: all files.
        loadout: what they say; errors elsewhere do not matter.
        address: the table.
        content: the bytes of the sheet.
        file: its name in findings.

    Returns:
        The changed file, or None with findings at the rows and columns of the sheet: nothing is
        changed that `check` would then find wrong.
    """
    written = find_table(loadout.documents, address)
    sheet, found = read_sheet(content, file)
    if sheet is None:
        return None, found
    types = loadout.rules.plans[0].scope.types if loadout.rules.plans else _NOTHING
    sheet = with_truths(sheet, lambda heading: _is_truth(heading, written, types))
    found = list(_commas(sheet, written, types))
    if found:
        return None, found
    named = written.loaded.tables.get(written.table.file or "")
    made = (
        _in_yaml(repository, written, sheet, types)
        if named is None
        else _in_csv(named, sheet)
    )  # fmt: skip
    if isinstance(made, Diagnostic):
        return None, [made]
    wrong = _proved(repository, made, written, sheet)
    return (None, wrong) if wrong else (made, [])


def _commas(sheet: Sheet, written: Written, types: Mapping[str, Type]) -> Iterator[Diagnostic]:
    """Numbers with a decimal comma, which nobody should guess at."""
    for number, row in enumerate(sheet.rows):
        for heading in row:
            prefix, _, name = heading.partition(".")
            type_ = types.get(name)
            is_number = (prefix == "then" and written.place(name) == "number") or (
                prefix == "when" and type_ is not None and type_.is_decimal
            )
            found = comma_error(sheet, number, heading) if is_number else None
            if found is not None:
                yield found


def _is_truth(heading: str, written: Written, types: Mapping[str, Type]) -> bool:
    """Whether a column holds true and false."""
    prefix, _, name = heading.partition(".")
    if prefix == "then":
        return written.place(name) == "boolean"
    type_ = types.get(name) if prefix == "when" else None
    return type_ is not None and type_.name == "boolean"


def _in_csv(table: CsvTable, sheet: Sheet) -> Changed:
    """The CSV file of a table with the rows of the sheet, as the engine reads it."""
    cells = [list(sheet.table.rows[number]) for number in sheet.numbers]
    text = csv_text(sheet.table.header, cells, raw=True)
    before = {row[0]: list(row) for row in _by_id(table)}
    filled = replace(sheet.table, rows=tuple(map(tuple, cells)))
    after = {row[0]: list(row) for row in _by_id(filled)}
    return _counted(table.file, text.encode("utf-8"), before, after)


def _by_id(table: CsvTable) -> Iterator[tuple[str, ...]]:
    at = table.position.get("id", 0)
    for row in table.rows:
        pairs = sorted(zip(table.header, row, strict=True))
        yield row[at].strip(), *(f"{h}={c.strip()}" for h, c in pairs if c.strip())


def _counted(
    file: str, content: bytes, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Changed:
    kept = [id_ for id_ in after if id_ in before]
    old_order = [id_ for id_ in before if id_ in after]
    return Changed(
        file, content,
        added=len(after) - len(kept),
        removed=len(before) - len(kept),
        changed=sum(before[id_] != after[id_] for id_ in kept),
        moved=sum(a != b for a, b in zip(kept, old_order, strict=True)),
    )  # fmt: skip


def _in_yaml(
    repository: Repository, written: Written, sheet: Sheet, types: Mapping[str, Type]
) -> Changed | Diagnostic:
    located, file = written.loaded.located, written.loaded.file
    old = list(written.data.get("rules") or ())
    lost = [row for row in old if str(row["id"]) not in {r["id"].strip() for r in sheet.rows}]
    rows = sheet_rows(sheet, old, written, types)
    content = repository.files[file]
    made = with_rows(content, located, written.path, rows)
    reason = _unsafe(content, made, located, written, rows, lost)
    if reason is not None:
        return Diagnostic("NOT_PATCHED", f"{file} is not changed: {reason}",
                          located.at((*written.path, "rules")),
                          "edit this table in its YAML file")  # fmt: skip
    before = {str(row["id"]): row for row in old}
    return _counted(file, made, before, {str(row["id"]): row for row in rows})


def _unsafe(
    before: bytes,
    after: bytes,
    located: Located,
    written: Written,
    rows: Sequence[Mapping[str, Any]],
    lost: Sequence[Mapping[str, Any]],
) -> str | None:
    """Why the new text must not replace the old one: other data, or a comment that is gone."""
    again, found = read_yaml(after, located.file)
    if again is None:
        return f"the result could not be read: {found[0].message}"
    wanted: Any = _with(located.data, (*written.path, "rules"), list(rows))
    if again.data != wanted:
        return "something else would change with it"
    try:
        gone = comments_of(before.decode("utf-8")) - comments_of(after.decode("utf-8"))
    except Unclear:
        return "YAML readers do not agree on it"
    own = "" if not lost else before.decode("utf-8")
    for comment in list(gone):
        if own and any(_beside(own, comment, row) for row in lost):
            del gone[comment]
    return f"the comment {min(gone)!r} would be lost" if gone else None


def _beside(text: str, comment: str, row: Mapping[str, Any]) -> bool:
    """Whether a comment stands on a line of a row that goes."""
    return any(comment in line and str(row["id"]) in line for line in text.splitlines())


def _with(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(data, list):
        return [_with(e, path[1:], value) if n == path[0] else e for n, e in enumerate(data)]
    return {**data, path[0]: _with(data.get(path[0]), path[1:], value)}


def _proved(
    repository: Repository, made: Changed, written: Written, sheet: Sheet
) -> list[Diagnostic]:
    """What `check` says of the changed table and did not say before, at the cells of the sheet."""
    files = {**repository.files, made.file: made.content}
    before = {_key(d) for d in compile_repository(repository)[1]}
    found = [
        d for d in compile_repository(replace(repository, files=files))[1]
        if d.severity == "error" and d.span is not None and d.span.file == made.file
        and _key(d) not in before
    ]  # fmt: skip
    places = dict(_places(made, written, sheet))
    return sorted_diagnostics([_moved(d, places, sheet) for d in found])


def _key(found: Diagnostic) -> tuple[str, str]:
    return found.code, found.message


def _places(
    made: Changed, written: Written, sheet: Sheet
) -> Iterator[tuple[Span, tuple[int, str]]]:
    """The place of every cell in the changed file → its row and heading in the sheet."""
    if made.file.endswith(".csv"):
        from offerwright.source.csv import read_csv_table

        table, _ = read_csv_table(made.content, made.file)
        for row in range(len(table.rows) if table else 0):
            for column, heading in enumerate(table.header if table else ()):
                assert table is not None
                yield table.cell(row, column), (row, heading)
        return
    located, _ = read_yaml(made.content, made.file)
    assert located is not None, "what is written was read before"
    for row, cells in enumerate(sheet.rows):
        path = (*written.path, "rules", row)
        yield located.at(path), (row, "id")
        for heading in cells:
            parts = heading.split(".", 1)
            yield located.at((*path, *parts)), (row, heading)


def _moved(found: Diagnostic, places: Mapping[Span, tuple[int, str]], sheet: Sheet) -> Diagnostic:
    assert found.span is not None, "only findings with a place are moved"
    inside = [s for s in places if _holds(s, found.span)]
    if not inside:
        return found
    # The narrowest place is the last one that begins before the finding.
    row, heading = places[max(inside, key=lambda s: (s.line, s.column, -s.end_line))]
    message = f"{sheet.named(row, heading)}: {found.message}"
    return replace(found, message=message, span=sheet.cell(row, heading), related=())


def _holds(outer: Span, inner: Span) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.line, inner.column) < (outer.end_line, outer.end_column)
