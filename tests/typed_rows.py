"""Rows of typed values, written in a test → a frame shaped as a snapshot's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import polars as pl

from offerwright.facts.cells import dtype_of
from offerwright.facts.join import default_of, with_least_scales
from offerwright.facts.schema import FactDef, FactSchema
from offerwright.facts.table import ID
from offerwright.frames import map_column

Row = Mapping[str, object]


def frame_from_rows(schema: FactSchema, rows: Sequence[Row]) -> pl.DataFrame:
    """`frames.SNAPSHOT` of rows with a `sku` and any facts by name, in their order.

    Values are in the type's own unit (12 % is `Decimal("0.12")`, weight kg, a duration seconds or
    `timedelta`). A map is a mapping by key; a fact per marketplace or account is a mapping by
    scope, or one value for all of them. None or an absent name is a missing cell and takes the
    fact's `missing:`. Raises ValueError for an unknown fact, or a SKU that is absent or double.
    """
    skus = [row.get(ID) for row in rows]
    if len(set(skus)) != len(skus) or not all(isinstance(sku, str) and sku for sku in skus):
        raise ValueError("every row needs a `sku` of its own")
    unknown = sorted({name for row in rows for name in row} - {ID, *schema.facts})
    if unknown:
        raise ValueError(f"no such fact: {', '.join(unknown)}")
    columns = [pl.Series(ID, skus, dtype=pl.String)]
    for name in sorted(schema.facts):
        columns += _columns(schema, schema.facts[name], [row.get(name) for row in rows])
    return with_least_scales(_with_defaults(schema, pl.DataFrame(columns)))


def _columns(schema: FactSchema, fact: FactDef, cells: Sequence[object]) -> Iterator[pl.Series]:
    dtype = dtype_of(fact.type)
    for name, values in _named(schema, fact, cells).items():
        yield pl.Series(name, [_stored(value) for value in values], dtype=dtype, strict=True)


def _named(schema: FactSchema, fact: FactDef, cells: Sequence[object]) -> dict[str, list[object]]:
    """The cells of each of the fact's columns."""
    if fact.type.name == "map":
        keys = sorted({str(key) for cell in cells for key in _mapping(cell)})
        return {map_column(fact.name, k): [_mapping(cell).get(k) for cell in cells] for k in keys}
    if fact.per is None:
        return {fact.name: list(cells)}
    return {
        fact.scoped(scope): [
            cell.get(scope) if isinstance(cell, Mapping) else cell for cell in cells
        ]
        for scope in schema.scopes[fact.per]
    }


def _mapping(cell: object) -> Mapping[object, object]:
    if cell is None:
        return {}
    if not isinstance(cell, Mapping):
        raise ValueError(f"a map fact needs a mapping, not {cell!r}")
    return cell


def _stored(value: object) -> object:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return list(value) if isinstance(value, tuple) else value


def _with_defaults(schema: FactSchema, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(column).fill_null(default_of(schema.facts[fact]))
        for column in frame.columns
        for fact in [column.partition(".")[0].partition("@")[0]]
        if fact in schema.facts and schema.facts[fact].missing is not None
    )
