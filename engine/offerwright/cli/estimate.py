"""How many requests a plan makes and how long they take, in words and as JSON."""

from __future__ import annotations

from typing import Any

from offerwright.cli.live import connector_document
from offerwright.cli.report import echo, number_of
from offerwright.connectors.estimate import Estimate, estimate, together
from offerwright.errors import OfferwrightError
from offerwright.loadout import Loadout
from offerwright.sync.plan import SyncPlan


def estimated(loadout: Loadout, made: SyncPlan) -> Estimate:
    """The requests of all accounts, which are sent to side by side."""
    markets = {plan.account.name: plan.account.marketplace for plan in loadout.rules.plans}
    found = []
    for part in made.parts:
        if part.size:
            try:
                document = connector_document(loadout, markets[part.account])
            except OfferwrightError:
                continue  # `apply` says what is wrong; a plan is of use without.
            found.append(estimate(document, part.counts))
    return together(found)


def estimate_record(found: Estimate) -> dict[str, Any]:
    """`estimate` in the schemas of plans."""
    return {"calls": found.calls, "seconds": found.seconds}


def show_estimate(found: Estimate) -> None:
    """One line; none where nothing is sent."""
    if found.calls:
        echo(
            f"About {number_of(found.calls, 'API call')}, {_span(found.seconds)} "
            f"at the rate limits of the marketplaces"
        )


def _span(seconds: int) -> str:
    if seconds < 1:
        return "less than a second"
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{-(-seconds // 60)} min"
    return f"{seconds // 3600} h {-(-(seconds % 3600) // 60)} min"
