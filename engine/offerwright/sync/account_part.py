"""The parts of an account's rows → its part of a plan, once guards have looked at the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import polars as pl

from offerwright.guards.plan import GuardPlan
from offerwright.guards.sources import NO_SOURCES, Sources, judge_sources, stops_of
from offerwright.guards.stops import Stop
from offerwright.guards.whole import Moves, judge_run
from offerwright.sync.moves import NO_LANDINGS, added, with_clusters
from offerwright.sync.plan import AccountPart, PlanRows, any_held, withheld_of
from offerwright.sync.stopped import any_stopped


@dataclass(frozen=True)
class Run:
    """What guards on the whole run of an account are judged by."""

    guards: tuple[GuardPlan, ...]
    as_of: int
    first_publication: bool
    stops: tuple[Stop, ...] = ()
    sources: Sources = NO_SOURCES


def account_part(account: str, rows: Iterable[PlanRows], run: Run) -> AccountPart:
    """
    An account's part of a plan.

    `rows` is gone through twice here and again by whoever reads the part: a tuple, or a `Spill`.
    """
    sums = _sums(rows)
    moves = with_clusters(sums.moves, run.guards, sums.landings)
    of_sources = judge_sources(run.guards, run.sources, run.as_of)
    verdicts = judge_run(run.guards, moves, run.as_of, run.first_publication)
    stops = (*run.stops, *stops_of(of_sources))
    counts: Counter[tuple[str, str]] = Counter()
    withheld, held = 0, any_held(verdicts) | any_stopped(stops)
    for one in rows:
        kept = one.operations.filter(~held).group_by("action", "aspect").len()
        counts.update({(action, aspect): n for action, aspect, n in kept.collect().iter_rows()})
        withheld += _count(withheld_of(one, verdicts, stops).select(pl.col("sku").unique()))
    return AccountPart(
        account, rows, (*verdicts, *of_sources), dict(sorted(counts.items())), sums.offers,
        sums.unchanged, sums.waiting, withheld, sums.warned, stops,
    )  # fmt: skip


@dataclass(frozen=True)
class _Sums:
    moves: Moves
    offers: int = 0
    unchanged: int = 0
    waiting: int = 0
    warned: int = 0
    landings: pl.DataFrame = field(default_factory=NO_LANDINGS.clone)


def _sums(rows: Iterable[PlanRows]) -> _Sums:
    sums, landed = _Sums(Moves(0, 0, 0, 0)), [NO_LANDINGS]
    for one in rows:
        sums = _Sums(
            added(sums.moves, one.moves),
            sums.offers + one.offers,
            sums.unchanged + one.unchanged,
            sums.waiting + one.waiting,
            sums.warned + _count(one.warnings),
        )
        landed.append(one.landings)
    return replace(sums, landings=pl.concat(landed))


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect().item())
