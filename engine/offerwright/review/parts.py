"""One account in one part of the catalogue → what differs there, why, and what guards say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from offerwright.evaluate.bulk import in_turn
from offerwright.evaluate.partitions import PART_ROWS, Block
from offerwright.evaluate.run import Offers
from offerwright.guards.landing import LANDINGS
from offerwright.review.attribution import CAUSES, caused, nothing, together
from offerwright.review.attribution import of_account as causes_of
from offerwright.review.blocks import aligned
from offerwright.review.pairs import Pairs, pairs
from offerwright.review.seen import Seen, seen, written_apart
from offerwright.review.side import Side
from offerwright.review.suspects import Suspect
from offerwright.review.verdicts import Judged, confirmed, verdicts
from offerwright.review.whole import landed
from offerwright.sync.told import Wanted, everything

_NOTHING = pl.DataFrame()


@dataclass(frozen=True)
class Change:
    """
    Two sides at one moment, and the changed documents that may have moved offers.

    `alike` are the accounts whose offers are written alike on both sides.
    """

    base: Side
    head: Side
    as_of: datetime
    suspects: tuple[Suspect, ...] = ()
    alike: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PartReview:
    """
    What is found of one account in one part.

    `changed` are the offers that differ, `Pairs.frame`; `causes` is `attribution.CAUSES`, `landed`
    the prices that offers get and did not have, `landing.LANDINGS`.
    """

    account: str
    changed: pl.DataFrame
    causes: pl.DataFrame
    judged: Judged
    landed: pl.DataFrame


def part_reviews(
    change: Change, skus: Mapping[str, pl.Series], workers: int = 1, rows: int = PART_ROWS
) -> Iterator[PartReview]:
    """
    Look once more at some offers of both sides, part by part and account by account.

    Args:
        change: what is compared.
        skus: by account, the offers to look at.
        workers: threads.
        rows: so many rows of the catalogue are a part.
    """
    both = aligned(change.base, change.head)
    asked = {a: both.skus.is_in(s.implode()).to_numpy() for a, s in skus.items() if len(s)}
    if not asked:
        return
    anyone = np.logical_or.reduce(list(asked.values()))
    parts = (
        Part(account, blocks, skus[account])
        for blocks in both.blocks(anyone, rows)
        for account in asked
    )
    yield from in_turn(parts, lambda part: _part_review(change, part), workers)


@dataclass(frozen=True)
class Part:
    """Some offers of one account: `blocks` are the rows of the base and of the head."""

    account: str
    blocks: tuple[Block, Block]
    skus: pl.Series


def _part_review(change: Change, part: Part) -> PartReview:
    base, head = _both(change, part)
    frames = [_NOTHING if one is None else _placed(one.frame) for one in (base, head)]
    both = pairs(part.account, *frames)
    changed = both.frame.filter(pl.col("change") != "same")
    judged = _judged(change, both, base, head)
    causes = _causes(change, replace(part, skus=changed["sku"]), (base, head))
    found = landed(changed, change.head, head, change.as_of)
    return PartReview(part.account, changed, causes, judged, found)


def _both(change: Change, part: Part) -> tuple[Seen | None, Seen | None]:
    """The offers as the base and as the head computes them."""
    sides = change.base, change.head
    runs = [_run(side, block, part, change.as_of)
            for side, block in zip(sides, part.blocks, strict=True)]  # fmt: skip
    base, head = runs
    written: Wanted = everything
    if base is not None and head is not None and part.account in change.alike:
        written = written_apart(base, head)
    one, other = (
        None if run is None else _seen(side, run, written)
        for side, run in zip(sides, runs, strict=True)
    )
    return one, other


def _run(side: Side, block: Block, part: Part, as_of: datetime) -> Offers | None:
    """The offers that are asked for, as one side computes them; None without the account."""
    if part.account not in side.accounts:
        return None
    own = block.own["sku"]
    asked = own.filter(own.is_in(part.skus.implode())).to_list()
    return side.executor.run(block.frame, as_of, side.live, [part.account], asked)[0]


def _seen(side: Side, offers: Offers, written: Wanted | None) -> Seen:
    market = side.loadout.marketplaces[offers.account.marketplace]
    guards = side.loadout.guards.by_account[offers.account.name]
    return Seen(offers, seen(offers, guards, market, written))


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("at"))


def _judged(change: Change, both: Pairs, base: Seen | None, head: Seen | None) -> Judged:
    if head is None:
        return {}
    told = head.frame.clear() if base is None else base.frame
    live = confirmed(change.head, both.account, told)
    before = None if base is None else (change.base, base.offers)
    return verdicts((before, (change.head, head.offers)), both, live, change.as_of)


def _causes(change: Change, part: Part, sides: tuple[Seen | None, Seen | None]) -> pl.DataFrame:
    """Which changed document moved which of the offers that differ: `CAUSES`."""
    if not len(part.skus):
        return pl.DataFrame(schema=CAUSES)
    base, head = sides
    found = [nothing()]
    for one in change.suspects:
        if one.without is not None and part.account in one.reaches:
            without = base if part.account in one.alone else _without(change, part, one)
            found.append(caused(one.document, (without, head), part.skus))
    known = pl.concat(found)
    if any(part.account in one.alone for one in change.suspects if one.without is not None):
        # Nothing is left: without that document the head is the base.
        return causes_of(part.account, known)
    left = together(sides, part.skus, known, [one.document for one in change.suspects])
    return causes_of(part.account, pl.concat([known, left]))


def _without(change: Change, part: Part, suspect: Suspect) -> Seen | None:
    """
    The same offers without one document: over the rows of the side that has such facts.

    Where they are written alike nothing is written: other bodies are of offers told otherwise.
    """
    side = suspect.without
    assert side is not None
    of_head = side.snapshot_id == change.head.snapshot_id
    written = everything if "payloads" in suspect.reaches[part.account] else None
    run = _run(side, part.blocks[1 if of_head else 0], part, change.as_of)
    return None if run is None else _seen(side, run, written)


def landed_of(parts: Sequence[PartReview], account: str) -> pl.DataFrame:
    """The prices that offers of one account get and did not have."""
    found = [one.landed for one in parts if one.account == account]
    return pl.concat([pl.DataFrame(schema=LANDINGS), *found])


def of_account(parts: Sequence[PartReview], account: str) -> pl.DataFrame:
    """The offers of one account that differ, in the order of the parts."""
    found = [one.changed for one in parts if one.account == account]
    return pl.concat(found, how="vertical_relaxed") if found else _NOTHING
