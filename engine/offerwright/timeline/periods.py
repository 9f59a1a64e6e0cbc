"""What the offers of a few SKUs are from moment to moment: the periods in which nothing changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from offerwright.timeline.flips import flips
from offerwright.timeline.moments import (
    Moment,
    TimeSpan,
    drifts,
    midnights,
    moment_of,
    moments,
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

    span: TimeSpan
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
    offers = _Offers(Executor(loadout.rules), only(loadout.rules, snapshot, asked.skus), live)
    found = [
        one
        for account in asked.accounts
        for moment in _looked_at(loadout, asked.span, account, offers)
        for one in offers.at(account, moment)
    ]
    order = {sku: number for number, sku in enumerate(asked.skus)}
    ordered = sorted(found, key=lambda p: (order[p.sku], p.account, p.start))
    end = microseconds(asked.span.end)
    return tuple(
        one for _, group in groupby(ordered, key=lambda p: p.offer) for one in _joined(group, end)
    )


@dataclass(frozen=True)
class _Offers:
    """The offers that were asked for, at any moment."""

    executor: Executor
    parts: Partitions
    live: Mapping[str, pl.DataFrame]
    known: dict[tuple[str, int], tuple[Period, ...]] = field(default_factory=dict)

    def at(self, account: str, moment: Moment) -> list[Period]:
        """As periods of no length."""
        key = account, moment.at
        if key not in self.known:
            self.known[key] = tuple(_at(self, account, moment.at))
        return [replace(one, changes=moment.changes) for one in self.known[key]]

    def told(self, account: str, at: int) -> list[tuple[object, object]]:
        """What is compared."""
        return [(one.told, one.blocked) for one in self.at(account, Moment(at, ()))]


def _looked_at(loadout: Loadout, span: TimeSpan, account: str, offers: _Offers) -> list[Moment]:
    """The start, every change, and where offers are computed from the clock when it does it."""
    found = {one.at: one for one in moments(loadout, span, [account])}
    times = {microseconds(span.start), *found}
    if drifts(loadout, account, span.start):
        times.update(midnights(ZoneInfo(loadout.rules.time_zone), span))
        points = [*sorted(times), microseconds(span.end)]
        times.update(flips(lambda at: offers.told(account, at), points))
    return [found.get(at, Moment(at, ())) for at in sorted(times)]


def _at(offers: _Offers, account: str, at: int) -> Iterator[Period]:
    as_of = moment_of(at, ZoneInfo(offers.executor.rules.time_zone))
    for block in offers.parts:
        run = offers.executor.run(block.frame, as_of, offers.live, [account], block.skus)
        for row in listing(run[0]).iter_rows(named=True):
            yield Period(
                account, row["sku"], at, at,
                {name: row[name] for name in TOLD if name in row},
                row["blocked"], row["rules"], (),
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
