"""The offers of now, computed only where something has changed since a run was remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from offerwright.evaluate.listing import listing
from offerwright.evaluate.match import Walks
from offerwright.evaluate.partitions import (
    Block,
    Partitions,
    partitions,
)
from offerwright.evaluate.run import Executor
from offerwright.incremental.affected import NOWHERE, Affected, Reason, Standing, affected
from offerwright.incremental.footing import Footing, Side, Tables, footings
from offerwright.incremental.memory import (
    AccountMemory,
    FrameListing,
    Listing,
    Mask,
    Memory,
    Places,
    blocked_sides,
    stood,
)
from offerwright.incremental.splice import (
    Pieces,
    fresh,
    only_stock,
    spliced,
    without_stock,
)
from offerwright.incremental.standing import Asked, standing

_FEW = 8
"""Below this share of a part, 1 : n, halves are not worth their while."""


@dataclass(frozen=True)
class Fresh:
    """
    What was computed of the offers of an account in one part.

    `computed` is a mask over the part, `offers` has the rows of it; `old` is where the other rows
    stood before.
    """

    computed: Mask
    offers: pl.DataFrame
    old: Places
    before: Listing | None

    def listing(self) -> pl.DataFrame:
        """All offers of the part: the old ones are read now."""
        kept = ~self.computed
        old = self.before.rows(self.old[kept]) if self.before is not None and kept.any() else None
        return spliced(self.computed, self.offers, old)


@dataclass(frozen=True)
class PartOfRun:
    """Offers of one part of the snapshot, by account in the order of the rules."""

    start: int
    number: int
    fresh: Mapping[str, Fresh]

    def listings(self) -> dict[str, pl.DataFrame]:
        """All offers of every account."""
        return {account: one.listing() for account, one in self.fresh.items()}


@dataclass(frozen=True)
class Incremental:
    """
    A run that is ready to be computed.

    `counts` says by account and side of how many offers it will be; `reasons` why it is all of
    them, where it is.
    """

    asked: Asked
    parts: Partitions
    standing: Standing
    affected: Affected
    memory: Memory | None
    walks: Walks

    @property
    def counts(self) -> dict[str, dict[Side, int]]:
        return {
            account: {side: int(mask.sum()) for side, mask in sides.items()}
            for account, sides in self.affected.masks.items()
        }

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.affected.reasons

    def run(self) -> Iterator[PartOfRun]:
        """The offers, part by part, in the order of the snapshot."""
        rules = self.asked.rules
        executors = _Executors(
            Executor(rules, self.walks),
            Executor(without_stock(rules), self.walks),
            Executor(only_stock(rules), self.walks),
        )
        schemas = _schemas(executors.whole, self.asked)
        for block in self.parts:
            yield _part(self, executors, schemas, block)

    def remembered(
        self, listings: Mapping[str, Listing], blocked: Mapping[str, Mapping[Side, Mask]]
    ) -> Memory:
        """What to keep of this run, once its offers are there."""
        now = self.standing
        return Memory(
            now.keys,
            now.families,
            {
                account: AccountMemory(
                    account, stood(found), now.inputs[account], blocked[account],
                    listings[account], now.documents[account],
                )
                for account, found in now.footings.items()
            },
            self.asked.files,
        )  # fmt: skip


@dataclass(frozen=True)
class _Executors:
    """The rules whole, and each half of them; tables have learned for all three."""

    whole: Executor
    told: Executor
    stock: Executor


def incremental(memory: Memory | None, asked: Asked, walks: Walks | None = None) -> Incremental:
    """
    What must be computed for the offers of now, given a run that was remembered.

    The offers are those of a run over everything, row for row and byte for byte. What cannot be
    decided soundly is computed, and `reasons` says so.
    """
    walks = Walks() if walks is None else walks
    parts = partitions(asked.rules, asked.snapshot, asked.part_rows)
    now = standing(asked, _footings(asked, memory), walks)
    return Incremental(asked, parts, now, affected(memory, now), memory, walks)


def remembering(found: Incremental) -> tuple[dict[str, pl.DataFrame], Memory]:
    """All offers of a run, and what to keep of it, in memory."""
    parts = [part.listings() for part in found.run()]
    listings = {
        account: pl.concat([part[account] for part in parts]) for account in found.asked.wanted
    }
    blocked = {account: blocked_sides(frame) for account, frame in listings.items()}
    held = {account: FrameListing(frame) for account, frame in listings.items()}
    return listings, found.remembered(held, blocked)


def _footings(asked: Asked, memory: Memory | None) -> dict[str, dict[Side, Footing]]:
    """What each account stands on; from memory what cannot have changed."""
    tables = Tables()
    same = memory is not None and asked.files != "" and asked.files == memory.files
    found: dict[str, dict[Side, Footing]] = {}
    for account in asked.wanted:
        held = memory.accounts.get(account) if memory is not None and same else None
        own = footings(asked.rules, account, asked.as_of, tables, held is not None)
        if held is not None:
            own = {
                side: replace(
                    one, meaning=held.footings[side].meaning, places=held.footings[side].places
                )
                for side, one in own.items()
            }
        found[account] = own
    return found


def _schemas(executor: Executor, asked: Asked) -> dict[str, pl.DataFrame]:
    """The listing of no offers, by account."""
    nothing = executor.run(asked.source.rows(0, 0), asked.as_of, asked.live, asked.wanted)
    return {one.account.name: listing(one) for one in nothing}


def _part(
    found: Incremental, executors: _Executors, schemas: Mapping[str, pl.DataFrame], block: Block
) -> PartOfRun:
    here = slice(block.start, block.start + block.size)
    masks = {
        account: _worth({side: mask[here] for side, mask in sides.items()})
        for account, sides in found.affected.masks.items()
    }
    old = found.affected.old[here]
    made = _computed(found.asked, executors, block, masks)
    fresh_ = {
        account: _fresh(found, account, sides, old, made, schemas[account].schema)
        for account, sides in masks.items()
    }
    return PartOfRun(block.start, block.number, fresh_)


def _worth(sides: dict[Side, Mask]) -> dict[Side, Mask]:
    """Few offers of which one half is asked for are computed whole: that takes less than to read
    their other halves."""
    half = sides["told"] ^ sides["stock"]
    if int(half.sum()) * _FEW > len(half):
        return sides
    either = sides["told"] | sides["stock"]
    return {"told": either, "stock": either}


def _fresh(
    found: Incremental,
    account: str,
    sides: Mapping[Side, Mask],
    old: Places,
    made: Mapping[tuple[str, str], pl.DataFrame],
    schema: pl.Schema,
) -> Fresh:
    told, stock = sides["told"], sides["stock"]
    before = None
    if found.memory is not None and account in found.memory.accounts:
        before = found.memory.accounts[account].listing
    half = told ^ stock
    mixed = None
    if half.any():
        assert before is not None and (old[half] != NOWHERE).all()
        mixed = before.rows(old[half])
    pieces = Pieces(
        told, stock, made.get(("whole", account)), made.get(("told", account)),
        made.get(("stock", account)), mixed, schema,
    )  # fmt: skip
    return Fresh(told | stock, fresh(pieces), old, before)


def _computed(
    asked: Asked, executors: _Executors, block: Block, masks: Mapping[str, Mapping[Side, Mask]]
) -> dict[tuple[str, str], pl.DataFrame]:
    """What is computed of a block, by which half and account; accounts that ask for the same rows
    are computed together, for they share much."""
    tasks: dict[tuple[str, bytes], list[str]] = {}
    for account, sides in masks.items():
        told, stock = sides["told"], sides["stock"]
        for half, mask in (
            ("whole", told & stock),
            ("told", told & ~stock),
            ("stock", stock & ~told),
        ):
            if mask.any():
                tasks.setdefault((half, mask.tobytes()), []).append(account)
    made: dict[tuple[str, str], pl.DataFrame] = {}
    for (half, packed), accounts in tasks.items():
        executor: Executor = getattr(executors, half)
        skus = _skus(block, np.frombuffer(packed, dtype=bool))
        for one in executor.run(block.frame, asked.as_of, asked.live, accounts, skus):
            made[half, one.account.name] = listing(one)
    return made


def _skus(block: Block, mask: Mask) -> Sequence[str] | None:
    if mask.all():
        return block.skus
    return block.own["sku"].filter(pl.Series(mask)).to_list()
