"""Quantity tiers for accounts whose marketplace has no place for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from offerwright.errors import Diagnostic
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.rules.plan import RuleSet, TiersStep


def untold_tiers(rules: RuleSet, marketplaces: Mapping[str, Marketplace]) -> Iterator[Diagnostic]:
    """A warning for every tiers step and marketplace: buyers there would never see the tiers."""
    for plan in rules.plans:
        marketplace = marketplaces[plan.account.marketplace]
        if any(payload.readback.tiers is not None for payload in marketplace.payloads.values()):
            continue
        for step in plan.steps:
            if isinstance(step, TiersStep):
                yield Diagnostic(
                    "TIERS_NOT_TOLD",
                    f"{marketplace.document.title} is told no tiers, so buyers of "
                    f"`{plan.account.name}` pay the price whatever they take",
                    step.span,
                    "give the document a `for` without this account",
                    severity="warning",
                )
