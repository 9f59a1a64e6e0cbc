"""Parts of a snapshot → what is computed of each, in order, by a few threads in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from queue import SimpleQueue
from typing import TypeVar

import polars as pl

from offerwright.evaluate.listing import listing
from offerwright.evaluate.partitions import Block, Blocks, Partitions
from offerwright.evaluate.run import Executor, Offers
from offerwright.evaluate.stopping import stopped
from offerwright.profile import counted, is_recorded, staged

A = TypeVar("A")
T = TypeVar("T")
Live = Mapping[str, pl.DataFrame]


def mapped(
    executor: Executor,
    parts: Blocks,
    work: Callable[[Executor, Block], T],
    workers: int = 1,
) -> Generator[T, None, None]:
    """
    What `work` says of every part, in order; closed, it waits for what is being computed.

    At most `workers` parts are computed and one result waits at any time. Every worker has an
    executor of its own: what tables have learned is not shared, so that nobody waits for a lock.
    While time is recorded there is one worker, so that each stage is charged with its own.
    """
    if workers == 1 or is_recorded():
        yield from counted((work(executor, block) for block in parts), len(parts))
        return
    free: SimpleQueue[Executor] = SimpleQueue()
    for number in range(workers):
        free.put(executor if number == 0 else Executor(executor.rules))

    def one(number: int) -> T:
        own = free.get()
        try:
            return work(own, parts.block(number))
        finally:
            free.put(own)

    yield from counted(_in_order(range(len(parts)), one, workers), len(parts))


def in_turn(asked: Iterable[A], work: Callable[[A], T], workers: int = 1) -> Iterator[T]:
    """What `work` says of everything that is asked, in order, by some threads as in `mapped`."""
    if workers == 1 or is_recorded():
        return (work(one) for one in asked)
    return _in_order(asked, work, workers)


def _in_order(asked: Iterable[A], work: Callable[[A], T], workers: int) -> Iterator[T]:
    pool = ThreadPoolExecutor(workers, "part")
    try:
        yield from _waited(pool, asked, work, workers)
    finally:
        stopped(pool)


def _waited(
    pool: ThreadPoolExecutor, asked: Iterable[A], work: Callable[[A], T], workers: int
) -> Iterator[T]:
    waiting: deque[Future[T]] = deque()
    for one in asked:
        waiting.append(pool.submit(work, one))
        if len(waiting) > workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def run_block(
    executor: Executor,
    block: Block,
    as_of: datetime,
    live: Live | None = None,
    accounts: Sequence[str] | None = None,
) -> tuple[Offers, ...]:
    """The offers of the rows of one part, as `Executor.run` gives them of the whole snapshot."""
    return executor.run(block.frame, as_of, live, accounts, block.skus)


def listings(
    executor: Executor,
    parts: Partitions,
    as_of: datetime,
    live: Live | None = None,
    accounts: Sequence[str] | None = None,
    workers: int = 1,
) -> Iterator[pl.DataFrame]:
    """
    Offers as flat rows, one frame per part, in the order of the snapshot.

    A frame has the offers of the first account, then those of the next: `listing.listing` of each,
    under one schema that is the same for all parts. A column that an account does not have is null.

    Args:
        as_of: the moment of the computation, with a zone.
        live, accounts: as `Executor.run` takes them.
        workers: threads.
    """
    return mapped(
        executor,
        parts,
        lambda own, block: listed(run_block(own, block, as_of, live, accounts)),
        workers,
    )


@staged("listing")
def listed(offers: Sequence[Offers]) -> pl.DataFrame:
    """The offers of some accounts as one frame."""
    return pl.concat([listing(one) for one in offers], how="diagonal_relaxed")
