"""Old and new halves of offers → one listing, as a run over everything gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from offerwright.incremental.footing import Side
from offerwright.incremental.memory import Mask
from offerwright.rules.plan import RuleSet

STOCK_COLUMNS = ("quantity", "oversell")
"""What is computed from stock; `status` and `blocked` are of both sides."""
_OF_BOTH = ("status", "blocked")


@dataclass(frozen=True)
class Pieces:
    """
    Where the halves of some offers of an account come from.

    `told` and `stock` are masks over these rows of what was computed; the frames hold the rows of
    their mask, in order: `whole` those of both, `only_told`, `only_stock`, and `old` all that keep
    a half. `schema` is that of the listing.
    """

    told: Mask
    stock: Mask
    whole: pl.DataFrame | None
    only_told: pl.DataFrame | None
    only_stock: pl.DataFrame | None
    old: pl.DataFrame | None
    schema: pl.Schema


def without_stock(rules: RuleSet) -> RuleSet:
    """The rules without inventories: prices and content only."""
    return _of(rules, {"inventories": ()})


def only_stock(rules: RuleSet) -> RuleSet:
    """The rules without prices and content: stock only."""
    return _of(rules, {"steps": (), "fees": (), "mappings": (), "scopes": None})


def _of(rules: RuleSet, more: Mapping[str, object]) -> RuleSet:
    return replace(rules, plans=tuple(replace(plan, **more) for plan in rules.plans))  # type: ignore[arg-type]


def spliced(pieces: Pieces) -> pl.DataFrame:
    """The listing of these rows."""
    both = pieces.told & pieces.stock
    if not len(both):
        return pl.DataFrame(schema=pieces.schema)
    if pieces.whole is not None and both.all():
        return pieces.whole
    if pieces.old is not None and not (pieces.told | pieces.stock).any():
        return pieces.old.select(pl.col(n).cast(t) for n, t in pieces.schema.items())
    told = _half(pieces, "told", [n for n in pieces.schema if n not in STOCK_COLUMNS])
    stock = _half(pieces, "stock", [*STOCK_COLUMNS, "blocked"])
    blocked = _blocked(told["blocked"], stock["blocked"])
    columns = {
        **{name: told[name] for name in told.columns if name not in _OF_BOTH},
        **{name: stock[name] for name in STOCK_COLUMNS},
        "blocked": blocked,
        "status": _status(blocked),
    }
    return pl.DataFrame([columns[name].alias(name) for name in pieces.schema])


def _half(pieces: Pieces, side: Side, names: list[str]) -> pl.DataFrame:
    """One half of every row, in order."""
    # The old rows may lack columns that the rules of now have; then none of them keeps this half.
    own = [(rows, frame) for rows, frame in _parts(pieces, side) if len(rows)]
    schema = {name: pieces.schema[name] for name in names}
    frames = [frame.select(pl.col(n).cast(t) for n, t in schema.items()) for _, frame in own]
    at = np.concatenate([rows for rows, _ in own])
    back = np.empty_like(at)
    back[at] = np.arange(len(at))
    return pl.concat(frames).select(pl.all().gather(pl.Series(back)))


def _parts(
    pieces: Pieces, side: Side
) -> Iterator[tuple[np.ndarray[tuple[int], np.dtype[np.int64]], pl.DataFrame]]:
    """The rows that each frame has this half of, and the half."""
    told, stock = pieces.told, pieces.stock
    mine, other = (told, stock) if side == "told" else (stock, told)
    alone = pieces.only_told if side == "told" else pieces.only_stock
    if pieces.whole is not None:
        yield np.flatnonzero(told & stock), pieces.whole
    if alone is not None:
        yield np.flatnonzero(mine & ~other), alone
    if pieces.old is not None:
        # Of rows of which the other half was computed, and of those of which none was.
        kept = ~(told & stock)
        yield np.flatnonzero(~mine), pieces.old.filter(pl.Series(~mine[kept]))


def _blocked(told: pl.Series, stock: pl.Series) -> pl.Series:
    """What withholds the price, then the stock, then the content."""
    frame = pl.DataFrame({"told": told, "stock": stock})
    if not any((side.list.len() > 0).any() for side in (told, stock)):
        return told.alias("blocked")

    def of(column: str, aspect: str) -> pl.Expr:
        return pl.col(column).list.eval(
            pl.element().filter(pl.element().struct.field("aspect") == aspect)
        )

    parts = (of("told", "price"), of("stock", "stock"), of("told", "content"))
    return frame.select(pl.concat_list(*parts).alias("blocked"))["blocked"]


def _status(blocked: pl.Series) -> pl.Series:
    aspects = pl.col("blocked").list.eval(pl.element().struct.field("aspect"))
    return pl.DataFrame({"blocked": blocked}).select(
        pl.when(aspects.list.contains("price")).then(pl.lit("blocked"))
        .when(pl.col("blocked").list.len() > 0).then(pl.lit("partial"))
        .otherwise(pl.lit("offer")).alias("status")
    )["status"]  # fmt: skip
