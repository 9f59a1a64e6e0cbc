"""A product that is tried out: what a suggested case would give, and what the rules make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from offerwright.source.located import Loaded, Located
from offerwright.testing.document import Case, Expect, Live, RuleTestDocument
from offerwright.testing.given import Cells, Product
from offerwright.testing.link import Bench, CasePlan
from offerwright.testing.run import Outcome, run_cases

NAME = "suggested"


@dataclass(frozen=True)
class Trial:
    """A product on an account at a moment."""

    product: Product
    account: str
    as_of: datetime
    live: Live | None = None

    def giving(self, facts: Mapping[str, Cells | None]) -> Trial:
        """With these facts; None takes one away."""
        kept = {name: cell for name, cell in self.product.facts.items() if name not in facts}
        new = {name: cell for name, cell in facts.items() if cell is not None}
        return replace(self, product=replace(self.product, facts={**kept, **new}))


def trial_of(outcome: Outcome) -> Trial:
    """What a case that has run gives."""
    plan = outcome.plan
    return Trial(plan.product, plan.account, plan.as_of, plan.live)


def tried(trials: Sequence[Trial], bench: Bench) -> tuple[Outcome, ...]:
    """What the product computes for these, in their order."""
    return run_cases([_plan(trial, number) for number, trial in enumerate(trials)], bench)


def _plan(trial: Trial, number: int) -> CasePlan:
    case = Case.model_construct(
        name=NAME, given={}, account=[trial.account], live=trial.live, expect=Expect(), skip=None
    )
    document = RuleTestDocument.model_construct(kind="test", name=NAME, cases=[case])
    loaded = Loaded(document, Located(f"{NAME}-{number}", {}, {}, {}))
    return CasePlan(loaded, 0, trial.account, (trial.account,), trial.product, trial.as_of)
