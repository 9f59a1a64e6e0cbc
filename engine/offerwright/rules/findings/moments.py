"""Windows of documents → one moment of every stretch in which the same documents are in force."""

from __future__ import annotations

from collections.abc import Iterable

from offerwright.rules.rows import Window


def moments(windows: Iterable[Window]) -> list[int]:
    """Moments in microseconds, in order: before the first edge, and each edge itself."""
    edges = sorted({edge for window in windows for edge in window if edge is not None})
    return [edges[0] - 1, *edges] if edges else [0]
