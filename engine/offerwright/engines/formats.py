"""Offers as rows → the bytes of a file: JSON lines, CSV for spreadsheets, Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from offerwright.engines.job import Format
from offerwright.profile import staged
from offerwright.source.escapes import escaped

VERSION = 1
ATTRIBUTE = "attribute."


@staged("writing")
def encoded(frame: pl.DataFrame, output: Format, *, has_header: bool = True) -> bytes:
    """
    The rows as a file of their own.

    Args:
        has_header: whether a CSV begins with the names of its columns.
    """
    if output == "jsonl":
        return "".join(line + "\n" for line in json_lines(frame)).encode()
    if output == "csv":
        return flat(frame).write_csv(include_header=has_header).encode()
    held = io.BytesIO()
    frame.write_parquet(held)
    return held.getvalue()


def json_lines(frame: pl.DataFrame) -> Iterator[str]:
    """One object per offer (`schemas/output/offers.schema.json`); money as exact text."""
    for record in frame.iter_rows(named=True):
        held: dict[str, Any] = {"version": VERSION}
        held |= {k: v for k, v in record.items() if not k.startswith(ATTRIBUTE)}
        held["attributes"] = {
            k.removeprefix(ATTRIBUTE): v
            for k, v in record.items()
            if k.startswith(ATTRIBUTE) and v is not None
        }
        text = json.dumps(held, ensure_ascii=False, separators=(",", ":"), default=_plain)
        yield escaped(text)


def _plain(value: object) -> str:
    """What JSON has no word for: exact amounts, and moments with their offset."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} in an offer")


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
