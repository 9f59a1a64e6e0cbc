"""Rows of a table, written in YAML or in a CSV file → one shape with a place for every cell."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related, Span
from offerwright.expressions.cells import Known
from offerwright.expressions.csv_cells import csv_row
from offerwright.expressions.parse import microseconds
from offerwright.expressions.syntax import Typed
from offerwright.expressions.words import Words
from offerwright.rules.document import Table
from offerwright.rules.window import ALWAYS_VALID as ALWAYS_VALID
from offerwright.rules.window import Window as Window
from offerwright.rules.window import is_never as is_never
from offerwright.source.document import Valid
from offerwright.source.located import CsvTable, Loaded, Path
from offerwright.source.suggest import did_you_mean

_PLAIN_HEADINGS = ("id", "valid.from", "valid.before", "expect_matches", "note")


@dataclass(frozen=True)
class WrittenRow:
    """One row as written: raw cells, its window in microseconds, and where each cell stands."""

    id: str
    when: Mapping[str, Any]
    then: Mapping[str, Any]
    """None where a CSV cell is empty, which a finding has said."""
    span: Span
    cell: Callable[[Path], Span]
    key: Callable[[Path], Span]
    window: Window = ALWAYS_VALID
    expect_matches: str | None = None


@dataclass
class Findings:
    """Diagnostics collected while documents are compiled, and what is compiled so far.

    Cells are read once for each `Words`, written numbers once for each place and currency.
    """

    items: list[Diagnostic] = field(default_factory=list)
    tables: dict[tuple[Hashable, ...], Any] = field(default_factory=dict)
    cells: dict[int, tuple[Words, Known]] = field(default_factory=dict)
    numbers: dict[tuple[Hashable, ...], Typed] = field(default_factory=dict)

    def cells_of(self, words: Words) -> Known:
        """The cells that are read already with these words."""
        return self.cells.setdefault(id(words), (words, {}))[1]

    def say(self, code: str, span: Span, message: str, hint: str = "", **more: Any) -> None:
        self.items.append(Diagnostic(code, message, span, hint, **more))


def window(valid: Valid | None, zone: ZoneInfo) -> Window:
    """A validity window in microseconds; a date is its midnight in the zone."""
    if valid is None:
        return ALWAYS_VALID
    return _moment(valid.from_, zone), _moment(valid.before, zone)


def _moment(moment: datetime | date | None, zone: ZoneInfo) -> int | None:
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def written_rows(
    table: Table, at: Path, loaded: Loaded[Any], zone: ZoneInfo, findings: Findings
) -> tuple[WrittenRow, ...]:
    """All rows of a table. `at` is the path of the table in its document."""
    if table.file is not None:
        csv = loaded.tables.get(table.file)
        rows = tuple(_csv_rows(csv, zone, findings)) if csv is not None else ()
    else:
        rows = tuple(_inline_rows(table, at, loaded, zone, findings))
    _check_ids(rows, findings)
    return rows


def check_window(
    valid: Valid | None, zone: ZoneInfo, span: Span, what: str, findings: Findings
) -> Window:
    """The window in microseconds; one that holds no moment is a finding at `span`."""
    found = window(valid, zone)
    if valid is not None and is_never(found):
        start, end = (str(m).replace(" ", "T") for m in (valid.from_, valid.before))
        findings.say(
            "WRONG_WINDOW", span, f"{what} ends before it starts: from {start}, before {end}",
            "`before` is the first moment at which it no longer counts",
        )  # fmt: skip
    return found


def _inline_rows(
    table: Table, at: Path, loaded: Loaded[Any], zone: ZoneInfo, findings: Findings
) -> Iterator[WrittenRow]:
    for index, row in enumerate(table.rules or ()):
        path = (*at, "rules", index)
        yield WrittenRow(
            id=row.id,
            when=row.when,
            then=row.then,
            span=loaded.located.at((*path, "id")),
            cell=lambda below, path=path: loaded.located.at((*path, *below)),  # type: ignore[misc]
            key=lambda below, path=path: loaded.located.key((*path, *below)),  # type: ignore[misc]
            window=check_window(
                row.valid, zone, loaded.located.at((*path, "valid", "before")), "this row", findings
            ),
            expect_matches=None if row.expect_matches is None else str(row.expect_matches),
        )


def _csv_rows(csv: CsvTable, zone: ZoneInfo, findings: Findings) -> Iterator[WrittenRow]:
    if not _check_headings(csv, findings):
        return
    when = [(h.removeprefix("when."), i) for h, i in csv.position.items() if h.startswith("when.")]
    then = [(h.removeprefix("then."), i) for h, i in csv.position.items() if h.startswith("then.")]
    for row, cells in enumerate(csv.rows):
        if len(cells) != len(csv.header):
            continue  # the reader has already said so
        yield _csv_row(csv, row, when, then, zone, findings)


def _csv_row(
    csv: CsvTable,
    row: int,
    when: list[tuple[str, int]],
    then: list[tuple[str, int]],
    zone: ZoneInfo,
    findings: Findings,
) -> WrittenRow:
    cells = csv.rows[row]

    def place(below: Path) -> Span:
        column = csv.position.get(".".join(str(part) for part in below[:2]))
        return csv.cell(row, column if column is not None else csv.position["id"])

    def heading(below: Path) -> Span:
        return csv.heading(csv.position[".".join(str(part) for part in below[:2])])

    for name, column in then:
        if not cells[column].strip():
            findings.say("EMPTY_CELL", csv.cell(row, column), f"`{name}` has no value in this row")
    return WrittenRow(
        id=cells[csv.position["id"]].strip(),
        when=csv_row([(name, cells[column]) for name, column in when]),
        then={name: cells[column].strip() or None for name, column in then},
        span=csv.cell(row, csv.position["id"]),
        cell=place,
        key=heading,
        window=csv_window(csv, row, zone, findings),
        expect_matches=_optional(csv, row, "expect_matches"),
    )


def _optional(csv: CsvTable, row: int, heading: str) -> str | None:
    column = csv.position.get(heading)
    return (csv.rows[row][column].strip() or None) if column is not None else None


def csv_window(csv: CsvTable, row: int, zone: ZoneInfo, findings: Findings) -> Window:
    """The window of a CSV row, from its cells `valid.from` and `valid.before`."""
    ends: list[datetime | date | None] = []
    for heading in ("valid.from", "valid.before"):
        text = _optional(csv, row, heading)
        try:
            parsed = (
                None
                if text is None
                else (datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text))
            )
        except ValueError:
            span = csv.cell(row, csv.position[heading])
            findings.say("WRONG_DATE", span, f"{text!r} is no date", "write 2026-12-01")
            parsed = None
        ends.append(parsed)
    if ends == [None, None]:
        return ALWAYS_VALID
    before = csv.position.get("valid.before", 0)
    valid = Valid.model_construct(from_=ends[0], before=ends[1])
    return check_window(valid, zone, csv.cell(row, before), "this row", findings)


def _check_headings(csv: CsvTable, findings: Findings) -> bool:
    sound = True
    for column, heading in enumerate(csv.header):
        prefix, _, rest = heading.partition(".")
        if heading in _PLAIN_HEADINGS or (prefix in ("when", "then") and rest):
            continue
        hint = did_you_mean(heading, _PLAIN_HEADINGS) or (
            "headings are id, when.<fact>, then.<name>, valid.from, valid.before, "
            "expect_matches, note"
        )
        findings.say("UNKNOWN_HEADING", csv.heading(column), f"unknown heading `{heading}`", hint)
        sound = False
    if "id" not in csv.position:
        findings.say(
            "MISSING_HEADING", csv.heading(0), "the table has no heading `id`",
            "every row needs an id that stays when rows are moved",
        )  # fmt: skip
        sound = False
    return sound


def _check_ids(rows: tuple[WrittenRow, ...], findings: Findings) -> None:
    first: dict[str, Span] = {}
    for row in rows:
        if not row.id:
            findings.say("MISSING_ID", row.span, "this row has no id")
        elif row.id in first:
            findings.say(
                "DUPLICATE_ID", row.span, f"the id `{row.id}` is used twice",
                "ids are unique in a table and stay when rows are moved",
                related=(Related(first[row.id], "first used here"),),
            )  # fmt: skip
        first.setdefault(row.id, row.span)
