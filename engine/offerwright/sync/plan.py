"""
A plan: readable, hashed, applied at most once.

A plan is pure data. It says what to send and what is withheld and why; it holds no secret and no
clock but the `as_of` of the computation, so the same inputs give the same bytes. Operations and
reasons are columns, and those of a whole catalogue lie on disk (`sync.spill`): `changes`,
`withheld` and `warnings` make objects of them, for whoever looks at a few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.guards.landing import LANDINGS
from offerwright.guards.stops import Stop
from offerwright.guards.whole import Moves, RunVerdict
from offerwright.sync.planned import Planned, planned_of
from offerwright.sync.stopped import any_stopped, stop_reasons

OPERATIONS: Mapping[str, Any] = {
    "at": pl.Int64,
    "sku": pl.String,
    "aspect": pl.String,
    "action": pl.String,
    "says_price": pl.Boolean,
    "covers_stock": pl.Boolean,
    "takes": pl.Boolean,
    "rules": pl.String,
    "line": pl.String,
}
"""One row per operation, in the order of the plan: `at` is the position of its offer (null for a
SKU without one), `line` what the file says of it, with its end, and the rest what guards on the
run and holds look at: `takes` says that stock goes down or a listing ends, `rules` names those that
made the price."""
REASONS: Mapping[str, Any] = {
    "at": pl.Int64,
    "sku": pl.String,
    "aspect": pl.String,
    "code": pl.String,
    "reason": pl.String,
    "place": pl.String,
}
"""One row per reason why an aspect of an offer is not in the plan, or is in it with a warning."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan stands on."""

    commit: str
    rules: str
    snapshot: str
    as_of: str
    engine: str
    target: str
    """Whose listings it speaks of: the `marketplaces`, or the `sandbox`."""
    first_publication: bool = False
    sources: Mapping[str, Any] = field(default_factory=dict)
    """What the sources were that guards look at, as `guards.sources.written` says it."""
    returns_to: str = ""
    """The run or commit that a rollback goes back to; empty for any other plan."""

    @property
    def said(self) -> dict[str, Any]:
        """What a plan says of it, in its file and as JSON: the last two only where they are."""
        own = {name: getattr(self, name) for name in self.__slots__}
        return {k: v for k, v in own.items() if v or k not in ("sources", "returns_to")}


@dataclass(frozen=True, slots=True)
class Withheld:
    """One reason why an aspect of an offer is not in the plan."""

    account: str
    sku: str
    aspect: str
    code: str
    reason: str
    place: str = ""


@dataclass(frozen=True)
class PlanRows:
    """
    What some rows of an account add to its part of a plan, before guards look at the whole run.

    `operations` are those that no guard on a single offer stops, `OPERATIONS`; `withheld` and
    `warnings` are `REASONS`; all three by `at`. They are lazy because they may lie on disk.
    """

    operations: pl.LazyFrame
    withheld: pl.LazyFrame
    warnings: pl.LazyFrame
    moves: Moves
    offers: int
    unchanged: int
    waiting: int
    landings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LANDINGS))
    """Prices that offers get and did not have, for guards on identical prices."""
    by_row: NDArray[np.uint8] | None = None
    """What each offer adds to these counts and has in the frames (`sync.tally`), for who keeps
    it; None of what is gone from the catalogue."""


@dataclass(frozen=True)
class AccountPart:
    """One account's part of a plan; `sync.account_part` makes it of the parts of its rows."""

    account: str
    rows: Iterable[PlanRows]
    """Can be gone through more than once; what guards on the run withhold is still in it."""
    run_verdicts: tuple[RunVerdict, ...]
    counts: Mapping[tuple[str, str], int]
    """How many operations there are, by action and aspect."""
    offers: int
    unchanged: int
    waiting: int
    withheld_skus: int
    warned: int
    stops: tuple[Stop, ...] = ()
    """What is stopped whatever its values; it too is still in `rows`."""

    @property
    def size(self) -> int:
        """How many operations there are."""
        return sum(self.counts.values())

    def operations(self) -> Iterator[pl.DataFrame]:
        """The operations, `OPERATIONS`, block by block."""
        kept = ~(any_held(self.run_verdicts) | any_stopped(self.stops))
        return (rows.operations.filter(kept).collect() for rows in self.rows)

    def reasons(self) -> Iterator[pl.DataFrame]:
        """What is withheld, `REASONS`, block by block."""
        held = self.run_verdicts, self.stops
        return (withheld_of(rows, *held).collect() for rows in self.rows)

    def warned_of(self) -> Iterator[pl.DataFrame]:
        """The warnings, `REASONS`, block by block."""
        return (rows.warnings.collect() for rows in self.rows)

    @property
    def changes(self) -> tuple[Planned, ...]:
        return tuple(planned_of(line) for one in self.operations() for line in one["line"])

    @property
    def withheld(self) -> tuple[Withheld, ...]:
        return tuple(w for one in self.reasons() for w in _withheld(one, self.account))

    @property
    def warnings(self) -> tuple[Withheld, ...]:
        return tuple(w for one in self.warned_of() for w in _withheld(one, self.account))


@dataclass(frozen=True)
class SyncPlan:
    """The whole plan; `id` is a hash of what its file says, once it is sealed."""

    id: str
    basis: Basis
    parts: tuple[AccountPart, ...] = field(default=())

    def changes(self) -> Iterator[Planned]:
        for part in self.parts:
            for one in part.operations():
                yield from map(planned_of, one["line"])


def any_held(verdicts: Iterable[RunVerdict]) -> pl.Expr:
    """Which operations guards on the run withhold."""
    return pl.any_horizontal(pl.lit(False), *(_held(v.withholds) for v in verdicts if v.withholds))


def _held(aspect: str) -> pl.Expr:
    """Which operations a guard on the run that withholds the aspect withholds."""
    if aspect == "content":
        return pl.col("action") == "end"
    return pl.col({"price": "says_price", "stock": "covers_stock"}[aspect])


def withheld_of(
    rows: PlanRows, verdicts: Iterable[RunVerdict], stops: Sequence[Stop] = ()
) -> pl.LazyFrame:
    """What is withheld of these rows, with what guards on the run and stops withhold, by `at`."""
    objections = [
        rows.operations.filter(_held(verdict.withholds)).select(
            "at",
            "sku",
            pl.lit(verdict.withholds).alias("aspect"),
            pl.lit(verdict.guard.else_.upper()).alias("code"),
            pl.lit(f"guard {verdict.guard.id}: {verdict.reason}").alias("reason"),
            pl.lit(str(verdict.guard.span)).alias("place"),
        )
        for verdict in verdicts
        if verdict.withholds
    ]
    objections += stop_reasons(rows.operations, stops)
    if not objections:
        return rows.withheld
    return pl.concat([rows.withheld, *objections]).sort("at", nulls_last=True, maintain_order=True)


def _withheld(reasons: pl.DataFrame, account: str) -> Iterator[Withheld]:
    columns = reasons.select("sku", "aspect", "code", "reason", "place")
    return (Withheld(account, *row) for row in columns.iter_rows())
