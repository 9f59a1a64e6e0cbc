"""A change of the rules → what it does to every offer, why, and what the guards say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate.partitions import Block
from offerwright.evaluate.run import Offers
from offerwright.guards.plan import GuardPlan
from offerwright.guards.whole import RunVerdict
from offerwright.review.blocks import aligned
from offerwright.review.causes import Run
from offerwright.review.documents import (
    DocumentChange,
    FileChange,
    changed_documents,
    changed_files,
)
from offerwright.review.pairs import columns, pairs
from offerwright.review.reach import Reached, Stock, reached
from offerwright.review.seen import seen
from offerwright.review.side import Difference, Side, differing
from offerwright.review.suspects import (
    CAUSES,
    Compiled,
    Suspect,
    caused,
    suspects,
    together,
)
from offerwright.review.verdicts import SAID, GuardResult, confirmed, run_verdicts, verdicts

Judged = Mapping[str, tuple[GuardPlan, int, pl.DataFrame]]


@dataclass(frozen=True)
class Asked:
    """What a review is asked for: the moment, with a zone, and how to compile files."""

    as_of: datetime
    compiled: Compiled
    workers: int = 1


@dataclass(frozen=True)
class AccountReview:
    """
    One account that may differ.

    `changed` are the offers that do, `Pairs.frame`; the counts are of all its offers.
    """

    account: str
    why: frozenset[Difference]
    before: Stock
    after: Stock
    changed: pl.DataFrame


@dataclass(frozen=True)
class Review:
    """Everything that a change does. `untouched` accounts have the same offers on both sides."""

    base: Side
    head: Side
    as_of: datetime
    accounts: tuple[AccountReview, ...]
    untouched: Mapping[str, int]
    documents: tuple[DocumentChange, ...]
    files: tuple[FileChange, ...]
    causes: pl.DataFrame
    """`suspects.CAUSES`."""
    guards: tuple[GuardResult, ...]
    untold: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of the documents without which the head could not be evaluated."""

    @property
    def changed(self) -> pl.DataFrame:
        """All offers that differ, by account in the order of the snapshot."""
        nothing = pl.DataFrame(schema=dict.fromkeys(columns(), pl.Null))
        found = [one.changed for one in self.accounts if len(one.changed)]
        return pl.concat(found, how="vertical_relaxed") if found else nothing

    @property
    def blocks(self) -> bool:
        """Whether a guard stops the change."""
        return any(one.blocks for one in self.guards)


def review(base: Side, head: Side, asked: Asked) -> Review:
    """
    Compare two states of a repository, offer by offer.

    Accounts that cannot differ are not evaluated. Of the others both sides are evaluated over the
    whole snapshot, and what differs once more to say how and why.
    """
    accounts = differing(base, head, asked.as_of)
    reach = reached(base, head, accounts, asked.as_of, asked.workers)
    documents = changed_documents(base.loadout, head.loadout)
    found = _Found()
    suspected: tuple[Suspect, ...] = ()
    if any(len(skus) for skus in reach.skus.values()):
        suspected = suspects(base, head, documents, asked.compiled)
        _look(base, head, reach, suspected, asked, found)
    reviewed = tuple(_account(name, why, reach, found) for name, why in accounts.items())
    both = aligned(base, head)
    return Review(
        base, head, asked.as_of, reviewed,
        {name: len(both.skus) for name in sorted(head.accounts) if name not in accounts},
        documents, changed_files(base.loadout.repository.files, head.loadout.repository.files),
        pl.concat([pl.DataFrame(schema=CAUSES), *found.causes]), _guards(head, reach, found, asked),
        frozenset((s.document.kind, s.document.name) for s in suspected if s.without is None),
    )  # fmt: skip


@dataclass
class _Found:
    """What is gathered part by part."""

    changed: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    causes: list[pl.DataFrame] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)


def _look(
    base: Side,
    head: Side,
    reach: Reached,
    suspected: Sequence[Suspect],
    asked: Asked,
    found: _Found,
) -> None:
    both = aligned(base, head)
    masks = {a: both.skus.is_in(s.implode()).to_numpy() for a, s in reach.skus.items() if len(s)}
    anyone = np.logical_or.reduce(list(masks.values()))
    for old, new in both.blocks(anyone):
        for account in masks:
            _account_block(base, head, (old, new), account, reach, suspected, asked, found)


