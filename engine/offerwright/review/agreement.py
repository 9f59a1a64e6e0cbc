"""Two states of the rules → the approvals that are new, who brought them in, which do not count."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from offerwright.errors import Span
from offerwright.guards.plan import GuardPlan, GuardSet
from offerwright.loadout import Loadout
from offerwright.review.four_eyes import (
    CUT,
    NOT_COMMITTED,
    OTHER_LISTS,
    UNKNOWN_AUTHOR,
    Agreement,
    ended,
    entries,
    held_in,
    key_of,
    origins,
    refusal,
    said,
)
from offerwright.rules.document import Approval, ApprovalsDocument, ListsDocument
from offerwright.source.authors import Commit, Touched, commits_between, signer_of
from offerwright.source.document import Document
from offerwright.source.history import HEAD, blobs_at, bodies, commit_of, linked_files
from offerwright.source.load import is_test_file
from offerwright.source.located import Loaded
from offerwright.source.repository import MARKETPLACES, RULES, SHOP_FILE
from offerwright.source.yaml import read_yaml

Documents = Sequence[Loaded[Document]]
_YAML = (".yaml", ".yml")
_KIND = re.compile(rb"^kind: *([a-z]+) *\r?$", re.MULTILINE)
_OF_NO_OFFER = frozenset({"approvals", "lifecycle", "routing", "test"})
"""Kinds of documents that change neither an offer nor what guards say of it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """
    Where two states come from: commits of one repository; `head` is None for the working tree.

    `root` is the folder with `offerwright.yaml`.
    """

    root: Path
    base: str
    head: str | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a new approval must have: as the base asks it, for a change cannot let itself off."""

    today: date
    require_signed: bool


def agreements(
    base: Documents, head: Documents, compared: Compared | None, terms: Terms
) -> tuple[Agreement, ...]:
    """
    Every approval of the head, and whether it counts at review.

    An approval that the base has too was agreed to before, wherever it stands now. A new one must
    not be over, and be brought in by somebody who changes no rules between the two. `compared`
    is None for two folders, which say nothing of people.

    Raises:
        OfferwrightError: Git cannot be asked.
    """
    known = {one.key for one in entries(_approvals(base), _lists(base))}
    found = [
        Agreement(one, one.key not in known) for one in entries(_approvals(head), _lists(head))
    ]
    if not any(one.is_new for one in found):
        return tuple(found)
    history = None if compared is None else History(compared, terms.require_signed)
    return tuple(_settled(one, history, terms) if one.is_new else one for one in found)


def _settled(one: Agreement, history: History | None, terms: Terms) -> Agreement:
    if history is None:
        return replace(one, refused=UNKNOWN_AUTHOR)
    found = history.settled(one)
    if not found.is_new:
        return found
    reasons = (found.refused, ended(one.entry.approval, terms.today))
    return replace(found, refused="; ".join(reason for reason in reasons if reason))


def counted(loadout: Loadout, found: Sequence[Agreement]) -> Loadout:
    """The rules without the approvals that do not count: their guards object again."""
    refused = {(one.entry.document, one.entry.span) for one in found if one.refused}
    if not refused:
        return loadout
    by_account = {
        name: tuple(_without(plan, refused) for plan in plans)
        for name, plans in loadout.guards.by_account.items()
    }
    return replace(loadout, guards=GuardSet(by_account))


def _without(plan: GuardPlan, refused: Collection[tuple[str, Span]]) -> GuardPlan:
    kept = tuple(one for one in plan.approvals if (one.document, one.span) not in refused)
    return plan if len(kept) == len(plan.approvals) else replace(plan, approvals=kept)


def _approvals(documents: Documents) -> Iterator[Loaded[ApprovalsDocument]]:
    for one in documents:
        document = one.document
        if isinstance(document, ApprovalsDocument):
            yield Loaded(document, one.located)


def _lists(documents: Documents) -> dict[str, str]:
    """What each list holds, by its name."""
    lists = (one.document for one in documents)
    return {one.name: held_in(one) for one in lists if isinstance(one, ListsDocument)}


class History:
    """The commits of a range and the approvals that each of them holds, read as they are needed."""

    def __init__(self, compared: Compared, require_signed: bool) -> None:
        newest = commit_of(compared.root, compared.head or HEAD)
        self._root, self._newest = compared.root, newest
        self._commits = {c.id: c for c in commits_between(compared.root, compared.base, newest)}
        self._require_signed = require_signed
        self._read: dict[str, Written] = {}
        self._holdings: dict[str, frozenset[str]] = {}

    def settled(self, one: Agreement) -> Agreement:
        """A new approval with the commits that brought it in, and why it does not count."""
        key = one.entry.key
        if key not in self._held_by(self._newest):
            return replace(one, refused=NOT_COMMITTED)
        if any(commit.is_cut for commit in self._commits.values()):
            return replace(one, refused=CUT)
        brought = origins(self._newest, self._commits, lambda commit: key in self._held_by(commit))
        if brought is None:
            return replace(one, is_new=False)
        signers = self._signers(brought) if self._require_signed else None
        refused = refusal(brought, self._of_rules, signers)
        if refused and self._was_said(one, brought):
            refused = OTHER_LISTS + refused
        return replace(one, commits=brought, refused=refused)

    def _was_said(self, one: Agreement, brought: Sequence[Commit]) -> bool:
        """Whether it had the same words before, and other lists."""
        words = said(one.entry.approval)
        return any(words in self._said_by(parent) for c in brought for parent in c.parents)

    @cached_property
    def _of_rules(self) -> tuple[Commit, ...]:
        """The commits that touch anything an offer or a verdict is made of."""
        objects = {
            one for c in self._commits.values() for t in c.touched if self._counts(t.file)
            for one in (*t.before, t.after) if one is not None
        }  # fmt: skip
        self._learn(objects)
        return tuple(
            commit
            for commit in self._commits.values()
            if any(self._is_rule(touched) for touched in commit.touched)
        )

    def _is_rule(self, touched: Touched) -> bool:
        if not self._counts(touched.file):
            return False
        if touched.file == SHOP_FILE or touched.file.startswith(f"{MARKETPLACES}/"):
            return True
        objects = [*touched.before, *([touched.after] if touched.after else [])]
        is_table = not touched.file.lower().endswith(_YAML)
        return is_table or any(self._read[one].kind not in _OF_NO_OFFER for one in objects)

    def _counts(self, file: str) -> bool:
        """Whether a file is part of the configuration, be it by a link, and no test of it."""
        return is_configuration(file) or file in self._linked

    @cached_property
    def _linked(self) -> frozenset[str]:
        """The files elsewhere that links of the head lead to, as they are called there."""
        return frozenset(linked_files(self._root, self._newest))

    def _held_by(self, commit: str) -> frozenset[str]:
        """The keys of all approvals that a commit holds."""
        if commit not in self._holdings:
            files = self._written_by(commit)
            lists = dict(one.holds for one in files if one.holds is not None)
            keys = (key_of(approval, lists) for one in files for approval in one.approves)
            self._holdings[commit] = frozenset(keys)
        return self._holdings[commit]

    def _said_by(self, commit: str) -> set[str]:
        """The words of all approvals that a commit holds, whatever the lists hold."""
        return {said(one) for file in self._written_by(commit) for one in file.approves}

    def _written_by(self, commit: str) -> list[Written]:
        objects = [
            one for file, one in blobs_at(self._root, commit).items()
            if file.startswith(f"{RULES}/") and file.lower().endswith(_YAML)
            and not is_test_file(file)
        ]  # fmt: skip
        self._learn(objects)
        return [self._read[one] for one in objects]

    def _learn(self, objects: Collection[str]) -> None:
        found = bodies(self._root, set(objects) - self._read.keys())
        self._read |= {one: written(body) for one, body in found.items()}
        self._read |= {one: NOTHING for one in objects if one not in self._read}

    def _signers(self, brought: Sequence[Commit]) -> Mapping[str, str | None]:
        return {one.id: signer_of(self._root, one.id) for one in (*brought, *self._of_rules)}


@dataclass(frozen=True, slots=True)
class Written:
    """One file as a commit has it: the kind of its document; its approvals, or its list."""

    kind: str
    approves: tuple[Approval, ...] = ()
    holds: tuple[str, str] | None = None


NOTHING = Written("")


def written(body: bytes) -> Written:
    """What a file of rules says of itself; nothing where it cannot be read."""
    plain = _KIND.findall(body)
    if len(plain) == 1 and plain[0].decode() not in {*_OF_NO_OFFER, "lists"}:
        # Most files are rules, and large: one line says so. That a file is none must be read: the
        # line may be part of a text.
        return Written(plain[0].decode())
    located, _ = read_yaml(body, "rules/approvals.yaml")
    kind = located.data.get("kind") if located is not None else None
    if located is None or not isinstance(kind, str):
        return NOTHING
    try:
        if kind == "approvals":
            approvals = ApprovalsDocument.model_validate(located.data)
            return Written(kind, tuple(approvals.approves))
        if kind == "lists":
            one = ListsDocument.model_validate(located.data)
            return Written(kind, holds=(one.name, held_in(one)))
    except ValidationError:
        pass
    return Written(kind)


def is_configuration(file: str) -> bool:
    """Whether a file is part of the configuration, and no test of it."""
    if file == SHOP_FILE or file.startswith(f"{MARKETPLACES}/"):
        return True
    is_rule = file.startswith(f"{RULES}/") and file.lower().endswith((*_YAML, ".csv"))
    return is_rule and not is_test_file(file)
