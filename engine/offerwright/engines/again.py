"""Parts of a run that follows one that was remembered: computed where needed, written, kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from offerwright.engines.job import Job, Pool, PoolKey, Tally
from offerwright.engines.worker import kept
from offerwright.evaluate.moment import plan_at
from offerwright.expressions.parse import microseconds
from offerwright.incremental.memory_file import MemoryWriter
from offerwright.incremental.run import Incremental
from offerwright.profile import counted
from offerwright.rules.plan import RuleSet


def run_again(job: Job, found: Incremental, memory: MemoryWriter | None) -> Iterator[Tally]:
    """
    The tally of every part, in order; when all are there the run is what the next one knows, if
    there is a memory to keep it in. Raises `StateRefused` where what is remembered is damaged.
    """
    for part in counted(found.run(), len(found.parts)):
        if memory is not None:
            memory.add(part)
        listings = part.listings()
        frame = pl.concat([listings[name] for name in job.accounts], how="diagonal_relaxed")
        yield kept(job, part.number, frame, _pools(found.asked.rules, job, listings))
    if memory is not None:
        memory.finish()


def _pools(rules: RuleSet, job: Job, listings: Mapping[str, pl.DataFrame]) -> dict[PoolKey, Pool]:
    """What could be sold twice, of every pool; all accounts of a pool say the same of it."""
    found: dict[PoolKey, Pool] = {}
    for account in job.accounts:
        plan = plan_at(rules.plan(account), microseconds(job.as_of))
        if plan.inventory is not None:
            span, name = plan.inventory.span, plan.documents[plan.inventory.document].name
            above = listings[account]["oversell"].fill_null(0).to_numpy()
            found[span.file, span.line, name] = Pool(int(above.sum()), int((above > 0).sum()))
    return found
