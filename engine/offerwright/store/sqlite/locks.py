"""Kernel file locks: exclusive over all processes of a machine, freed by the holder's death."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAUSE_S = 0.01


def try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock on `path` until it is closed, or None if another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def file_lock(path: Path, wait_s: float) -> Iterator[bool]:
    """Hold the lock on `path` inside; yields False when it was not free within `wait_s`."""
    deadline = time.monotonic() + wait_s
    descriptor = try_lock(path)
    while descriptor is None and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
        descriptor = try_lock(path)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)
