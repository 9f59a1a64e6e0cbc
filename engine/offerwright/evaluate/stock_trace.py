"""Why a quantity is what it is: the pool, and what changed the units on the way to one account."""

from __future__ import annotations

from dataclasses import dataclass

from offerwright.errors import Span
from offerwright.evaluate.run import Offers


@dataclass(frozen=True, slots=True)
class StockStep:
    """One thing that changed the units: `share`, `limits` (cap and buffer), `kits`, …"""

    step: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class StockTrace:
    """The stock of one offer; `pool` is None where it is not known."""

    pool: int | None
    steps: tuple[StockStep, ...]
    span: Span


def stock_trace(offers: Offers, row: int) -> StockTrace | None:
    """The stages that changed the units of one row; None where no inventory document counts."""
    allocation = offers.allocation
    if allocation is None:
        return None
    own = (e.span for e in allocation.plan.entries if e.account == offers.account.name)
    span = next(own, allocation.plan.span)
    if not allocation.is_known[row]:
        return StockTrace(None, (), span)
    pool = before = int(allocation.pool[row])
    steps = []
    for name, units in allocation.stages.get(offers.account.name, {}).items():
        after = int(units[row])
        if after != before:
            steps.append(StockStep(name, before, after))
        before = after
    return StockTrace(pool, tuple(steps), span)
