"""One worker: the rules unpacked once, then part after part computed, counted and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from offerwright.bundle.unpack import unpack
from offerwright.compare.offer_state import offer_state
from offerwright.compare.stable_hash import add_column, mixed
from offerwright.compare.state_file import write_state
from offerwright.engines.formats import encoded
from offerwright.engines.job import Job, Pool, PoolKey, Tally
from offerwright.evaluate.bulk import listed, run_block
from offerwright.evaluate.partitions import Block, Partitions, partitions
from offerwright.evaluate.run import Executor, Offers

_SECOND = np.uint64(0xD6E8FEB86659FD93)
"""Makes of one hash another that has nothing to do with it."""


@dataclass(frozen=True)
class Worker:
    """What a worker holds from part to part."""

    job: Job
    executor: Executor
    parts: Partitions

    def part(self, number: int) -> Tally:
        """Compute one part; its offers are in the job's folder when this returns."""
        return finished(self.job, self.executor, self.parts.block(number))


def worker(job: Job) -> Worker:
    """Unpack the rules and cut the snapshot, as every other worker does. Raises BundleRefused."""
    rules = unpack(job.rules, Path()).rules
    return Worker(job, Executor(rules), partitions(rules, job.snapshot, job.rows))


def finished(job: Job, executor: Executor, block: Block) -> Tally:
    """One part, computed, counted and written."""
    offers = run_block(executor, block, job.as_of, None, job.accounts)
    return kept(job, block.number, listed(offers), _pools(offers))


def kept(job: Job, number: int, frame: pl.DataFrame, pools: Mapping[PoolKey, Pool]) -> Tally:
    """The offers of one part, counted and written."""
    if job.output is not None:
        for place, own in enumerate(_by_account(frame, len(job.accounts))):
            text = encoded(own, job.output, has_header=number == place == 0)
            _write(job.piece(number, place), text)
    if job.states is not None:
        write_state(offer_state(frame), job.states / f"{number:06}")
    return _tally(job, frame, pools)


def _by_account(frame: pl.DataFrame, accounts: int) -> list[pl.DataFrame]:
    """The rows of every account: each has all SKUs of the part."""
    size = frame.height // accounts
    return [frame.slice(place * size, size) for place in range(accounts)]


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a part that is computed again writes the same."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def _tally(job: Job, frame: pl.DataFrame, pools: Mapping[PoolKey, Pool]) -> Tally:
    status = frame.group_by("account", "status").len()
    blocks = frame.filter(pl.col("blocked").list.len() > 0).select("account", "blocked")
    reasons = (
        blocks.explode("blocked").unnest("blocked").group_by("account", "aspect", "code").len()
    )
    return Tally(
        {(account, name): n for account, name, n in status.iter_rows()},
        {(account, aspect, code): n for account, aspect, code, n in reasons.iter_rows()},
        pools,
        _sums(job.accounts, frame) if job.has_digest else {},
    )


def _pools(offers: Sequence[Offers]) -> dict[PoolKey, Pool]:
    """How much could be sold twice, of every pool that is shared; of one said once."""
    found = {}
    for one in offers:
        # The allocation may have been made for another account, whose documents it numbers.
        allocation, inventory = one.allocation, one.plan.inventory
        if allocation is not None and inventory is not None:
            span = inventory.span
            above = allocation.oversell[allocation.is_known]
            name = one.plan.documents[inventory.document].name
            found[span.file, span.line, name] = Pool(int(above.sum()), int((above > 0).sum()))
    return found


def _sums(accounts: Sequence[str], frame: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """Of every account, two sums of the hashes of its offers: 128 bits that know no order."""
    hashes = np.zeros(frame.height, dtype=np.uint64)
    for column in frame:
        add_column(hashes, column)
    second = mixed(hashes ^ _SECOND)
    size = frame.height // len(accounts)
    return {
        name: (
            int(hashes[place * size : (place + 1) * size].sum(dtype=np.uint64)),
            int(second[place * size : (place + 1) * size].sum(dtype=np.uint64)),
        )
        for place, name in enumerate(accounts)
    }
