"""A length of time in words."""

from __future__ import annotations

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def told(seconds: int) -> str:
    """A length of time in the greatest units that say it: `26 hours`, `3 days`, rounded down."""
    unit, size = next(
        ((unit, size) for unit, size in _UNITS if seconds >= 2 * size or size == 1), _UNITS[-1]
    )
    number = seconds // size
    return f"{number} {unit}{'' if number == 1 else 's'}"
