"""Cells of orders and lines → typed columns, by the machinery that reads the sources of facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from offerwright.errors import Span
from offerwright.expressions.types import DATETIME, INTEGER, NUMBER, TEXT, Type
from offerwright.facts.join import default_of
from offerwright.facts.read import Records
from offerwright.facts.schema import FactDef, SourceDef
from offerwright.facts.table import ID, typed_table
from offerwright.orders.read import Cells

_NOWHERE = Span("", 1, 1, 1, 1)
_ROW = "_row_of_cells"
# A table of a source has a column `sku` of its own, which holds its id.
_SKU = "_sku_of_line"


def engine_fact(name: str, type_: Type, low: int | None = None, high: int | None = None) -> FactDef:
    """A column that every file of orders has, as a fact."""
    bounds = [None if bound is None else Decimal(bound) for bound in (low, high)]
    column = "sku" if name == _SKU else name
    return FactDef(name, type_, "orders", column, _NOWHERE, minimum=bounds[0], maximum=bounds[1])


ORDER_CELLS: tuple[FactDef, ...] = (
    engine_fact("account", TEXT),
    engine_fact("marketplace", TEXT),
    engine_fact("currency", TEXT),
    engine_fact("status", TEXT),
    engine_fact("placed_at", DATETIME),
    engine_fact("zip", TEXT),
    engine_fact("latitude", NUMBER, -90, 90),
    engine_fact("longitude", NUMBER, -180, 180),
)
LINE_CELLS: tuple[FactDef, ...] = (
    engine_fact(_SKU, TEXT),
    engine_fact("quantity", INTEGER, 1),
    engine_fact("price", NUMBER, 0),
)


@dataclass(frozen=True)
class TypedCells:
    """One row per record, in their order; a refused row is all null. `faults` by row."""

    frame: pl.DataFrame
    faults: Mapping[int, tuple[str, str]]

    def values(self, name: str) -> list[object]:
        return self.frame[name].to_list()


def typed_cells(records: Sequence[Cells], facts: Sequence[FactDef], time_zone: str) -> TypedCells:
    """The facts of all records. Of several faults of one record the first column's is kept."""
    rows = pl.Series(range(len(records)), dtype=pl.Int64)
    cells = pl.DataFrame(
        {_ROW: rows.cast(pl.String)}
        | {
            column: pl.Series([_text(record.get(column)) for record in records], dtype=pl.String)
            for column in {fact.column for fact in facts}
        }
    )
    source = SourceDef(
        name="orders", file="orders", format="jsonl", id_column=_ROW, delimiter=",",
        decimal_comma=False, facts=tuple(sorted(fact.name for fact in facts)), join="order",
    )  # fmt: skip
    known = {fact.name: fact for fact in facts}
    table = typed_table(source, Records(cells, rows, (), ""), known, time_zone)
    faults: dict[int, tuple[str, str]] = {}
    for reject in sorted(table.rejects, key=lambda r: (r.row, r.column)):
        detail = f"`{reject.column}` is {reject.value!r}: {reject.reason}"
        faults.setdefault(reject.row, (reject.code, detail))
    whole = pl.DataFrame({ID: rows.cast(pl.String)})
    frame = whole.join(table.frame, on=ID, how="left", maintain_order="left")
    named = _with_defaults(frame, known).drop(ID).rename({_SKU: "sku"}, strict=False)
    return TypedCells(named, faults)


def _text(cell: str | None) -> str | None:
    """A cell without the halves of surrogate pairs, which no column of text can hold."""
    return None if cell is None else cell.encode("utf-8", "replace").decode()


def _with_defaults(frame: pl.DataFrame, facts: Mapping[str, FactDef]) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(fact.name).fill_null(default_of(fact))
        for fact in facts.values()
        if fact.missing is not None
    )
