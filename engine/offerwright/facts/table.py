"""Records of one source → a typed table with one row per key, and what was refused on the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from offerwright.errors import SnapshotRefused
from offerwright.facts.cells import (
    BLANKS,
    CellFormat,
    cell_format,
    dtype_of,
    is_blank,
    parse_scalars,
)
from offerwright.facts.faults import explain_cell
from offerwright.facts.read import Records
from offerwright.facts.rejects import Reject, shown
from offerwright.facts.schema import FactDef, SourceDef

MAX_ID = 200
_CONTROL = r"[\x00-\x1f\x7f]"

ID, KEY = "sku", "_key"
"""The columns of a source table beside its facts: the id, and a map's key or the scope."""


@dataclass(frozen=True)
class SourceTable:
    """The rows of a source that are kept: `sku` (or the joined value), `_key`, then the facts.

    `doubtful` are the ids with a refused row: what they lack is unknown, not missing by choice, so
    no default is put in its place.
    """

    source: SourceDef
    frame: pl.DataFrame
    rejects: tuple[Reject, ...]
    rows_in: int
    sha256: str

    @property
    def rejected(self) -> int:
        """The number of refused rows; a row with several bad cells counts once."""
        return len({reject.row for reject in self.rejects})

    @property
    def doubtful(self) -> pl.Series:
        ids = {r.id for r in self.rejects if r.id is not None and r.code != "DUPLICATE_ROW"}
        return pl.Series(sorted(ids), dtype=pl.String)


def typed_table(
    source: SourceDef, records: Records, facts: Mapping[str, FactDef], time_zone: str
) -> SourceTable:
    """Parse every cell, then settle rows that have the same key.

    Equal rows are one row; rows that differ are all refused, because nobody can say which one
    counts. A bad cell refuses its whole row. Raises SnapshotRefused for a column of lists where
    one value is wanted.
    """
    _refuse_lists(source, records, facts)
    ids = records.cells[source.id_column].alias(ID)
    columns = [ids]
    key_column = source.key or source.per
    if key_column:
        columns.append(records.cells[key_column].str.strip_chars(BLANKS).alias(KEY))
    found = list(_bad_keys(records, ids, source.id_column, is_joined=source.join is not None))
    if key_column:
        found += _bad_keys(records, ids, key_column, is_joined=True)
    for name in source.facts:
        parsed, bad = _parse_fact(facts[name], records, ids, source, time_zone)
        columns.append(parsed)
        found += bad
    frame = pl.DataFrame([*columns, records.rows.alias("_row")])
    found += _settle(frame, [ID, KEY] if key_column else [ID], {reject.row for reject in found})
    refused = [reject.row for reject in found]
    kept = frame.filter(~pl.col("_row").is_in(refused)) if refused else frame
    return SourceTable(
        source, kept.drop("_row"), (*records.rejects, *found), records.rows_in, records.sha256
    )


def _refuse_lists(source: SourceDef, records: Records, facts: Mapping[str, FactDef]) -> None:
    plain = {source.id_column, source.key, source.per}
    plain |= {facts[name].column for name in source.facts if facts[name].cell.name != "list"}
    for name, dtype in records.cells.schema.items():
        if isinstance(dtype, pl.List) and name in plain:
            raise SnapshotRefused(
                f"{source.file} (source `{source.name}`): the column `{name}` holds lists, and "
                "one value is wanted. Make the fact a `list of …`, or write one value."
            )


def _bad_keys(
    records: Records, ids: pl.Series, column: str, *, is_joined: bool
) -> Iterator[Reject]:
    """Blank, overlong or unprintable ids and keys."""
    kind = "KEY" if is_joined else "SKU"
    cells = records.cells[column]
    cell = pl.col("cell")
    wrong = pl.DataFrame({"cell": cells}).select(
        is_blank(cell) | (cell.str.len_chars() > MAX_ID) | cell.str.contains(_CONTROL)
    )["cell"]
    for index in wrong.fill_null(True).arg_true().to_list():
        text = cells[index] or ""
        id_ = ids[index] if ids[index] and len(ids[index]) <= MAX_ID else None
        if not text.strip(BLANKS):
            fault = (f"BLANK_{kind}", f"every row needs a value in `{column}`")
        elif len(text) > MAX_ID:
            fault = (f"BAD_{kind}", f"write at most {MAX_ID} characters")
        else:
            fault = (f"BAD_{kind}", "it holds a control character: remove it")
        yield Reject(records.rows[index], column, shown(text), *fault, id_)


def _parse_fact(
    fact: FactDef, records: Records, ids: pl.Series, source: SourceDef, time_zone: str
) -> tuple[pl.Series, list[Reject]]:
    cells = records.cells[fact.column]
    format_ = cell_format(fact, time_zone, source.decimal_comma)
    if fact.cell.name == "list":
        parsed, faults = _parse_lists(cells, fact, format_)
    else:
        parsed = parse_scalars(cells, format_)
        faults = _faults(cells, parsed, fact, format_)
    rejects = [
        Reject(records.rows[index], fact.column, shown(text), code, reason, ids[index])
        for index, text, code, reason in faults
    ]
    return parsed.alias(fact.name), rejects


