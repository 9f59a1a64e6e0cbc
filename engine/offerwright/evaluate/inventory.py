"""
What every account is told of every SKU's stock.

Whole numbers throughout. Under `partition`, and for kits and their components always, the published
quantities never use more than the pool; the oversell bound is what they sum to above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from offerwright.evaluate.columns import Array
from offerwright.evaluate.fill import Truth
from offerwright.evaluate.kits import shared_out
from offerwright.evaluate.match import Match, Walks
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.pool import PoolOf, any_of, faults, pool_of
from offerwright.evaluate.share_out import listed, oversell, share_out
from offerwright.evaluate.steady import without_flicker, without_raise
from offerwright.evaluate.velocity import buffers
from offerwright.rules.plan import InventoryPlan

Stages = Mapping[str, Array]
"""The units of one account, stage by stage, in the order of the stages."""
SeenBy = Callable[[str], Rows]
"""The rows as an account sees them: its own facts, its own live values."""


@dataclass(frozen=True)
class Allocation:
    """
    One inventory plan, evaluated.

    `published` by account: int64 units. `unknown` is where the pool is not known, by the code of
    the reason and the part that gives it; `refused` the same of single accounts. `oversell` is
    max(0, Σ published − pool). `stages` by account are how the quantity came about, where that was
    asked for; `safety` is the table of the safety stock as it matched.
    """

    plan: InventoryPlan
    pool: Array
    published: Mapping[str, Array]
    unknown: Mapping[tuple[str, str], Truth]
    refused: Mapping[str, Mapping[tuple[str, str], Truth]]
    oversell: Array
    stages: Mapping[str, Stages]
    safety: Match | None = None

    @property
    def is_known(self) -> Truth:
        """Where the pool is known."""
        return ~any_of(self.unknown.values(), len(self.pool))

    def part(self, at: Array) -> Allocation:
        """The rows at these positions."""
        safety = self.safety
        if safety is not None:
            safety = replace(safety, picked=safety.picked[at], states=safety.states[at])
        return replace(
            self,
            safety=safety,
            pool=self.pool[at],
            published={account: units[at] for account, units in self.published.items()},
            unknown={reason: mask[at] for reason, mask in self.unknown.items()},
            refused={
                account: {reason: mask[at] for reason, mask in found.items()}
                for account, found in self.refused.items()
            },
            oversell=self.oversell[at],
            stages={
                account: {name: units[at] for name, units in stages.items()}
                for account, stages in self.stages.items()
            },
        )


def allocate(
    plan: InventoryPlan, rows: Rows, seen_by: SeenBy, as_of: int, walks: Walks
) -> Allocation:
    """
    The pool and the published quantities of every SKU.

    Args:
        rows: the SKUs, with everything that shares a kit or a component with them.
        seen_by: the same SKUs as each account sees them.
        as_of: the moment, in microseconds.
    """
    pool = pool_of(plan, rows, as_of, walks)
    held_back, refused = buffers(plan, seen_by, rows)
    shares, limited = share_out(plan, pool.units, held_back)
    filled = _with_kits(plan, pool, limited, rows)
    stages: dict[str, Stages] = {}
    for number, entry in enumerate(plan.entries):
        if entry.account is None:
            continue
        own = seen_by(entry.account) if entry.orders_read or entry.zero_below else rows
        units = {"share": shares[number], "limits": limited[number], "kits": filled[number]}
        units["min_list"] = listed(entry, filled[number])
        units["raise_needs"] = without_raise(entry, units["min_list"], own, as_of)
        units["hysteresis"] = without_flicker(entry, units["raise_needs"], own)
        stages[entry.account] = units
        if entry.orders_read is not None:
            found = faults(own.get(entry.orders_read), "raise_needs")
            refused = {**refused, entry.account: {**refused.get(entry.account, {}), **found}}
    published = {account: units["hysteresis"] for account, units in stages.items()}
    above = oversell(list(published.values()), pool.units)
    return Allocation(
        plan, pool.units, published, pool.unknown, refused, above, stages, pool.safety
    )


def _with_kits(plan: InventoryPlan, pool: PoolOf, units: list[Array], rows: Rows) -> list[Array]:
    """The units with those of kits and components filled in turn; what nobody sells takes none."""
    if plan.kits is None or pool.parts is None:
        return units
    sold = [u if e.account else np.zeros_like(u) for e, u in zip(plan.entries, units, strict=True)]
    return shared_out(plan.kits, pool.parts, pool.units, sold, rows)
