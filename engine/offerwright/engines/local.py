"""Parts on threads of this process."""

from __future__ import annotations

from collections.abc import Iterator

from offerwright.engines.job import Job, Tally
from offerwright.engines.worker import finished
from offerwright.evaluate.bulk import mapped
from offerwright.evaluate.partitions import Block, Partitions
from offerwright.evaluate.run import Executor


def run_here(job: Job, executor: Executor, parts: Partitions, workers: int) -> Iterator[Tally]:
    """The tally of every part, in order, by rules that are unpacked and a snapshot that is cut."""

    def work(own: Executor, block: Block) -> Tally:
        return finished(job, own, block)

    return mapped(executor, parts, work, workers)
