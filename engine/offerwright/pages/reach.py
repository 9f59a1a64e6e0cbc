"""A document → the accounts whose offers it has a say in, and who takes its place there."""

from __future__ import annotations

from dataclasses import dataclass

from offerwright.rules.plan import Account, AccountPlan, DocumentInfo
from offerwright.sentences.telling import Linked
from offerwright.source.document import Document
from offerwright.source.located import Loaded

_OF_OFFERS = frozenset({"pricing", "fees", "inventory", "mapping"})
# An `override` takes these whole; of a pricing document it takes the phases where it has steps.
_WHOLE = frozenset({"fees", "mapping"})


@dataclass(frozen=True, slots=True)
class Reached:
    """One account; `replaced_by` is the document that takes the whole one's place there."""

    account: Account
    replaced_by: DocumentInfo | None = None


def reached_accounts(loaded: Loaded[Document], linked: Linked) -> tuple[Reached, ...] | None:
    """
    The accounts that a document reaches, at any time; None where every account is meant, because
    documents of its kind are not written for some accounts only.
    """
    kind, name = loaded.document.kind, loaded.name
    if kind in _OF_OFFERS:
        found = [(plan, _info(plan, loaded)) for plan in linked.rules.plans]
        return tuple(
            Reached(plan.account, _replacing(plan, info))
            for plan, info in found
            if info is not None
        )
    if kind not in ("guards", "approvals"):
        return None
    return tuple(
        Reached(plan.account)
        for plan in linked.rules.plans
        if name in _watching(plan.account.name, kind, linked)
    )


def _info(plan: AccountPlan, loaded: Loaded[Document]) -> DocumentInfo | None:
    here = ((d.kind, d.name, d.file) for d in plan.documents)
    wanted = (loaded.document.kind, loaded.name, loaded.file)
    return next((d for d, key in zip(plan.documents, here, strict=True) if key == wanted), None)


def _replacing(plan: AccountPlan, info: DocumentInfo) -> DocumentInfo | None:
    """The narrowest override for all offers of the account; of several, the first by name."""
    if info.kind not in _WHOLE:
        return None
    others = [
        d
        for d in plan.documents
        if d.kind == info.kind and d.override and d.only is None and d.width > info.width
    ]
    return min(others, key=lambda d: (-d.width, d.name), default=None)


def _watching(account: str, kind: str, linked: Linked) -> set[str]:
    """The names of the guards or approvals documents that look at an account."""
    guards = linked.guards.by_account.get(account, ())
    if kind == "guards":
        return {guard.document for guard in guards}
    return {approval.document for guard in guards for approval in guard.approvals}
