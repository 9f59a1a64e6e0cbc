"""Which offers each step and each fee is for: scopes as row masks, and what overrides take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate.match import Walks, holds
from offerwright.evaluate.operations import Rows
from offerwright.rules.plan import AccountPlan, Step

Truth: TypeAlias = NDArray[np.bool_]
FEES = "fee"
"""The group of the fee tables; steps are grouped by their phase."""


@dataclass(frozen=True)
class Removed:
    """Where the override of document `by` removes what document `document` says in a group."""

    group: str
    document: int
    by: int
    mask: Truth


@dataclass(frozen=True)
class Reach:
    """
    The offers that documents reach, by their number in the plan.

    `only` holds the documents that are for some offers; all others are for every offer.
    """

    everywhere: Truth
    only: Mapping[int, Truth] = field(default_factory=dict)
    removed: tuple[Removed, ...] = ()

    def of(self, group: str, document: int) -> Truth:
        """The offers that a document reaches with what it has in a phase, or with its fees."""
        mask = self.only.get(document, self.everywhere)
        for one in self.removed:
            if one.group == group and one.document == document:
                mask = mask & ~one.mask
        return mask

    def of_step(self, step: Step) -> Truth:
        return self.of(step.phase, step.document)

    def any_of(self, steps: Iterable[Step]) -> Truth:
        """The offers that one of these steps reaches."""
        found = ~self.everywhere
        for step in steps:
            found = found | self.of_step(step)
        return found

    def overriding(self, step: Step, row: int) -> int | None:
        """The document whose override removes a step from one offer, the narrowest of several."""
        found = [
            one.by
            for one in self.removed
            if (one.group, one.document) == (step.phase, step.document) and one.mask[row]
        ]
        return found[-1] if found else None


def reach(plan: AccountPlan, rows: Rows, as_of: int, walks: Walks) -> Reach:
    """The reach of all documents of a plan that is that of a moment (`moment.plan_at`)."""
    everywhere = np.ones(rows.size, dtype=bool)
    groups = _groups(plan)
    used = sorted({number for numbers in groups.values() for number in numbers})
    only = {
        number: holds(plan.documents[number].only, rows, as_of, walks)
        for number in used
        if plan.documents[number].only is not None
    }
    removed = [
        Removed(group, document, by, only[by])
        for group, numbers in groups.items()
        for by in numbers
        if by in only and plan.documents[by].override
        for document in numbers
        if plan.documents[document].width < plan.documents[by].width
    ]
    return Reach(everywhere, only, tuple(removed))


def _groups(plan: AccountPlan) -> dict[str, list[int]]:
    """By phase, and for the fees, the documents that have something there, wider first."""
    groups: dict[str, dict[int, None]] = {}
    for step in plan.steps:
        groups.setdefault(step.phase, {})[step.document] = None
    for fee in plan.fees:
        groups.setdefault(FEES, {})[fee.document] = None
    width: Any = [d.width for d in plan.documents]
    return {group: sorted(held, key=lambda n: width[n]) for group, held in groups.items()}
