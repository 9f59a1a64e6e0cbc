"""Products of cases → the frame that a snapshot with them would have, and what is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from offerwright.facts.cells import dtype_of
from offerwright.facts.join import default_of, with_least_scales
from offerwright.facts.schema import FactDef, FactSchema
from offerwright.frames import map_column
from offerwright.testing.document import MISSING, Live
from offerwright.testing.given import Cells, Product

LIVE: dict[str, Any] = {
    "sku": pl.String,
    "live_price": pl.Decimal(38, 8),
    "live_paid": pl.Decimal(38, 8),
    "live_quantity": pl.Int64,
    "was_sent": pl.Boolean,
}


def snapshot_of(schema: FactSchema, products: Sequence[Product]) -> pl.DataFrame:
    """
    `frames.SNAPSHOT` of these products, one row each in their order.

    A fact that is kept per marketplace has a given value on all of them; one that is not given
    takes the `missing:` of its declaration, as a blank cell of a source does.
    """
    columns = [pl.Series("sku", [p.sku for p in products], dtype=pl.String)]
    for name in sorted(schema.facts):
        fact = schema.facts[name]
        columns += _columns(schema, fact, [p.facts.get(name) for p in products])
    return with_least_scales(pl.DataFrame(columns))


def _columns(
    schema: FactSchema, fact: FactDef, cells: Sequence[Cells | None]
) -> Iterator[pl.Series]:
    dtype = dtype_of(fact.type)
    for name, values in _named(schema, fact, cells).items():
        stored = [list(v) if isinstance(v, tuple) else v for v in values]
        column = pl.Series(name, stored, dtype=dtype, strict=True)
        if fact.missing is not None:
            frame = pl.DataFrame([column])
            column = frame.select(pl.col(name).fill_null(default_of(fact)))[name]
        yield column


def _named(
    schema: FactSchema, fact: FactDef, cells: Sequence[Cells | None]
) -> dict[str, list[Any]]:
    """The cells of each of the fact's columns."""
    if fact.type.name == "map":
        maps = [cell if isinstance(cell, Mapping) else {} for cell in cells]
        keys = sorted({key for one in maps for key in one})
        return {map_column(fact.name, key): [one.get(key) for one in maps] for key in keys}
    if fact.per is None:
        return {fact.name: list(cells)}
    return {
        fact.scoped(scope): [
            cell.get(scope) if isinstance(cell, Mapping) else cell for cell in cells
        ]
        for scope in schema.scopes[fact.per]
    }


def live_frame(live: Mapping[str, Live]) -> pl.DataFrame:
    """
    What marketplaces show, by SKU, in the columns that evaluation and guards read.

    What the buyer pays there is the sale price where there is one. A price that is `missing` was
    sent, and nobody knows what stands there.
    """
    rows = []
    for sku, one in live.items():
        price, sale = _known(one.price), _known(one.sale_price)
        rows.append({
            "sku": sku,
            "live_price": price,
            "live_paid": price if sale is None else sale,
            "live_quantity": _known(one.quantity),
            "was_sent": one.price is not None,
        })  # fmt: skip
    return pl.DataFrame(rows, schema=LIVE)


def _known(value: Decimal | int | str | None) -> Any:
    return None if value == MISSING else value