_Faults = list[tuple[int, str, str, str]]
"""Position, text, code and reason of refused cells."""


def _faults(cells: pl.Series, parsed: pl.Series, fact: FactDef, format_: CellFormat) -> _Faults:
    frame = pl.DataFrame({"cell": cells, "value": parsed})
    unread = frame.select(~is_blank(pl.col("cell")) & pl.col("value").is_null())["cell"]
    found = [(i, cells[i], *explain_cell(cells[i], format_)) for i in unread.arg_true().to_list()]
    for code, bound, outside in (
        ("BELOW_MINIMUM", fact.minimum, parsed.lt),
        ("ABOVE_MAXIMUM", fact.maximum, parsed.gt),
    ):
        if bound is not None:
            word = "at least" if code == "BELOW_MINIMUM" else "at most"
            reason = f"the fact `{fact.name}` must be {word} {bound:f}"
            limit = pl.Series([bound], dtype=pl.Decimal(38, 8))
            beyond = outside(limit).fill_null(False).arg_true().to_list()
            found += [(i, cells[i], code, reason) for i in beyond]
    return found


def _parse_lists(cells: pl.Series, fact: FactDef, format_: CellFormat) -> tuple[pl.Series, _Faults]:
    """Lists, from arrays or from text with separators. An element that is blank or not in the
    grammar refuses the cell."""
    if not isinstance(cells.dtype, pl.List):
        present = pl.when(~is_blank(pl.col("cell"))).then(
            pl.col("cell").str.strip_chars(BLANKS).str.split(format_.separator)
        )
        lists = pl.DataFrame({"cell": cells}).select(present)["cell"]
    else:
        lists = cells
    flat = (
        pl.DataFrame({"cell": lists})
        .with_row_index("at")
        .filter(pl.col("cell").list.len() > 0)
        .explode("cell")
        .with_columns(pl.col("cell").str.strip_chars(BLANKS))
    )
    values = parse_scalars(flat["cell"], format_)
    faults = _faults(flat["cell"], values, fact, format_)
    faults += [
        (i, flat["cell"][i] or "", "EMPTY_ELEMENT", "an element of the list is empty: remove it")
        for i in flat.select(is_blank(pl.col("cell")))["cell"].arg_true().to_list()
    ]
    grouped = (
        flat.select("at", values.alias("value")).group_by("at", maintain_order=True).agg("value")
    )
    whole = pl.DataFrame({"at": pl.Series(range(len(cells)), dtype=pl.UInt32)})
    joined = whole.join(grouped, on="at", how="left", maintain_order="left")["value"]
    at = flat["at"]
    # An empty array is present and empty; a blank cell is missing.
    empty = pl.Series([[]], dtype=dtype_of(fact.cell))
    filled = pl.DataFrame({"value": joined, "list": lists}).select(
        pl.when(pl.col("list").list.len() == 0).then(pl.lit(empty)).otherwise(pl.col("value"))
    )
    return filled.to_series().cast(dtype_of(fact.cell)), [(at[i], *rest) for i, *rest in faults]


def _settle(frame: pl.DataFrame, key: Sequence[str], bad: set[int]) -> Iterator[Reject]:
    """Refuse doubles: all but the first of equal rows, and every one of rows that differ or that
    share their key with a refused row."""
    doubles = frame.filter(pl.struct(key).is_duplicated()).sort("_row")
    groups: dict[tuple[object, ...], list[_Row]] = defaultdict(list)
    for cells in doubles.iter_rows(named=True):
        content = {name: cell for name, cell in cells.items() if name != "_row"}
        groups[tuple(cells[name] for name in key)].append(_Row(cells["_row"], content))
    for rows in groups.values():
        yield from _settle_group(rows, bad)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    content: dict[str, object]


def _settle_group(rows: list[_Row], bad: set[int]) -> Iterator[Reject]:
    numbers = [row.number for row in rows]
    same = all(row.content == rows[0].content for row in rows) and not bad.intersection(numbers)
    for row in rows:
        if row.number in bad or (same and row is rows[0]):
            continue
        id_ = str(row.content[ID])
        key = f"`{shown(id_)}`" + (f", `{row.content[KEY]}`" if KEY in row.content else "")
        if same:
            reason = f"row {numbers[0]} says the same for {key} already"
            yield Reject(row.number, ID, shown(id_), "DUPLICATE_ROW", reason, id_)
        else:
            reason = f"rows {_listed(numbers)} do not agree on {key}: keep one of them"
            yield Reject(row.number, ID, shown(id_), "CONFLICTING_ROWS", reason, id_)


def _listed(numbers: list[int]) -> str:
    if len(numbers) > 10:
        return f"{', '.join(map(str, numbers[:10]))} and {len(numbers) - 10} more"
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
