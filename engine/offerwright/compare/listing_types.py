"""The types that columns of a saved listing have, whatever tool wrote it anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from offerwright.compare.offer_state import ATTRIBUTE, StateRefused
from offerwright.compare.stable_hash import DECIMALS

NEEDED = ("account", "sku", "status", "blocked", "price", "sale_price")
"""Columns that every listing has; the others may be missing."""


def as_listed(frame: pl.DataFrame) -> pl.DataFrame:
    """With words as texts: tools that write few different ones number them."""
    return frame.with_columns(
        pl.col(name).cast(pl.String)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Categorical | pl.Enum)
    )


def refuse_types(schema: Mapping[str, pl.DataType]) -> None:
    """Raises `StateRefused` for a column that is missing, or whose values no offer can have."""
    for name in NEEDED:
        if name not in schema:
            raise StateRefused(f"the column `{name}` of a listing of offers is missing")
    for name, dtype in schema.items():
        says, is_right = _TYPES.get("title" if name.startswith(ATTRIBUTE) else name, _ANY)
        is_empty = dtype == pl.Null and name != "blocked"
        if not is_right(dtype) and not is_empty:
            raise StateRefused(f"the column `{name}` of a listing holds {says}, not {dtype}")


def _is_text(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String)


def _is_amount(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Decimal) and dtype.scale <= DECIMALS


def _is_whole(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Int64)


def _is_moment(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime)


def _are_texts(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List) and dtype.inner == pl.String


def _are_blocks(dtype: pl.DataType) -> bool:
    fields = _fields(dtype)
    return all(fields.get(name) == pl.String for name in ("aspect", "code"))


def _are_tiers(dtype: pl.DataType) -> bool:
    fields = _fields(dtype)
    return fields.keys() == {"quantity", "price"} and (
        _is_whole(fields["quantity"]) and _is_amount(fields["price"])
    )


def _fields(dtype: pl.DataType) -> dict[str, pl.DataType]:
    inner = dtype.inner if isinstance(dtype, pl.List) else None
    if not isinstance(inner, pl.Struct):
        return {}
    return dict(pl.Schema(inner.to_schema()))


_Test = Callable[[pl.DataType], bool]
_ANY: tuple[str, _Test] = ("anything", lambda dtype: True)
_TYPES: dict[str, tuple[str, _Test]] = {
    **dict.fromkeys(
        ("account", "marketplace", "sku", "status", "currency", "category", "title", "description"),
        ("texts", _is_text),
    ),
    **dict.fromkeys(
        ("price", "sale_price", "list_price"),
        (f"decimals of at most {DECIMALS} places", _is_amount),
    ),
    **dict.fromkeys(
        ("quantity", "oversell", "node_stock"), ("whole numbers of 64 bits", _is_whole),
    ),
    **dict.fromkeys(("sale_from", "sale_before"), ("moments", _is_moment)),
    **dict.fromkeys(("images", "rules"), ("lists of texts", _are_texts)),
    "blocked": ("lists of what blocks, with `aspect` and `code`", _are_blocks),
    "tiers": ("lists of `quantity` and `price`", _are_tiers),
}  # fmt: skip