def _account_block(
    base: Side,
    head: Side,
    blocks: tuple[Block, Block],
    account: str,
    reach: Reached,
    suspected: Sequence[Suspect],
    asked: Asked,
    found: _Found,
) -> None:
    skus = reach.skus[account]
    old, new = (
        _offers(side, block, account, skus, asked.as_of)
        for side, block in zip((base, head), blocks, strict=True)
    )
    frames = [_seen(side, offers) for side, offers in ((base, old), (head, new))]
    both = pairs(account, *frames)
    live = (
        confirmed(head, account, frames[0])
        if old is not None
        else confirmed(head, account, frames[1].clear())
    )
    sides = ((base, old) if old is not None else None, (head, new) if new is not None else None)
    found.judged.append(verdicts(sides, both, live, asked.as_of))
    changed = both.frame.filter(pl.col("change") != "same")
    found.changed.setdefault(account, []).append(changed)
    if old is not None and new is not None and len(changed):
        twice = changed.filter(pl.col("old").is_not_null() & pl.col("new").is_not_null())
        found.causes += _causes(old, new, twice, blocks[1], suspected, asked.as_of)


def _offers(
    side: Side, block: Block, account: str, skus: pl.Series, as_of: datetime
) -> Offers | None:
    if account not in side.accounts:
        return None
    own = block.own["sku"]
    asked = own.filter(own.is_in(skus.implode())).to_list()
    return side.executor.run(block.frame, as_of, side.live, [account], asked)[0]


def _seen(side: Side, offers: Offers | None) -> pl.DataFrame:
    if offers is None:
        return pl.DataFrame()
    account = offers.account
    market = side.loadout.marketplaces[account.marketplace]
    guards = side.loadout.guards.by_account[account.name]
    frame = seen(offers, guards, market, written=True)
    return frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("at"))


def _causes(
    old: Offers,
    new: Offers,
    changed: pl.DataFrame,
    block: Block,
    suspected: Sequence[Suspect],
    as_of: datetime,
) -> Iterator[pl.DataFrame]:
    after = Run(new, _places(changed["new"]))
    before = Run(old, _places(changed["old"]))
    named: list[pl.DataFrame] = []
    for one in suspected:
        if one.without is None:
            continue
        other = before
        if len(suspected) > 1:
            offers = _offers(one.without, block, new.account.name, changed["sku"], as_of)
            if offers is None:
                continue
            place = offers.frame["sku"].to_frame().with_row_index("at")
            rows = changed.select("sku").join(place, on="sku", how="left", maintain_order="left")
            other = Run(offers, _places(rows["at"]))
        named.append(caused(one.document, other, after))
    yield from named
    known = pl.concat([pl.DataFrame(schema=CAUSES), *named])["sku"]
    yield together(before, after, changed["sku"].filter(~changed["sku"].is_in(known.implode())))


def _places(rows: pl.Series) -> NDArray[np.int64]:
    return rows.cast(pl.Int64).to_numpy()


def _account(name: str, why: frozenset[Difference], reach: Reached, found: _Found) -> AccountReview:
    parts = found.changed.get(name, [])
    frame = pl.concat(parts, how="vertical_relaxed") if parts else pl.DataFrame()
    return AccountReview(
        name, why, reach.before.get(name, Stock()), reach.after.get(name, Stock()), frame
    )


def _guards(head: Side, reach: Reached, found: _Found, asked: Asked) -> tuple[GuardResult, ...]:
    """The verdicts of all parts and accounts together, by document and guard."""
    plans: dict[str, GuardPlan] = {}
    counts: dict[str, int] = {}
    said: dict[str, list[pl.DataFrame]] = {}
    for part in found.judged:
        for name, (guard, count, frame) in part.items():
            plans.setdefault(name, guard)
            counts[name] = counts.get(name, 0) + count
            said.setdefault(name, []).append(frame)
    runs: dict[str, list[tuple[str, RunVerdict]]] = {}
    changed = {a: pl.concat(f, how="vertical_relaxed") for a, f in found.changed.items() if f}
    for account, verdict in run_verdicts(head, changed, reach.before, asked.as_of):
        name = f"{verdict.guard.document}/{verdict.guard.id}"
        plans.setdefault(name, verdict.guard)
        runs.setdefault(name, []).append((account, verdict))
    return tuple(
        GuardResult(
            plans[name], counts.get(name, 0),
            pl.concat([pl.DataFrame(schema=SAID), *said.get(name, [])]), tuple(runs.get(name, ())),
        )
        for name in sorted(plans)
    )  # fmt: skip
