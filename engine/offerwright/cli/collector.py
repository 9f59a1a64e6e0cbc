"""The garbage collector of a command, which makes a few hundred thousand objects that all stay."""

from __future__ import annotations

import gc

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
