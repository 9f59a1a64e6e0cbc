"""Offers as one flat frame for people and files: status, what is blocked and why, which rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from offerwright.evaluate.cause import Cause, causes
from offerwright.evaluate.columns import Array
from offerwright.evaluate.facts import integer_series
from offerwright.evaluate.rule_ids import rules_column
from offerwright.evaluate.run import Offers
from offerwright.evaluate.state import Block
from offerwright.evaluate.text_columns import TEXT, constant_text

BLOCK_FIELDS: dict[str, pl.DataType | type[pl.DataType]] = {
    "aspect": pl.String,
    "code": pl.String,
    "rule": pl.String,
    "rows": pl.List(pl.String),
    "cell": pl.String,
    "file": pl.String,
    "line": pl.Int64,
}
_ARROW = {pl.String: TEXT, pl.Int64: pa.int64(), pl.List(pl.String): pa.large_list(TEXT)}
_BLOCK = pa.struct([(name, _ARROW[dtype]) for name, dtype in BLOCK_FIELDS.items()])
_STATUS = pa.array(["offer", "partial", "blocked"], TEXT)


def listing(offers: Offers) -> pl.DataFrame:
    """
    One row per SKU of one account.

    Columns: `account, marketplace, sku, status, blocked, price, sale_price, currency, quantity,
    oversell, category, rules`, then the rest of `frames.OFFERS`. `status` is `blocked` when there
    is no price, `partial` when another aspect is withheld, else `offer`. `blocked` is a list of
    `BLOCK_FIELDS`. `oversell` is the bound of all accounts together. `rules` are the ids of the
    rows and steps that made the price.
    """
    account, frame = offers.account, offers.frame
    size = len(frame)
    columns = {
        "account": pl.Series(constant_text(account.name, size)),
        "marketplace": pl.Series(constant_text(account.marketplace, size)),
        "sku": frame["sku"],
        "status": _status(offers),
        "blocked": _blocked(offers, size),
        "price": frame["price"],
        "sale_price": frame["sale_price"],
        "currency": frame["currency"],
        "quantity": frame["quantity"],
        "oversell": _oversell(offers, size),
        "category": frame["category"],
        "rules": rules_column(offers.ran, size),
    }
    columns |= {name: frame[name] for name in frame.columns if name not in columns}
    first, *rest = [held.alias(name) for name, held in columns.items()]
    return first.to_frame().hstack(rest)


def _status(offers: Offers) -> pl.Series:
    partial = offers.withheld("stock") | offers.withheld("content")
    number = np.where(offers.withheld("price"), 2, partial)
    return pl.Series(_STATUS.take(pa.array(number)))


def _blocked(offers: Offers, size: int) -> pl.Series:
    """By row, the list of everything that withholds something, in the order of the blocks."""
    found = [
        (rows, _said(block, cause))
        for block in offers.blocks
        for rows, cause in causes(block, offers.plan, offers.rows)
    ]
    places: list[Array] = [np.empty(0, dtype=np.int64), *(rows for rows, _ in found)]
    rows = np.concatenate(places)
    which = np.repeat(np.arange(len(found)), [len(at) for at in places[1:]])
    said = pa.array([said for _, said in found], _BLOCK)
    held = said.take(pa.array(which[np.argsort(rows, kind="stable")]))
    ends = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=size))))
    return pl.Series(pa.LargeListArray.from_arrays(pa.array(ends), held))


def _said(block: Block, cause: Cause) -> dict[str, Any]:
    span = cause.span
    return {
        "aspect": block.aspect,
        "code": block.code,
        "rule": cause.rule,
        "rows": list(cause.rows),
        "cell": cause.cell or None,
        "file": span.file if span else None,
        "line": span.line if span else None,
    }


def _oversell(offers: Offers, size: int) -> pl.Series:
    """How many units more than there are could be sold; null where the pool is not known."""
    allocation = offers.allocation
    if allocation is None:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, size)
    return integer_series(allocation.oversell, allocation.is_known)
