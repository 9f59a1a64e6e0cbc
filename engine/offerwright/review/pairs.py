"""Offers of one account on both sides → what differs, offer by offer and field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from offerwright.compare.offer_state import ATTRIBUTE, COLUMNS
from offerwright.evaluate import columns as c
from offerwright.evaluate.facts import column_of, decimal_series
from offerwright.review.seen import PAYLOAD

SHARE_DIGITS = 6
SHOWN = (
    "status", "price", "sale_price", "paid", "list_price", "margin", "quantity", "category",
    "title",
)  # fmt: skip
"""What stands beside each other with `_before` and `_after`."""
_COMPARED = ("price", "sale_price", "list_price", "quantity", "category", "title", "description",
             "images", "tiers", "sale_from", "sale_before", "currency", "margin")  # fmt: skip


@dataclass(frozen=True)
class Pairs:
    """
    Offers of one account, row by row on both sides.

    `frame`: `account, sku, change, move, share`, then every `SHOWN` with `_before` and `_after`,
    `withheld` (`ASPECT CODE`, sorted) and `currency` likewise, and `fields`, the names of what
    differs. `share` Decimal(38, 6) is the new amount that is paid over the old one, less one; null
    where there was none, or nought. `old` and `new` are the places among the offers of each side,
    null where it is not there.
    """

    account: str
    frame: pl.DataFrame

    def __len__(self) -> int:
        return len(self.frame)


def pairs(account: str, before: pl.DataFrame, after: pl.DataFrame) -> Pairs:
    """
    Args:
        account: whose offers they are.
        before, after: rows of `seen.seen`, each with its place among the offers as `at`; a side
            that has no such account gives no rows and no columns.
    """
    old, new = (_side(frame) for frame in (before, after))
    joined = _joined(old, new)
    names = sorted({*new.columns, *old.columns} - {"sku"})
    both = joined.select(
        "sku", *(_column(joined, new, name, "after") for name in names),
        *(_column(joined, old, name, "before", name in new.columns) for name in names),
    )  # fmt: skip
    fields = _fields(both, names)
    frame = both.with_columns(
        pl.lit(account).alias("account"), fields, pl.col("at_before").alias("old"),
        pl.col("at_after").alias("new"),
    ).with_columns(_change())  # fmt: skip
    frame = frame.with_columns(_move(), _share(frame))
    # Amounts of two currencies are not compared.
    same = pl.col("currency_before").eq_missing(pl.col("currency_after"))
    frame = frame.with_columns(pl.when(same).then(name).alias(name) for name in ("move", "share"))
    return Pairs(account, frame.select(*columns()))


def columns() -> tuple[str, ...]:
    """The columns of `Pairs.frame`, in order."""
    names = (*SHOWN, "withheld", "currency")
    shown = [f"{name}_{side}" for name in names for side in ("before", "after")]
    return "account", "sku", "change", "move", "share", *shown, "fields", "old", "new"


def _joined(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Both beside each other by SKU, those of the base with `_before` where both have a column."""
    if old["sku"].equals(new["sku"]):
        twice = {name: f"{name}_before" for name in old.columns if name in new.columns}
        return new.hstack(old.drop("sku").rename({k: v for k, v in twice.items() if k != "sku"}))
    return new.join(old, on="sku", how="full", suffix="_before", coalesce=True,
                    maintain_order="left_right")  # fmt: skip


def _side(frame: pl.DataFrame) -> pl.DataFrame:
    if not frame.width:
        return pl.DataFrame(schema={"sku": pl.String, "at": pl.Int64})
    part = pl.element().struct
    code = pl.format("{} {}", part.field("aspect"), part.field("code"))
    withheld = pl.col("blocked").list.eval(code).list.unique().list.sort().alias("withheld")
    hidden = ["account", "blocked", "oversell", "rules"]
    return frame.with_columns(withheld).drop(hidden)


