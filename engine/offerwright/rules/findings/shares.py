"""Inventory documents of one moment → accounts that together are promised more than there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from offerwright.errors import Diagnostic, Related, Span
from offerwright.rules.findings.moments import moments
from offerwright.rules.plan import AccountPlan, DocumentInfo, InventoryPlan


@dataclass(frozen=True)
class _Part:
    """What one account gets of the pool of its document."""

    account: str
    share: Decimal
    document: DocumentInfo
    inventory: InventoryPlan

    @property
    def span(self) -> Span:
        entry = next(e for e in self.inventory.entries if e.account == self.account)
        return entry.span


def shares_across(plans: Sequence[AccountPlan]) -> list[Diagnostic]:
    """
    Accounts whose stock several documents share out, over 100 % of one pool together.

    A sum within one document is its own finding. Two documents of other nodes share nothing.
    """
    inventories = [(p, i, p.documents[i.document]) for p in plans for i in p.inventories]
    found = []
    for moment in moments(document.window for _, _, document in inventories):
        parts = [part for plan in plans if (part := _in_force(plan, moment)) is not None]
        found += list(_too_much(parts))
    return list(dict.fromkeys(found))


def _in_force(plan: AccountPlan, moment: int) -> _Part | None:
    """What an account gets of the narrowest document in force."""
    for inventory in reversed(plan.inventories):
        document = plan.documents[inventory.document]
        if document.is_in_force(moment):
            return _part(plan.account.name, document, inventory)
    return None


def _part(account: str, document: DocumentInfo, inventory: InventoryPlan) -> _Part | None:
    if inventory.method != "partition":
        return None
    shares = [e.share for e in inventory.entries if e.account == account]
    return _Part(account, shares[0] or Decimal(0), document, inventory) if shares else None


def _too_much(parts: Sequence[_Part]) -> Iterator[Diagnostic]:
    named = {node for part in parts for node in part.inventory.nodes or ()}
    for node in sorted(named) or [""]:
        of_node = [p for p in parts if p.inventory.nodes is None or node in p.inventory.nodes]
        total = sum((p.share for p in of_node), Decimal(0))
        files = list(dict.fromkeys(p.document.file for p in of_node))
        if total <= 1 or len(files) < 2:
            continue
        listed = ", ".join(f"{p.account} {_percent(p.share)}" for p in of_node)
        last = max(of_node, key=lambda p: (p.document.width, p.document.file))
        related = tuple(
            Related(p.span, f"`{p.account}` by `{p.document.name}`")
            for p in of_node if p.document.file != last.document.file
        )  # fmt: skip
        yield Diagnostic(
            "SHARES_ABOVE_100",
            f"the shares of {len(files)} documents sum to {_percent(total)}: {listed}",
            last.span,
            "each account takes its share from the same stock: lower them to 100% at most",
            related=related,
        )
        return


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"
