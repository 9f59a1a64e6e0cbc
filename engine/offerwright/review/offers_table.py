"""
The offers that differ as a table: CSV for spreadsheets, Parquet for programs.

Made of a review it has all of them with all values. Made of a master document it has the offers
that stand there, and of each the values that differ.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from offerwright.source.escapes import shown

Record = Mapping[str, Any]
MONEY = pl.Decimal(38, 4)
"""No currency has more than four decimals."""
_AMOUNTS = ("price", "sale_price", "paid", "list_price")
_VALUES: Mapping[str, pl.DataType] = {
    "status": pl.String(), **dict.fromkeys(_AMOUNTS, MONEY), "margin": pl.Decimal(38, 4),
    "quantity": pl.Int64(), "category": pl.String(), "title": pl.String(),
    "withheld": pl.List(pl.String),
}  # fmt: skip
_RULE = ("kind", "document", "rule", "file", "line")
TYPES: Mapping[str, pl.DataType] = {
    "account": pl.String(), "marketplace": pl.String(), "currency": pl.String(),
    "sku": pl.String(), "change": pl.String(), "move": pl.String(), "share": pl.Decimal(38, 6),
    **{f"{name}_{side}": kind for name, kind in _VALUES.items() for side in ("before", "after")},
    "fields": pl.List(pl.String), "rule_kind": pl.String(), "rule_document": pl.String(),
    "rule": pl.String(), "rule_file": pl.String(), "rule_line": pl.Int64(),
}  # fmt: skip
"""The columns of both files, in order, as Parquet has them."""
_RISKY = r"^(?:'*[=+\-@\t\r＝＋－＠]|::)"
"""What a spreadsheet takes for a formula, and at the start of a line a runner for a command."""
_NUMBER = r"^-[0-9]+(\.[0-9]+)?%?$"
_UNSEEN = r"[\p{C}\p{Zl}\p{Zp}]"


def table_of_review(ranked: pl.DataFrame, record: Record) -> pl.DataFrame:
    """
    The rows of `master.ranked_offers`, with amounts as exact text.

    Args:
        record: the master document of the same review, which knows the accounts.
    """
    if not len(ranked):
        return pl.DataFrame(schema=_exact())
    named = {"kind": "rule_kind", "document": "rule_document", "file": "rule_file",
             "line": "rule_line"}  # fmt: skip
    present = {old: new for old, new in named.items() if old in ranked.columns}
    return _with_accounts(ranked.rename(present), record)


def table_of_record(record: Record) -> pl.DataFrame:
    """The offers of a master document, with amounts as exact text."""
    rows = pl.DataFrame(list(map(_row, record["offers"])), schema=_exact())
    return _with_accounts(rows.drop("marketplace", "currency"), record)


def missing(record: Record) -> int:
    """How many offers differ that do not stand in a master document one by one."""
    totals = record["totals"]
    return 0 if totals is None else max(totals["changed_offers"] - len(record["offers"]), 0)


def parquet(table: pl.DataFrame) -> bytes:
    """Typed: amounts are decimals, absent values null."""
    held = io.BytesIO()
    table.select(pl.col(name).cast(kind) for name, kind in TYPES.items()).write_parquet(
        held, compression="zstd", statistics=True
    )
    return held.getvalue()


def csv(table: pl.DataFrame) -> bytes:
    """One line an offer; no cell is a formula, and control characters can be seen."""
    lists = [name for name, kind in TYPES.items() if isinstance(kind, pl.List)]
    flat = table.with_columns(pl.col(lists).list.join("; "))
    texts = [name for name, kind in flat.schema.items() if kind == pl.String]
    held = io.BytesIO()
    flat.with_columns(_cell(flat[name]) for name in texts).write_csv(held)
    return held.getvalue()


def _cell(texts: pl.Series) -> pl.Series:
    """As a spreadsheet may read it. Few cells need a second look."""
    unseen = texts.str.contains(_UNSEEN).fill_null(False)
    if unseen.any():
        said = [shown(t) if u else t for t, u in zip(texts, unseen, strict=True)]
        texts = pl.Series(texts.name, said, dtype=pl.String)
    risky = texts.str.contains(_RISKY) & ~texts.str.contains(_NUMBER)
    return pl.select(pl.when(risky).then("'" + texts).otherwise(texts).alias(texts.name))[
        texts.name
    ]


def _exact() -> dict[str, pl.DataType]:
    """The columns with decimals as text, which keeps their digits."""
    return {n: pl.String() if isinstance(k, pl.Decimal) else k for n, k in TYPES.items()}


def _with_accounts(rows: pl.DataFrame, record: Record) -> pl.DataFrame:
    known = {one["account"]: one for one in record["accounts"]}
    here = rows["account"].unique().to_list()
    accounts = pl.DataFrame(
        [(name, *(known[name][key] for key in ("marketplace", "currency"))) for name in here],
        schema=["account", "marketplace", "currency"], orient="row",
    )  # fmt: skip
    joined = rows.join(accounts, on="account", how="left", maintain_order="left")
    have = set(joined.columns)
    return joined.select(
        (pl.col(name).cast(kind) if name in have else pl.lit(None, kind).alias(name))
        for name, kind in _exact().items()
    )


def _row(offer: Record) -> dict[str, Any]:
    rule = offer["rule"] or dict.fromkeys(_RULE)
    return {
        **{key: offer[key] for key in ("account", "sku", "change", "move", "share", "fields")},
        **dict(_values(offer["values"])),
        "rule": rule["rule"],
        **{f"rule_{key}": rule[key] for key in ("kind", "document", "file", "line")},
    }


def _values(values: Mapping[str, Record]) -> Iterator[tuple[str, Any]]:
    for name, pair in values.items():
        for side in ("before", "after"):
            yield f"{name}_{side}", pair[side]
