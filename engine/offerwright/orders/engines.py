"""Which engine matches lines and nodes: durable-rules where it is installed, else the twin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from offerwright.errors import OfferwrightError
from offerwright.orders.durable_rules import DurableLimit
from offerwright.orders.question import Filter, Matcher
from offerwright.orders.twin import Twin

NOT_INSTALLED = (
    "note: durable-rules is not installed, so the matching of routing runs in plain Python; "
    "the decisions are the same"
)


def matcher_of(engine: str) -> tuple[Callable[[Sequence[Filter]], Matcher], str]:
    """
    The engine that a name stands for, and what must be said about it.

    Args:
        engine: `durable`, `twin`, or `auto`: durable-rules where it loads and can hold the
            filters, else the twin.

    Raises:
        OfferwrightError: `durable` was asked for and cannot be loaded.
    """
    if engine == "twin":
        return Twin, ""
    try:
        from offerwright.orders.durable import Durable
    except ImportError as problem:
        if engine == "auto":
            return Twin, NOT_INSTALLED
        raise OfferwrightError(
            f"durable-rules cannot be loaded ({problem}). Install `offerwright[durable]` with "
            "Python 3.11 or 3.12, or use --engine twin."
        ) from problem
    if engine == "durable":
        return Durable, ""

    def durable_or_twin(filters: Sequence[Filter]) -> Matcher:
        try:
            return Durable(filters)
        except DurableLimit:
            return Twin(filters)

    return durable_or_twin, ""