_TYPES: Mapping[str, Any] = {
    "status": pl.String, "price": pl.Decimal(38, 2), "sale_price": pl.Decimal(38, 2),
    "paid": pl.Decimal(38, 2), "list_price": pl.Decimal(38, 2), "margin": pl.Decimal(38, 4),
    "quantity": pl.Int64, "category": pl.String, "title": pl.String, "currency": pl.String,
    "withheld": pl.List(pl.String), "at": pl.Int64,
}  # fmt: skip
"""Of a side that has no such column: it has no such account."""


def _column(
    joined: pl.DataFrame, own: pl.DataFrame, name: str, side: str, is_twice: bool = False
) -> pl.Expr:
    if name not in own.columns:
        other = joined.schema.get(name, _TYPES.get(name, pl.String))
        return pl.lit(None, other).alias(f"{name}_{side}")
    return pl.col(f"{name}_before" if is_twice else name).alias(f"{name}_{side}")


def _fields(both: pl.DataFrame, names: list[str]) -> pl.Series:
    """By offer, the names of what differs; nothing for what is on one side only."""
    compared = [n for n in names if _is_compared(n)]
    twice = both["at_before"].is_not_null() & both["at_after"].is_not_null()
    marks = both.select((_is_another(both, n) & twice).alias(n) for n in compared)
    apart = [mark.name for mark in marks if mark.any()]
    if not apart:
        return pl.Series("fields", [[]], pl.List(pl.String)).new_from_index(0, len(both))
    named = marks.select(pl.when(n).then(pl.lit(n)).alias(n) for n in apart)
    return named.select(pl.concat_list(apart).list.drop_nulls().alias("fields"))["fields"]


def _is_another(both: pl.DataFrame, name: str) -> pl.Expr:
    """Where a field is not the same; values of two types are not, but where both are missing."""
    old, new = f"{name}_before", f"{name}_after"
    kinds = both.schema[old], both.schema[new]
    if kinds[0] == kinds[1] or all(kind.is_numeric() or kind == pl.Null for kind in kinds):
        return pl.col(old).ne_missing(pl.col(new))
    if all(kind.is_nested() or kind == pl.Null for kind in kinds):
        return pl.col(old).ne_missing(pl.col(new))
    return pl.col(old).is_not_null() | pl.col(new).is_not_null()


def _is_compared(name: str) -> bool:
    known = {one for names in COLUMNS.values() for one in names}
    return name in _COMPARED or name in known or name.startswith((ATTRIBUTE, PAYLOAD, "withheld"))


def _change() -> pl.Expr:
    was, is_ = pl.col("status_before"), pl.col("status_after")
    return (
        pl.when(pl.col("old").is_null())
        .then(pl.lit("new"))
        .when(pl.col("new").is_null())
        .then(pl.lit("gone"))
        .when((is_ == "blocked") & (was != "blocked"))
        .then(pl.lit("blocked"))
        .when((was == "blocked") & (is_ != "blocked"))
        .then(pl.lit("unblocked"))
        .when(pl.col("fields").list.len() > 0)
        .then(pl.lit("changed"))
        .otherwise(pl.lit("same"))
        .alias("change")
    )


def _move() -> pl.Expr:
    """How the amount that is paid moves; null where it does not, or a side has none."""
    old, new = pl.col("paid_before"), pl.col("paid_after")
    return (
        pl.when(old == new)
        .then(None)
        .when(old == 0)
        .then(pl.lit("from_zero"))
        .when(new == 0)
        .then(pl.lit("to_zero"))
        .when(new > old)
        .then(pl.lit("up"))
        .when(new < old)
        .then(pl.lit("down"))
        .alias("move")
    )


def _share(frame: pl.DataFrame) -> pl.Series:
    """By how much of the old amount; exact to the sixth decimal, half away from zero."""
    old, new = (column_of(frame[f"paid_{side}"]) for side in ("before", "after"))
    assert isinstance(old, c.Decimals) and isinstance(new, c.Decimals)
    share = c.rounded(c.divide(c.add(new, old, -1), old), SHARE_DIGITS)
    known = c.known(share)
    state = np.where(known, 0, c.MISSING).astype(np.uint8)
    return decimal_series(
        c.Decimals(np.where(known, share.values, 0), share.scale, state, share.bound), SHARE_DIGITS
    ).alias("share")
