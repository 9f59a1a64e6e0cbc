"""Tables of rules → one sentence for how rows are chosen, and one for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from offerwright.rules.document import Table
from offerwright.rules.findings.expected import read_expectation
from offerwright.rules.rows import Findings, WrittenRow, written_rows
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.telling import Telling
from offerwright.source.located import Path

Results = Callable[[Mapping[str, Any], Telling], str]
"""How the results of a row are read: `markup is 11% and plus is 0`."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One table of a document: where it stands, its id there, and how its results are read."""

    table: Table
    path: Path
    rule: str
    results: Results
    no_row: str
    """Which phrase says what happens where no row matches."""


def rows_of(table: Table, path: Path, telling: Telling) -> tuple[WrittenRow, ...]:
    """The rows as written, in YAML or in the CSV file that the table names."""
    # `check` has said what is wrong with them.
    return written_rows(table, path, telling.loaded, telling.zone, Findings())


def told_rows(rows: Rows, telling: Telling) -> Iterator[Sentence]:
    """How one of the rows is chosen, every row, and what holds where none matches."""
    table, at = rows.table, rows.path
    written = rows_of(table, at, telling)
    if written:
        texts = [hit_text(table, telling)]
        if table.otherwise is None and table.take != "count":
            texts.append(telling.say(f"no_row.{rows.no_row}"))
        text = " ".join(map(telling.words.sentence, texts))
        yield telling.sentence(rows.rule, text, telling.at(*at))
    for row in written:
        yield telling.sentence(f"{rows.rule}/{row.id}", _row(row, rows, telling), row.span)
    if table.otherwise is not None:
        lead = telling.say("row.otherwise" if written else "row.always")
        text = telling.say("row", lead=lead, results=rows.results(table.otherwise, telling))
        yield telling.sentence(f"{rows.rule}/otherwise", text, telling.at(*at, "otherwise"))


def _row(row: WrittenRow, rows: Rows, telling: Telling) -> str:
    lead = telling.lead(telling.window(row.window), telling.when(row.when, row.span))
    text = telling.say(
        "row", lead=lead or telling.say("row.always"), results=rows.results(row.then, telling)
    )
    parts = [text, *expected_count(row.expect_matches, telling)]
    return " ".join(map(telling.words.sentence, parts)) if len(parts) > 1 else text


def expected_count(written: str | None, telling: Telling) -> Iterator[str]:
    """How many SKUs a row should match; `check` has said what cannot be read."""
    wanted = read_expectation(written or "")
    if wanted is None:
        return
    low, high = wanted
    if low == high:
        yield telling.words.count("row.expect.exactly", low)
    elif high is None:
        yield telling.words.count("row.expect.at_least", low)
    elif low == 0:
        yield telling.words.count("row.expect.at_most", high)
    else:
        yield telling.say("row.expect.between", low=str(low), high=str(high))


def hit_text(table: Table, telling: Telling) -> str:
    """Which of the rows that match counts."""
    if table.hit == "collect":
        return telling.say(f"hit.collect.{table.take}")
    return telling.say(f"hit.{table.hit}")


def plain_results(then: Mapping[str, Any], telling: Telling) -> str:
    """`markup is 11% and plus is 0`."""
    return telling.words.all_of(
        telling.say("result", name=name, value=telling.expression(raw))
        for name, raw in then.items()
        if raw is not None
    )


def result_names(table: Table, telling: Telling) -> tuple[str, ...]:
    """What a table gives, in written order."""
    named = [name for row in table.rules or () for name in row.then]
    csv = telling.loaded.tables.get(table.file or "")
    named += [h.removeprefix("then.") for h in csv.header if h.startswith("then.")] if csv else []
    return tuple(dict.fromkeys([*named, *(table.otherwise or ())]))
