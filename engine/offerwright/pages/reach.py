"""A document → the accounts whose offers it has a say in."""

from __future__ import annotations

from offerwright.rules.plan import Account
from offerwright.sentences.telling import Linked
from offerwright.source.document import Document
from offerwright.source.located import Loaded

_OF_OFFERS = frozenset({"pricing", "fees", "inventory", "mapping"})


def reached_accounts(loaded: Loaded[Document], linked: Linked) -> tuple[Account, ...] | None:
    """
    The accounts that a document reaches, at any time; None where every account is meant, because
    documents of its kind are not written for some accounts only.
    """
    kind, name = loaded.document.kind, loaded.name
    accounts = [plan.account for plan in linked.rules.plans]
    if kind in _OF_OFFERS:
        return tuple(
            plan.account
            for plan in linked.rules.plans
            if any((d.kind, d.name, d.file) == (kind, name, loaded.file) for d in plan.documents)
        )
    if kind == "guards":
        return tuple(a for a in accounts if any(
            guard.document == name for guard in linked.guards.by_account.get(a.name, ())
        ))  # fmt: skip
    if kind == "approvals":
        return tuple(a for a in accounts if any(
            approval.document == name
            for guard in linked.guards.by_account.get(a.name, ())
            for approval in guard.approvals
        ))  # fmt: skip
    return None
