"""How many offers of the whole catalogue become others at each moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from offerwright.compare.difference import AccountDifference, difference
from offerwright.compare.offer_state import OfferState, merged, offer_state
from offerwright.evaluate.bulk import mapped, run_block
from offerwright.evaluate.listing import listing
from offerwright.evaluate.partitions import Block, Partitions, partitions
from offerwright.evaluate.run import Executor
from offerwright.frames import ASPECTS
from offerwright.incremental.footing import Tables, footings
from offerwright.loadout import Loadout
from offerwright.timeline.moments import Moment, drifts, moment_of


@dataclass(frozen=True)
class Turn:
    """
    A moment, and how many offers become others then.

    `changed` counts by account, then by aspect of `frames.ASPECTS`, and all of them as `offers`;
    accounts where none does are left out. None: it was not looked at.
    """

    moment: Moment
    changed: Mapping[str, Mapping[str, int]] | None


@dataclass(frozen=True)
class Catalogue:
    """What is evaluated at every moment. `live` is what the ledger knows now, by account."""

    loadout: Loadout
    snapshot: pl.DataFrame | Path
    accounts: Sequence[str]
    live: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    workers: int = 1


def turns(catalogue: Catalogue, start: int, found: Sequence[Moment], most: int) -> Iterator[Turn]:
    """
    What happens to the catalogue at each of these moments, in order.

    An account is evaluated again where the clock says something else to its rules than before, and
    only over the first `most` moments. Where offers are computed from the clock, they are held
    against those of a microsecond before, so that only what turns at the moment counts.

    Args:
        catalogue: what is evaluated.
        start: where the time begins, microseconds; nothing turns there.
        found: the moments after it, rising.
        most: so many of them are looked at.
    """
    executor = Executor(catalogue.loadout.rules)
    parts = partitions(catalogue.loadout.rules, catalogue.snapshot)
    as_of = moment_of(start, ZoneInfo(catalogue.loadout.rules.time_zone))
    drifting = [a for a in catalogue.accounts if drifts(catalogue.loadout, a, as_of)]
    steady = [a for a in catalogue.accounts if a not in drifting]
    clocks = _clocks(catalogue, start)
    states = _states(catalogue, executor, parts, start, steady if found[:most] else ())
    for moment in found[:most]:
        now = _clocks(catalogue, moment.at)
        moved = [a for a in steady if now[a] != clocks[a]]
        before = states | _states(catalogue, executor, parts, moment.at - 1, drifting)
        then = states | _states(catalogue, executor, parts, moment.at, [*moved, *drifting])
        yield Turn(moment, _changed(before, then, [*moved, *drifting]))
        clocks, states = now, then
    for moment in found[most:]:
        yield Turn(moment, None)


def _clocks(catalogue: Catalogue, at: int) -> Mapping[str, tuple[str, ...]]:
    """What a moment says to the rules of each account; the same twice, the same offers."""
    rules = catalogue.loadout.rules
    as_of = moment_of(at, ZoneInfo(rules.time_zone))
    tables = Tables()
    return {
        name: tuple(one.clock for one in footings(rules, name, as_of, tables, same=True).values())
        for name in catalogue.accounts
    }


def _states(
    catalogue: Catalogue, executor: Executor, parts: Partitions, at: int, accounts: Sequence[str]
) -> dict[str, OfferState]:
    """The offers of some accounts at a moment, in 32 bytes each."""
    if not accounts:
        return {}
    as_of = moment_of(at, ZoneInfo(executor.rules.time_zone))

    def work(own: Executor, block: Block) -> list[OfferState]:
        found = run_block(own, block, as_of, catalogue.live, accounts)
        return [offer_state(listing(one)) for one in found]

    every = list(mapped(executor, parts, work, catalogue.workers))
    return {
        name: merged(states)
        for name, states in zip(accounts, zip(*every, strict=True), strict=True)
    }


def _changed(
    before: Mapping[str, OfferState], after: Mapping[str, OfferState], accounts: Sequence[str]
) -> Mapping[str, Mapping[str, int]]:
    found = {name: difference(before[name], after[name]).accounts for name in accounts}
    return {name: _counts(*one) for name, one in found.items() if any(d.differs for d in one)}


def _counts(one: AccountDifference) -> Mapping[str, int]:
    return {"offers": len(one.changed), **{aspect: one.counted(aspect) for aspect in ASPECTS}}
