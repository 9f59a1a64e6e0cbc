"""Offers as rows → the bytes of a file: JSON lines, CSV for spreadsheets, Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable

import polars as pl

from offerwright.engines.job import Format
from offerwright.engines.json_lines import json_lines
from offerwright.profile import staged


@staged("writing")
def encoded(frame: pl.DataFrame, output: Format, *, has_header: bool = True) -> bytes:
    """
    The rows as a file of their own.

    Args:
        has_header: whether a CSV begins with the names of its columns.
    """
    if output == "jsonl":
        return json_lines(frame)
    held = io.BytesIO()
    if output == "csv":
        flat(frame).write_csv(held, include_header=has_header)
    else:
        frame.write_parquet(held)
    return held.getvalue()


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text; cells that a spreadsheet would run are disarmed."""
    blocked = pl.col("blocked").list.eval(pl.element().struct.field("code")).list.join(" ")
    lists = [pl.col(n).list.join(" ") for n in ("rules", "images") if n in frame.columns]
    if "tiers" in frame.columns:
        part = pl.element().struct
        tier = pl.format("{}: {}", part.field("quantity"), part.field("price"))
        lists.append(pl.col("tiers").list.eval(tier).list.join(", "))
    shown = frame.with_columns(blocked.alias("blocked"), *lists)
    return shown.with_columns(_inert(n for n, t in shown.schema.items() if t == pl.String))


def _inert(names: Iterable[str]) -> list[pl.Expr]:
    risky = r"^[=+\-@\t\r]"
    return [
        pl.when(pl.col(n).str.contains(risky)).then("'" + pl.col(n)).otherwise(pl.col(n)).alias(n)
        for n in names
    ]
