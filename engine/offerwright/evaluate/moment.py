"""A plan at a moment: which documents are in force, and which of them an `override` replaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Protocol, TypeVar

from offerwright.rules.plan import PHASES, AccountPlan, Replaced, Step, merged


class _OfDocument(Protocol):
    """Anything that belongs to a document, by its number in the plan."""

    @property
    def document(self) -> int: ...


T = TypeVar("T", bound=_OfDocument)


def plan_at(plan: AccountPlan, as_of: int) -> AccountPlan:
    """
    The plan with only what counts at a moment (microseconds).

    An override replaces what documents with a wider `for` say: in every phase where it has steps,
    of all fees, or of the whole mapping. One that is for some offers only replaces it for these,
    which `evaluate.reach` does. Of several inventories the narrowest counts.
    """
    kept = _in_force(plan, as_of)
    mappings = kept(plan.mappings)
    inventories = [i for i in plan.inventories if plan.documents[i.document].is_in_force(as_of)]
    by_phase = [kept([s for s in plan.steps if s.phase == phase]) for phase in PHASES]
    steps = tuple(s for phase in by_phase for s in phase)
    return replace(
        plan,
        steps=steps,
        replaced=_replaced(plan, steps, as_of),
        fees=tuple(kept(plan.fees)),
        inventory=inventories[-1] if inventories else None,
        mapping=reduce(merged, mappings) if mappings else None,
    )


def _in_force(plan: AccountPlan, as_of: int) -> Callable[[Sequence[T]], list[T]]:
    """A filter: in their window, and not wider than the narrowest override among them."""

    def kept(items: Sequence[T]) -> list[T]:
        dated = [(plan.documents[i.document], i) for i in items]
        now = [(document, i) for document, i in dated if document.is_in_force(as_of)]
        least = max((d.width for d, _ in now if d.override and d.only is None), default=-2)
        return [i for d, i in now if d.width >= least]

    return kept


def _replaced(plan: AccountPlan, kept: Sequence[Step], as_of: int) -> tuple[Replaced, ...]:
    """The steps in force that are not kept, each with the narrowest document that overrides it."""
    staying = {id(step) for step in kept}
    return tuple(
        Replaced(step, _overriding(plan, step, kept))
        for step in plan.steps
        if id(step) not in staying and plan.documents[step.document].is_in_force(as_of)
    )


def _overriding(plan: AccountPlan, step: Step, kept: Sequence[Step]) -> int:
    documents = {s.document for s in kept if s.phase == step.phase}
    whole = [n for n in documents if plan.documents[n].override and plan.documents[n].only is None]
    return max(whole, key=lambda n: plan.documents[n].width)
