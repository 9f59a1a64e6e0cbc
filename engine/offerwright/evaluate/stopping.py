"""Workers that are at work → workers that have stopped, also when that is interrupted."""

from __future__ import annotations

from concurrent.futures import Executor


def stopped(pool: Executor) -> None:
    """
    Wait for what is being computed, and begin nothing more.

    An interrupt often comes twice: frames pass the one that they noticed on. The second must not
    leave workers behind that still write while what they wrote is removed; a part takes a moment.
    """
    while True:
        try:
            pool.shutdown(cancel_futures=True)
            return
        except KeyboardInterrupt:
            continue
