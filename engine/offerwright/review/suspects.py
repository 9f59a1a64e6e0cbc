"""
Which of several changed documents may have moved offers, and the head without each of them.

With one document alone the base is the head without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from offerwright.facts.manifest import schema_hash
from offerwright.loadout import Loadout
from offerwright.review.documents import DocumentChange
from offerwright.review.side import Difference, Side, Standings, differing_between, standings
from offerwright.source.repository import Repository

Compiled = Callable[[Repository], Loadout | None]
MOST = 24
"""Of more changed documents nobody is told apart: each is compiled and evaluated once more."""
TELLS_NOTHING = frozenset({"approvals", "lifecycle", "routing", "test"})
"""Kinds of documents that no offer is made of, nor its margin."""


@dataclass(frozen=True)
class Suspect:
    """
    One changed document, and the head without it; None where that cannot be computed.

    `reaches` are the accounts that may be others without it, and why; `alone` those on which the
    base is the head without it.
    """

    document: DocumentChange
    without: Side | None
    reaches: Mapping[str, frozenset[Difference]] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Suspected:
    """What may have moved offers: the sides, the documents they have apart, how to compile."""

    base: Side
    head: Side
    documents: Sequence[DocumentChange]
    compiled: Compiled
    as_of: datetime


def may_move(document: DocumentChange) -> bool:
    """Whether offers can be other ones because of it."""
    return document.kind not in TELLS_NOTHING and document.change != "moved"


def suspects(asked: Suspected) -> tuple[Suspect, ...]:
    """The changed documents that may move offers, each with the head without it."""
    known = [one for one in asked.documents if may_move(one)]
    if len(known) == 1:
        everywhere = {*asked.base.accounts, *asked.head.accounts}
        reaches = dict.fromkeys(everywhere, frozenset[Difference]())
        return (Suspect(known[0], asked.base, reaches, frozenset(everywhere)),)
    if len(known) > MOST:
        return tuple(Suspect(one, None) for one in known)
    both = standings(asked.base, asked.as_of), standings(asked.head, asked.as_of)
    return tuple(_suspect(asked, one, both) for one in known)


def _suspect(
    asked: Suspected, document: DocumentChange, both: tuple[Standings, Standings]
) -> Suspect:
    side = _without(asked, document)
    if side is None:
        return Suspect(document, None)
    base, head = both
    own = standings(side, asked.as_of)
    accounts = frozenset({*asked.base.accounts, *asked.head.accounts, *side.accounts})
    reaches = differing_between(own, head)
    if _shares(document, asked.documents):
        # Without a table that several documents read all of them are without it.
        mine = _accounts_of(document, asked)
        reaches = {name: why for name, why in reaches.items() if name in mine}
    return Suspect(document, side, reaches, accounts - frozenset(differing_between(own, base)))


def _shares(document: DocumentChange, changed: Sequence[DocumentChange]) -> bool:
    """Whether another changed document is made of one of its files."""
    own = {*document.before, *document.after}
    return any(own & {*one.before, *one.after} for one in changed if one is not document)


def _accounts_of(document: DocumentChange, asked: Suspected) -> set[str]:
    """The accounts that a document is for, at the base or at the head."""
    return {
        plan.account.name
        for side in (asked.base, asked.head)
        for plan in side.loadout.rules.plans
        if any((i.kind, i.name) == (document.kind, document.name) for i in plan.documents)
    }


def _without(asked: Suspected, document: DocumentChange) -> Side | None:
    base, head = asked.base, asked.head
    old, new = base.loadout.repository.files, head.loadout.repository.files
    files = document.undone(old, new)
    loadout = asked.compiled(Repository(head.loadout.repository.root, dict(sorted(files.items()))))
    if loadout is None:
        return None
    name = f"{head.name} without {document.title}"
    asked_schema = schema_hash(loadout.schema)
    for side in (head, base):
        # Its facts are those of one side, or of none: there are no rows of that kind.
        if schema_hash(side.loadout.schema) == asked_schema:
            return replace(side, name=name, commit="", loadout=loadout, live=head.live)
    return None
