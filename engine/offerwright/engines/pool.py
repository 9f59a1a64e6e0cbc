"""Parts in a pool of processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from offerwright.engines.job import Job, Tally
from offerwright.errors import OfferwrightError
from offerwright.evaluate.stopping import stopped

if TYPE_CHECKING:
    from offerwright.engines.worker import Worker

# What this process is as a worker; set once, when the process starts.
_OWN: list[Worker] = []


def run_in_pool(job: Job, parts: int, workers: int) -> Iterator[Tally]:
    """
    The tally of every part, in order.

    Processes are started anew, with one thread each for frames: threads that are inherited half
    way through their work would hang, and as many threads as processors in every process would
    wait for each other.

    Raises:
        OfferwrightError: a process ended by itself, or a part failed.
    """
    pool = ProcessPoolExecutor(
        min(workers, parts), multiprocessing.get_context("spawn"), _start, (job,)
    )
    try:
        yield from pool.map(_part, range(parts))
    except BrokenProcessPool as problem:
        raise OfferwrightError(
            "a worker process ended before its part was done; if the machine ran out of memory, "
            "use fewer --workers"
        ) from problem
    finally:
        stopped(pool)


def _start(job: Job) -> None:
    os.environ["POLARS_MAX_THREADS"] = "1"
    # Whoever presses Ctrl-C means the command: it ends its workers, part by part.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from offerwright.engines.worker import worker

    _OWN.append(worker(job))


def _end_with_parent() -> None:
    """Processes that are killed end no others: these would wait for more parts for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _part(number: int) -> Tally:
    try:
        return _OWN[0].part(number)
    except OSError as problem:
        raise OfferwrightError(f"part {number}: {problem}") from None
