"""A run computed again and held against what was recorded of it, operation by operation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from offerwright.frames import ASPECTS
from offerwright.runs.again import Again, operations_again
from offerwright.runs.bodies import Difference, differences
from offerwright.runs.folder import Kept
from offerwright.runs.said import KEY, said

BLOCK = 50_000
"""SKUs at a time: their bodies are not to fill the memory."""
Sort = Literal["same", "body", "beside", "missing"]
"""`body`: the bytes that are sent are others. `beside`: the bytes are the same, and what travels
with them (bounds of guards, generations) is not. `missing`: it is not said any more."""


@dataclass(frozen=True)
class Wanted:
    """Which operations of a run: those of some SKUs and accounts; all where nothing is given."""

    skus: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows that are asked for."""
        for name, some in (("sku", self.skus), ("account", self.accounts)):
            if some:
                rows = rows.filter(pl.col(name).is_in(sorted(some)))
        return rows


@dataclass(frozen=True, slots=True)
class Other:
    """One operation that is not what it was."""

    account: str
    sku: str
    aspect: str
    action: str
    sort: Sort
    aspects: tuple[str, ...]
    """The aspects of which something else is said."""
    parts: tuple[Difference, ...] = ()
    """Where the bytes differ, if those of then are kept."""


@dataclass(frozen=True)
class Replayed:
    """How many operations are the same, byte for byte, and those that are not."""

    same: int
    others: tuple[Other, ...]

    @property
    def differs(self) -> bool:
        return bool(self.others)


def replay(found: Again, kept: Kept, wanted: Wanted, bodies: Mapping[Any, str]) -> Replayed:
    """
    Compute the operations of a run again and compare.

    Rules, snapshot, moment and, of the SKUs that had an operation, the ledger are those of then.
    What is not looked at: that nothing else was said. The ledger of other SKUs is not kept, and
    guards on the whole run and holds may have kept operations back.

    Args:
        found: what the run stood on.
        kept: what was recorded of it.
        wanted: which operations.
        bodies: the lines of then by `KEY`, of those whose differences are to be shown.
    """
    then = wanted.of(kept.said)
    skus = then["sku"].unique().sort().to_list()
    known = kept.known(found.record.accounts)
    same, others = 0, []
    for start in range(0, len(skus), BLOCK):
        some = skus[start : start + BLOCK]
        lines = pl.concat([pl.Series([], dtype=pl.String), *(
            rows["line"] for _, rows in operations_again(found, known, some)
        )])  # fmt: skip
        now = said(lines).with_columns(lines.alias("text"))
        compared = _compared(then.filter(pl.col("sku").is_in(some)), wanted.of(now))
        same += compared.filter(pl.col("sort") == "same").height
        others += list(_others(compared, bodies))
    return Replayed(same, tuple(others))


def _compared(then: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Both sides of every operation beside each other, with `sort`."""
    both = then.join(now, on=KEY, how="left", suffix=".now")
    sort = (
        pl.when(pl.col("line.now").is_null()).then(pl.lit("missing"))
        .when(pl.col("line") == pl.col("line.now")).then(pl.lit("same"))
        .when(pl.col("body") == pl.col("body.now")).then(pl.lit("beside"))
        .otherwise(pl.lit("body"))
    )  # fmt: skip
    return both.with_columns(sort.alias("sort")).sort(KEY)


def _others(compared: pl.DataFrame, bodies: Mapping[Any, str]) -> Iterator[Other]:
    for row in compared.filter(pl.col("sort") != "same").iter_rows(named=True):
        account, sku, aspect, action = (row[name] for name in KEY)
        old, new = bodies.get((account, sku, aspect, action)), row["text"]
        found = differences(old, new) if old is not None and new is not None else ()
        yield Other(account, sku, aspect, action, row["sort"], tuple(_aspects(row)), found)


def _aspects(row: Mapping[str, Any]) -> Iterator[str]:
    for aspect in ASPECTS:
        if row[f"covers.{aspect}"] != row[f"covers.{aspect}.now"]:
            yield aspect


def lines_by_key(lines: Iterable[pl.Series], wanted: Collection[Any]) -> dict[Any, str]:
    """The lines of a plan by `KEY`, of these keys alone."""
    found: dict[Any, str] = {}
    for block in lines:
        rows = said(block).select(KEY).with_columns(block.alias("text"))
        for *key, text in rows.iter_rows():
            if tuple(key) in wanted:
                found[tuple(key)] = text
    return found
