"""What the offers of a few SKUs are from moment to moment: the periods in which nothing changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from offerwright.evaluate.listing import listing
from offerwright.evaluate.partitions import Partitions, only
from offerwright.evaluate.run import Executor
from offerwright.expressions.parse import microseconds
from offerwright.loadout import Loadout
from offerwright.rules.changes import Change
from offerwright.timeline.moments import (
    Moment,
    Span,
    midnights,
    moment_of,
    moments,
    reads_clock,
)

TOLD = ("status", "price", "sale_price", "tiers", "currency", "quantity", "category", "title")
"""The columns of a listing that a period shows, where the listing has them."""


@dataclass(frozen=True)
class Period:
    """
    One offer from one moment on to another, microseconds.

    `told` has the names of `TOLD`; `blocked` is what withholds something, as a listing has it;
    `rules` are the ids that made the price. `changes` begin or end at its start and made it
    another one; where no rule of its price is among them, all that begin or end then.
    """

    account: str
    sku: str
    start: int
    end: int
    told: Mapping[str, Any]
    blocked: Sequence[Mapping[str, Any]]
    rules: Sequence[str]
    changes: tuple[Change, ...]

    @property
    def offer(self) -> tuple[str, str]:
        return self.account, self.sku


@dataclass(frozen=True)
class Asked:
    """Which offers, over which time. The facts are those of the snapshot at every moment."""

    span: Span
    skus: tuple[str, ...]
    accounts: tuple[str, ...]


def periods(
    loadout: Loadout,
    snapshot: pl.DataFrame | Path,
    asked: Asked,
    live: Mapping[str, pl.DataFrame],
) -> tuple[Period, ...]:
    """
    The periods of every offer that was asked for, by SKU, account and time.

    Args:
        loadout: the linked repository.
        snapshot: `frames.SNAPSHOT`, or the Parquet file that holds one.
        asked: which offers, over which time.
        live: what the ledger knows now, by account; it stays so.
    """
    executor = Executor(loadout.rules)
    parts = only(loadout.rules, snapshot, asked.skus)
    found = [
        one
        for account in asked.accounts
        for moment in _looked_at(loadout, asked.span, account)
        for one in _at(executor, parts, account, moment, live)
    ]
    order = {sku: number for number, sku in enumerate(asked.skus)}
    ordered = sorted(found, key=lambda p: (order[p.sku], p.account, p.start))
    end = microseconds(asked.span.end)
    return tuple(
        one for _, group in groupby(ordered, key=lambda p: p.offer) for one in _joined(group, end)
    )


def _looked_at(loadout: Loadout, span: Span, account: str) -> list[Moment]:
    """The start, every change, and every midnight where offers are computed from the date."""
    start = microseconds(span.start)
    times = [start]
    if reads_clock(loadout, account, span.start):
        times += midnights(ZoneInfo(loadout.rules.time_zone), span)
    quiet = {at: Moment(at, ()) for at in times}
    found = quiet | {one.at: one for one in moments(loadout, span, [account])}
    return [found[at] for at in sorted(found)]


def _at(
    executor: Executor,
    parts: Partitions,
    account: str,
    moment: Moment,
    live: Mapping[str, pl.DataFrame],
) -> Iterator[Period]:
    """The offers at a moment, as periods of no length."""
    as_of = moment_of(moment.at, ZoneInfo(executor.rules.time_zone))
    for block in parts:
        offers = executor.run(block.frame, as_of, live, [account], block.skus)[0]
        for row in listing(offers).iter_rows(named=True):
            yield Period(
                account, row["sku"], moment.at, moment.at,
                {name: row[name] for name in TOLD if name in row},
                row["blocked"], row["rules"], moment.changes,
            )  # fmt: skip


def _joined(found: Iterator[Period], end: int) -> Iterator[Period]:
    """Periods that follow each other; those that tell the same are one."""
    kept: list[Period] = []
    for one in found:
        last = kept[-1] if kept else None
        if last is None or (last.told, last.blocked) != (one.told, one.blocked):
            kept.append(one)
    starts = [one.start for one in kept[1:]]
    before: Sequence[str] = ()
    for one, stop in zip(kept, [*starts, end], strict=True):
        yield replace(one, end=stop, changes=_concerning(one.changes, [*before, *one.rules]))
        before = one.rules


def _concerning(changes: tuple[Change, ...], rules: Sequence[str]) -> tuple[Change, ...]:
    """The changes of rules that made the price before or after; all where it was none of them."""
    names = {rule.rpartition("/")[2] for rule in rules}
    return tuple(c for c in changes if c.what.rpartition("/")[2] in names) or changes
