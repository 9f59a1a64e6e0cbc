"""Which offers each step and each fee is for: scopes as row masks, and what overrides take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate.columns import Array
from offerwright.evaluate.match import Walks, match
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.uniform import each, repeated
from offerwright.rules.plan import AccountPlan, Step

Truth: TypeAlias = NDArray[np.bool_]
FEES = "fee"
"""The group of the fee tables; steps are grouped by their phase."""


@dataclass(frozen=True)
class Removed:
    """The override of document `by` removes what document `document` says in a group."""

    group: str
    document: int
    by: int


@dataclass(frozen=True)
class Reach:
    """
    The offers that documents reach, by their number in the plan.

    Offers that the same documents are for share a state; `fits` says by document, of those that are
    for some offers, for which states it is. All other documents are for every offer.
    """

    states: Array
    fits: Mapping[int, Truth]
    removed: tuple[Removed, ...] = ()

    def of(self, group: str, document: int) -> Truth:
        """The offers that a document reaches with what it has in a phase, or with its fees."""
        fits = self.fits.get(document)
        for one in self.removed:
            if one.group == group and one.document == document:
                free = ~self.fits[one.by]
                fits = free if fits is None else fits & free
        if fits is None:
            return repeated(True, len(self.states), bool)
        return each(fits.take, self.states)

    def of_step(self, step: Step) -> Truth:
        return self.of(step.phase, step.document)

    def any_of(self, steps: Iterable[Step]) -> Truth:
        """The offers that one of these steps reaches."""
        reached = (self.of_step(step) for step in steps)
        return reduce(np.logical_or, reached, repeated(False, len(self.states), bool))

    def is_for(self, document: int, row: int) -> bool:
        """Whether a document is for one offer, whatever overrides say."""
        fits = self.fits.get(document)
        return fits is None or bool(fits[self.states[row]])

    def overriding(self, step: Step, row: int) -> int | None:
        """The document whose override removes a step from one offer, the narrowest of several."""
        found = [
            one.by
            for one in self.removed
            if (one.group, one.document) == (step.phase, step.document) and self.is_for(one.by, row)
        ]
        return found[-1] if found else None


def reach(plan: AccountPlan, rows: Rows, as_of: int, walks: Walks) -> Reach:
    """The reach of all documents of a plan that is that of a moment (`moment.plan_at`)."""
    if plan.scopes is None:
        return Reach(repeated(0, rows.size, np.int32), {})
    found = match(plan.scopes, rows, as_of, walks)
    matching = [set(found.rows_of(state)) for state in range(len(found.masks))]
    fits = {
        int(row.id): np.array([number in rows_ for rows_ in matching], dtype=bool)
        for number, row in enumerate(plan.scopes.rows)
    }
    removed = [
        one for group, numbers in _groups(plan).items() for one in _removed(plan, group, numbers)
    ]
    return Reach(found.states, fits, tuple(removed))


def _removed(plan: AccountPlan, group: str, numbers: Sequence[int]) -> Iterable[Removed]:
    """What overrides for some offers remove in one group; those for all are settled before."""
    documents = plan.documents
    for by in numbers:
        if documents[by].only is not None and documents[by].override:
            for document in numbers:
                if documents[document].width < documents[by].width:
                    yield Removed(group, document, by)


def _groups(plan: AccountPlan) -> dict[str, list[int]]:
    """By phase, and for the fees, the documents that have something there, wider first."""
    groups: dict[str, dict[int, None]] = {}
    for step in plan.steps:
        groups.setdefault(step.phase, {})[step.document] = None
    for fee in plan.fees:
        groups.setdefault(FEES, {})[fee.document] = None
    documents = plan.documents
    return {g: sorted(held, key=lambda n: documents[n].width) for g, held in groups.items()}
