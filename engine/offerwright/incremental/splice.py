"""Old and new halves of offers → one listing, as a run over everything gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from offerwright.incremental.memory import Mask
from offerwright.incremental.memory import Places as Rows
from offerwright.rules.plan import RuleSet

STOCK_COLUMNS = ("quantity", "oversell")
"""What is computed from stock; `status` and `blocked` are of both halves."""


@dataclass(frozen=True)
class Pieces:
    """
    Where the halves of some offers of an account come from.

    `told` and `stock` are masks over these rows of what was computed; the frames hold the rows of
    their mask, in order: `whole` those of both, `only_told`, `only_stock`, and `old` those that
    keep one half. `schema` is that of the listing.
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


def fresh(pieces: Pieces) -> pl.DataFrame:
    """The rows of which a half or both were computed, whole and in order."""
    both, one = pieces.told & pieces.stock, pieces.told ^ pieces.stock
    place = np.cumsum(both | one) - 1
    parts: list[tuple[Rows, pl.DataFrame]] = []
    if both.any():
        assert pieces.whole is not None
        parts.append((place[both], pieces.whole))
    if one.any():
        assert pieces.old is not None
        parts.append((place[one], _mixed(pieces, pieces.old)))
    return in_order(parts) if parts else pl.DataFrame(schema=pieces.schema)


def spliced(computed: Mask, new: pl.DataFrame, old: pl.DataFrame | None) -> pl.DataFrame:
    """All rows: the computed ones in the place of the old ones, which are those of the rest."""
    if old is None or computed.all():
        return new
    kept = _typed(old, new.schema)
    return in_order([(np.flatnonzero(computed), new), (np.flatnonzero(~computed), kept)])


def in_order(parts: Sequence[tuple[Rows, pl.DataFrame]]) -> pl.DataFrame:
    """Rows of several frames, each at its place."""
    parts = [part for part in parts if len(part[0])] or parts[:1]
    if len(parts) == 1:
        return parts[0][1]
    at = np.concatenate([rows for rows, _ in parts])
    back = np.empty_like(at)
    back[at] = np.arange(len(at))
    # Taking rows from frames of several chunks is twenty times slower.
    whole = pl.concat([frame for _, frame in parts], rechunk=True)
    return whole.select(pl.all().gather(pl.Series(back)))


def _typed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The columns of a schema, with its types."""
    if frame.schema == schema:
        return frame
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _mixed(pieces: Pieces, old: pl.DataFrame) -> pl.DataFrame:
    """Rows of which one half was computed: the other is the old one."""
    one = pieces.told ^ pieces.stock
    is_told, stock_names = pieces.told[one], [*STOCK_COLUMNS, "blocked"]
    told_names = [name for name in pieces.schema if name not in STOCK_COLUMNS]
    told = _half(is_told, pieces.only_told, old, {n: pieces.schema[n] for n in told_names})
    stock = _half(~is_told, pieces.only_stock, old, {n: pieces.schema[n] for n in stock_names})
    blocked, status = _withheld(told["blocked"], stock["blocked"])
    columns = {
        **{name: told[name] for name in told.columns},
        **{name: stock[name] for name in STOCK_COLUMNS},
        "blocked": blocked,
        "status": status,
    }
    return pl.DataFrame([columns[name].alias(name) for name in pieces.schema])


def _half(
    computed: Mask, new: pl.DataFrame | None, old: pl.DataFrame, schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """One half of every row: the new one where it was computed."""
    parts = []
    wanted = pl.Schema(schema)
    if new is not None and computed.any():
        parts.append((np.flatnonzero(computed), _typed(new.select(list(schema)), wanted)))
    if not computed.all():
        # Old rows may lack columns that the rules of now have; then all of these are computed.
        kept = old.filter(pl.Series(~computed)).select(list(schema))
        parts.append((np.flatnonzero(~computed), _typed(kept, wanted)))
    return in_order(parts)


def _withheld(told: pl.Series, stock: pl.Series) -> tuple[pl.Series, pl.Series]:
    """What withholds the price, then the stock, then the content; and the status that follows."""
    size, dtype = len(told), told.dtype
    parts = [
        _exploded(told, pl.col("aspect") != "stock"),
        _exploded(stock, pl.col("aspect") == "stock"),
    ]
    rank = pl.col("aspect").replace_strict({"price": 0, "stock": 1, "content": 2})
    found = pl.concat(parts).sort("row", rank, maintain_order=True)
    lists = found.group_by("row", maintain_order=True).agg("blocked")
    rows = pl.DataFrame({"row": pl.int_range(size, dtype=pl.Int64, eager=True)})
    joined = rows.join(lists, on="row", how="left", maintain_order="left")
    blocked = joined.select(pl.col("blocked").fill_null(pl.lit([], dtype=dtype)))["blocked"]
    status = np.zeros(size, dtype=np.int64)
    status[found["row"].to_numpy()] = 1
    status[found.filter(pl.col("aspect") == "price")["row"].to_numpy()] = 2
    return blocked, pl.Series(["offer", "partial", "blocked"]).gather(pl.Series(status))


def _exploded(blocked: pl.Series, test: pl.Expr) -> pl.DataFrame:
    """`row, aspect, blocked`: one row for everything that withholds something, if it passes."""
    frame = pl.DataFrame(
        {"row": pl.int_range(len(blocked), dtype=pl.Int64, eager=True), "blocked": blocked}
    )
    single = frame.filter(pl.col("blocked").list.len() > 0).explode("blocked")
    aspect = pl.col("blocked").struct.field("aspect")
    return single.select("row", aspect.alias("aspect"), "blocked").filter(test)
