"""When something counts: from a moment on, before another; microseconds since 1970 (UTC)."""

from __future__ import annotations

Window = tuple[int | None, int | None]
ALWAYS_VALID: Window = (None, None)


def is_never(window: Window) -> bool:
    """Whether a window holds no moment."""
    return window[0] is not None and window[1] is not None and window[0] >= window[1]
