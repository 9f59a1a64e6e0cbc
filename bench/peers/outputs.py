"""What every peer must give, the same from the engine, and whether two of them are equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from markets import MARKETS

DETAILS = ("brand", "color", "size", "material", "gender", "weight")
TEXTS = ("category", "title", *DETAILS)
COLUMNS = ("price", "quantity", *TEXTS)
Outputs = Mapping[str, pl.DataFrame]
"""By account: `price` Int64 in cents, `quantity` Int64, `TEXTS` String, null where withheld."""


def of_engine(frames: Mapping[str, pl.DataFrame]) -> Outputs:
    """The engine's offers in the shape of the peers."""
    found = {}
    for market in MARKETS:
        if market.account not in frames:
            continue
        frame = frames[market.account]
        cents = (frame["price"] * Decimal(100)).cast(pl.Int64)
        named = {
            detail: frame[f"attribute.{name}"]
            for detail, name in zip(DETAILS, market.attributes, strict=True)
        }
        found[market.account] = pl.DataFrame(
            {
                "price": cents, "quantity": frame["quantity"], "category": frame["category"],
                "title": frame["title"], **named,
            }
        )  # fmt: skip
    return found


def of_rows(rows: Mapping[str, Sequence[Sequence[Any]]]) -> Outputs:
    """Rows in the order of `COLUMNS` as columns."""
    kinds = {name: pl.Int64 if name in ("price", "quantity") else pl.String for name in COLUMNS}
    return {account: pl.DataFrame(held, kinds, orient="row") for account, held in rows.items()}


def digest(outputs: Outputs, first: int = 0) -> int:
    """One number of all outputs and their rows; those of parts add up, modulo 2^64.

    Equal between processes of one version of Polars, and not to be stored.
    """
    total = 0
    for number, frame in enumerate(outputs.values()):
        rows = pl.int_range(first, first + len(frame), eager=True).alias("row")
        hashes = frame.select(COLUMNS).with_columns(rows, pl.lit(number).alias("account"))
        total += int(hashes.hash_rows(seed=1).to_numpy().sum(dtype=np.uint64))
    return total % 2**64


def require_equal(expected: Outputs, found: Outputs, who: str) -> None:
    """Raise `SystemExit` with the first difference; a time of a wrong answer is no time."""
    if list(expected) != list(found):
        raise SystemExit(f"{who} has the accounts {list(found)} instead of {list(expected)}")
    for account, ours in expected.items():
        theirs = found[account].select(c for c in COLUMNS if c in found[account].columns)
        for name in theirs.columns:
            differs = (ours[name].ne_missing(theirs[name])).arg_true()
            if len(differs):
                at = differs[0]
                raise SystemExit(
                    f"{who}, {account}, row {at}: {name} is {theirs[name][at]!r} instead of "
                    f"{ours[name][at]!r}; {len(differs)} rows differ"
                )
