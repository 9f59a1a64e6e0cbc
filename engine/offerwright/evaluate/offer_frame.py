"""The offers of one account as one frame: `frames.OFFERS`, null where an aspect is withheld."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from offerwright.evaluate import columns as c
from offerwright.evaluate.facts import decimal_series, integer_series, nothing
from offerwright.evaluate.inventory import Allocation
from offerwright.evaluate.mapping import Content
from offerwright.evaluate.memo import Memo
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.pictures import LIST
from offerwright.evaluate.sale_window import sale_window_columns
from offerwright.evaluate.state import Block, Truth
from offerwright.evaluate.text_columns import TEXT
from offerwright.evaluate.tiers import tiers_column
from offerwright.frames import Aspect
from offerwright.rules.plan import AccountPlan

_TEXTS = ("category", "title", "description", "images")


@dataclass(frozen=True)
class Told:
    """What the frame of an account is made of; `sku` is the column of the snapshot."""

    sku: pl.Series
    plan: AccountPlan
    rows: Rows
    said: Content
    blocks: Sequence[Block]
    allocation: Allocation | None

    def shown(self, aspect: Aspect) -> Truth | None:
        """Where an aspect is not withheld; None where it is nowhere."""
        blocks = [block for block in self.blocks if block.aspect == aspect]
        return ~withheld(blocks, aspect, self.rows.size) if blocks else None


def withheld(blocks: Iterable[Block], aspect: Aspect, size: int) -> Truth:
    """Where an aspect is blocked."""
    mask = np.zeros(size, dtype=bool)
    for block in blocks:
        if block.aspect == aspect:
            mask |= block.mask
    return mask


def offer_frame(told: Told) -> pl.DataFrame:
    """`frames.OFFERS`: withheld aspects are null."""
    columns = _prices(told)
    columns["quantity"] = _quantity(told)
    currency, size = told.plan.account.currency, told.rows.size
    columns["currency"] = told.rows.memo.once(
        ("currency", currency), (), lambda: pl.Series([currency]).new_from_index(0, size)
    )
    columns |= _content(told)
    # Columns laid side by side as they are; the constructor of a frame looks at each of them.
    return told.sku.to_frame().hstack([held.alias(name) for name, held in columns.items()])


def _prices(told: Told) -> dict[str, pl.Series]:
    digits, rows = told.plan.account.digits, told.rows
    there = told.shown("price")
    columns: dict[str, pl.Series] = {}
    for name in ("price", "sale_price", "list_price"):
        column = rows.get(name)
        if isinstance(column, c.Decimals):
            columns[name] = _decimals(column, digits, there, rows)
    sale = rows.get("sale_price")
    if isinstance(sale, c.Decimals):
        known = c.known(sale) if there is None else c.known(sale) & there
        columns |= sale_window_columns(rows, told.plan.steps, known)
    tiers = tiers_column(rows, digits)
    if tiers is not None:
        hidden = nothing(tiers.dtype)
        columns["tiers"] = tiers if there is None else tiers.zip_with(pl.Series(there), hidden)
    return columns


def _decimals(column: c.Decimals, digits: int, there: Truth | None, rows: Rows) -> pl.Series:
    if there is not None:
        state = c.joined_state(column.state, ~there * np.uint8(c.MISSING))
        return decimal_series(replace(column, state=state), digits)
    return rows.memo.once(("decimals", digits), (column,), lambda: decimal_series(column, digits))


def _content(told: Told) -> dict[str, pl.Series]:
    """The four columns that every frame has, then the attributes."""
    memo, size, shown = told.rows.memo, told.rows.size, told.shown("content")
    there = None if shown is None else pl.Series(shown)
    columns: dict[str, pl.Series] = {}
    for name in dict.fromkeys((*_TEXTS, *told.said.columns)):
        held = told.said.columns.get(name)
        if held is None:
            held = _nothing(LIST if name == "images" else TEXT, size, memo)
        whole = _series(held, memo)
        # The frame library hides values without copying them.
        columns[name] = whole if there is None else whole.zip_with(there, nothing(whole.dtype))
    return columns


def _nothing(kind: Any, size: int, memo: Memo) -> Any:
    return memo.once(("nothing", str(kind)), (), lambda: pa.nulls(size, kind))


def _series(held: Any, memo: Memo) -> pl.Series:
    """The same series for all accounts that say the same."""
    return memo.once("series", (held,), lambda: pl.Series(held))


def _quantity(told: Told) -> pl.Series:
    allocation, name = told.allocation, told.plan.account.name
    if allocation is None or name not in allocation.published:
        return nothing(pl.Int64).new_from_index(0, told.rows.size)
    there = told.shown("stock")
    known = np.ones(told.rows.size, dtype=bool) if there is None else there
    return integer_series(allocation.published[name], known)
