"""Which offers a change reaches: both sides evaluated over everything, kept in a few bytes each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from offerwright.compare.difference import AccountDifference, difference
from offerwright.compare.offer_state import OfferState, merged, offer_state
from offerwright.compare.stable_hash import text_hashes
from offerwright.evaluate.bulk import mapped, run_block
from offerwright.evaluate.listing import listing
from offerwright.evaluate.partitions import PART_ROWS, Block, Partitions, partitions
from offerwright.evaluate.run import Executor
from offerwright.review.side import Difference, Side


@dataclass(frozen=True)
class Stock:
    """How many offers of an account there are, with a price, and with stock to sell."""

    offers: int = 0
    priced: int = 0
    stocked: int = 0

    def __add__(self, other: Stock) -> Stock:
        return Stock(
            self.offers + other.offers,
            self.priced + other.priced,
            self.stocked + other.stocked,
        )


@dataclass(frozen=True)
class Reached:
    """
    What a change reaches, by account.

    `skus` have to be looked at: they differ, or how they are written or guarded does. Of accounts
    that are not here nothing does. `before` and `after` count all offers of these accounts.
    """

    skus: Mapping[str, pl.Series]
    before: Mapping[str, Stock]
    after: Mapping[str, Stock]


def reached(
    base: Side,
    head: Side,
    accounts: Mapping[str, frozenset[Difference]],
    as_of: datetime,
    workers: int = 1,
    rows: int = PART_ROWS,
) -> Reached:
    """
    The offers that differ, in the order of the head; what is gone comes last.

    Args:
        base, head: the sides.
        accounts: those that may differ (`side.differing`).
        as_of: the moment of the computation, with a zone.
        workers: threads.
        rows: so many rows of the catalogue are a part.
    """
    old, new = (
        _summed(
            side, accounts, as_of, (workers, partitions(side.loadout.rules, side.snapshot, rows))
        )
        for side in (base, head)
    )
    found = {one.account: one for one in difference(old.state, new.state).accounts}
    skus = {
        account: _asked(found.get(account), why, old.skus, new.skus)
        for account, why in accounts.items()
    }
    return Reached(skus, old.counts, new.counts)


@dataclass(frozen=True)
class _Summed:
    """One side: its state, its SKUs, and its counts by account."""

    state: OfferState
    skus: pl.Series
    counts: Mapping[str, Stock]


def _summed(
    side: Side, accounts: Mapping[str, object], as_of: datetime, how: tuple[int, Partitions]
) -> _Summed:
    workers, parts = how
    own = [name for name in side.accounts if name in accounts]
    states: list[OfferState] = []
    counts = dict.fromkeys(own, Stock())
    for state, found in _parts(side, parts, own, as_of, workers):
        states.append(state)
        counts = {name: counts[name] + found[name] for name in own}
    skus = parts.source.rows(0, parts.height, ["sku"])["sku"]
    return _Summed(merged(states), skus, counts)


def _parts(
    side: Side, parts: Partitions, accounts: Sequence[str], as_of: datetime, workers: int
) -> Iterator[tuple[OfferState, Mapping[str, Stock]]]:
    def work(executor: Executor, block: Block) -> tuple[OfferState, Mapping[str, Stock]]:
        frames = [listing(one) for one in run_block(executor, block, as_of, side.live, accounts)]
        state = merged(offer_state(frame) for frame in frames if len(frame))
        return state, {one: _stock(f) for one, f in zip(accounts, frames, strict=True)}

    if not accounts:
        return iter(())
    return mapped(side.executor, parts, work, workers)


def _stock(frame: pl.DataFrame) -> Stock:
    priced = len(frame) - frame["price"].null_count()
    return Stock(len(frame), priced, int((frame["quantity"].fill_null(0) > 0).sum()))


def _asked(
    found: AccountDifference | None,
    why: frozenset[Difference],
    before: pl.Series,
    after: pl.Series,
) -> pl.Series:
    """The SKUs of one account that have to be looked at."""
    if found is None or why - {"offers"}:
        return _union(after, before)
    changed = np.concatenate([found.changed, found.added])
    here = after.filter(pl.Series(np.isin(text_hashes(after), changed)))
    if not len(found.removed):
        return here
    gone = before.filter(pl.Series(np.isin(text_hashes(before), found.removed)))
    return pl.concat([here, gone])


def _union(first: pl.Series, then: pl.Series) -> pl.Series:
    if len(first) == len(then) and (first == then).all():
        return first
    return pl.concat([first, then.filter(~then.is_in(first.implode()))])
