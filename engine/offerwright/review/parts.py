"""One account in one part of the catalogue → what differs there, why, and what guards say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate.partitions import Block
from offerwright.evaluate.run import Offers
from offerwright.review.blocks import aligned
from offerwright.review.causes import Run
from offerwright.review.pairs import Pairs, pairs
from offerwright.review.seen import seen
from offerwright.review.side import Side
from offerwright.review.suspects import CAUSES, Suspect, caused, together
from offerwright.review.verdicts import Judged, confirmed, verdicts

_NOTHING = pl.DataFrame()


@dataclass(frozen=True)
class Change:
    """Two sides at one moment, and the changed documents that may have moved offers."""

    base: Side
    head: Side
    as_of: datetime
    suspects: tuple[Suspect, ...] = ()


@dataclass(frozen=True)
class PartReview:
    """
    What is found of one account in one part.

    `changed` are the offers that differ, `Pairs.frame`; `causes` is `suspects.CAUSES`.
    """

    account: str
    changed: pl.DataFrame
    causes: pl.DataFrame
    judged: Judged


def part_reviews(change: Change, skus: Mapping[str, pl.Series]) -> Iterator[PartReview]:
    """
    Look once more at some offers of both sides, part by part and account by account.

    Args:
        change: what is compared.
        skus: by account, the offers to look at.
    """
    both = aligned(change.base, change.head)
    asked = {a: both.skus.is_in(s.implode()).to_numpy() for a, s in skus.items() if len(s)}
    if not asked:
        return
    anyone = np.logical_or.reduce(list(asked.values()))
    for blocks in both.blocks(anyone):
        for account in asked:
            yield _part_review(change, Part(account, blocks, skus[account]))


@dataclass(frozen=True)
class Part:
    """Some offers of one account: `blocks` are the rows of the base and of the head."""

    account: str
    blocks: tuple[Block, Block]
    skus: pl.Series


@dataclass(frozen=True)
class _Seen:
    """The offers of one side, and what a reviewer sees of them."""

    side: Side
    offers: Offers
    frame: pl.DataFrame


def _part_review(change: Change, part: Part) -> PartReview:
    base, head = (
        _seen(side, block, part, change.as_of)
        for side, block in zip((change.base, change.head), part.blocks, strict=True)
    )
    frames = [_NOTHING if one is None else one.frame for one in (base, head)]
    both = pairs(part.account, *frames)
    changed = both.frame.filter(pl.col("change") != "same")
    judged = _judged(change, both, base, head)
    if base is None or head is None:
        return PartReview(part.account, changed, pl.DataFrame(schema=CAUSES), judged)
    causes = _causes(change, part, changed, (base.offers, head.offers))
    return PartReview(part.account, changed, causes, judged)


def _seen(side: Side, block: Block, part: Part, as_of: datetime) -> _Seen | None:
    offers = _offers(side, block, part, as_of)
    if offers is None:
        return None
    account = offers.account
    market = side.loadout.marketplaces[account.marketplace]
    guards = side.loadout.guards.by_account[account.name]
    frame = seen(offers, guards, market, written=True)
    at = pl.int_range(pl.len(), dtype=pl.Int64).alias("at")
    return _Seen(side, offers, frame.with_columns(at))


def _offers(side: Side, block: Block, part: Part, as_of: datetime) -> Offers | None:
    """The offers that are asked for, as one side computes them; None without the account."""
    if part.account not in side.accounts:
        return None
    own = block.own["sku"]
    asked = own.filter(own.is_in(part.skus.implode())).to_list()
    return side.executor.run(block.frame, as_of, side.live, [part.account], asked)[0]


def _judged(change: Change, both: Pairs, base: _Seen | None, head: _Seen | None) -> Judged:
    if head is None:
        return {}
    told = head.frame.clear() if base is None else base.frame
    live = confirmed(change.head, both.account, told)
    before = None if base is None else (base.side, base.offers)
    return verdicts((before, (head.side, head.offers)), both, live, change.as_of)


def _causes(
    change: Change, part: Part, changed: pl.DataFrame, offers: tuple[Offers, Offers]
) -> pl.DataFrame:
    """Which changed document moved which of the offers that both sides have: `CAUSES`."""
    twice = changed.filter(pl.col("old").is_not_null() & pl.col("new").is_not_null())
    nothing = pl.DataFrame(schema=CAUSES)
    if not len(twice):
        return nothing
    before, after = (
        Run(one, _places(twice[side])) for one, side in zip(offers, ("old", "new"), strict=True)
    )
    only = Part(part.account, part.blocks, twice["sku"])
    runs = _without_each(change, only, before)
    named = [nothing, *(caused(one.document, run, after) for one, run in runs)]
    known = pl.concat(named)
    left = twice["sku"].filter(~twice["sku"].is_in(known["sku"].implode()))
    return pl.concat([known, together(before, after, left)])


def _without_each(change: Change, part: Part, base: Run) -> Iterator[tuple[Suspect, Run]]:
    """The same offers without each document; with one document alone that is the base."""
    for one in change.suspects:
        if one.without is None:
            continue
        if len(change.suspects) == 1:
            yield one, base
            continue
        offers = _offers(one.without, part.blocks[1], part, change.as_of)
        if offers is not None:
            yield one, Run(offers, _found(offers, part.skus))


def _found(offers: Offers, skus: pl.Series) -> NDArray[np.int64]:
    """The places of some SKUs among the offers."""
    place = offers.frame["sku"].to_frame("sku").with_row_index("at")
    rows = skus.to_frame("sku").join(place, on="sku", how="left", maintain_order="left")
    return _places(rows["at"])


def _places(rows: pl.Series) -> NDArray[np.int64]:
    return rows.cast(pl.Int64).to_numpy()


def of_account(parts: Sequence[PartReview], account: str) -> pl.DataFrame:
    """The offers of one account that differ, in the order of the parts."""
    found = [one.changed for one in parts if one.account == account]
    return pl.concat(found, how="vertical_relaxed") if found else _NOTHING
