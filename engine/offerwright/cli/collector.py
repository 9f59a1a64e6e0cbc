"""The garbage collector of a command, which makes a few hundred thousand objects that all stay."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 50_000
"""So many new objects before the collector looks at them; Python's own choice is 700."""


def collect_seldom() -> None:
    """
    Let modules and rules load without being walked again and again.

    Garbage in cycles waits for a few megabytes more. Frames and arrays are freed as ever: they lie
    in no cycles.
    """
    gc.set_threshold(OBJECTS, 20, 20)


def end_quickly() -> None:
    """Spare the collector its walks at the end: what is there goes with the process."""
    gc.freeze()


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Collect seldom, and as before when this ends: a caller may go on, as long as it likes."""
    before = gc.get_threshold()
    collect_seldom()
    atexit.register(end_quickly)
    try:
        yield
    finally:
        gc.set_threshold(*before)
