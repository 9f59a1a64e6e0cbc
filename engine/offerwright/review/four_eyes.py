"""
Whether somebody else agreed to an approval than who changes the rules: the decision alone.

It finds mistakes and no fraud, for anybody may write any name on a commit. What enforces it is the
forge: code owners, protected branches, and signatures where the shop asks for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product

from offerwright.errors import Span
from offerwright.rules.document import Approval, ApprovalsDocument, ListsDocument
from offerwright.source.authors import Commit, Person
from offerwright.source.located import Loaded

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
UNKNOWN_AUTHOR = "two folders do not say who wrote what; compare commits"
NOT_COMMITTED = "it is not committed yet, so nobody else has agreed to it"
CUT = (
    "this clone is shallow, and does not say who changed the rules since the base; "
    "fetch all of it first: git fetch --unshallow, or fetch-depth: 0 in a workflow"
)
OTHER_LISTS = "a list that it reads is another one than when it was agreed to: "


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an approvals document; `key` as `key_of` gives it, wherever it stands."""

    document: str
    approval: Approval
    key: str
    span: Span


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    One approval of the head.

    `is_new`: the base has none that says the same. `commits` brought it in; `refused` is why it
    does not count at review, empty where it does.
    """

    entry: Entry
    is_new: bool
    commits: tuple[Commit, ...] = ()
    refused: str = ""


def key_of(approval: Approval, lists: Mapping[str, str]) -> str:
    """
    All that an approval says, with what the lists hold that it reads: two with one key let the
    same pass.

    Args:
        approval: the entry.
        lists: what each list holds, by its name, as `held_in` gives it.
    """
    written = json.dumps(approval.model_dump(mode="json")["select"])
    # A word that is no list's name but sounds like one asks for one more word, and no less.
    read = {name: lists[name] for name in sorted(set(_WORD.findall(written)) & lists.keys())}
    return said(approval) + (json.dumps(read) if read else "")


def said(approval: Approval) -> str:
    """The words of an approval alone."""
    return approval.model_dump_json(by_alias=True)


def held_in(document: ListsDocument) -> str:
    """What a list holds, in whatever order it is written."""
    if document.values is not None:
        return json.dumps(sorted(document.values))
    return document.model_dump_json(include={"map", "type", "rates", "file"})


def entries(
    documents: Iterable[Loaded[ApprovalsDocument]], lists: Mapping[str, str]
) -> Iterator[Entry]:
    """The entries of approvals documents, in their order; `lists` as in `key_of`."""
    for loaded in documents:
        for index, approval in enumerate(loaded.document.approves):
            span = loaded.located.at(("approves", index, "guard"))
            yield Entry(loaded.name, approval, key_of(approval, lists), span)


def origins(
    head: str, commits: Mapping[str, Commit], holds: Callable[[str], bool]
) -> tuple[Commit, ...] | None:
    """
    The commits that brought something into `head`, which holds it.

    From the head back through commits that hold it, to those of which no parent does. None where
    that leads out of the range: it was there before.
    """
    found: dict[str, Commit] = {}
    seen, open_ = {head}, [head]
    while open_:
        here = commits.get(open_.pop())
        if here is None:
            return None
        parents = [one for one in here.parents if holds(one)]
        if not parents:
            found[here.id] = here
        open_ += [one for one in parents if one not in seen]
        seen.update(parents)
    return tuple(found[one] for one in sorted(found))


def refusal(
    brought: Sequence[Commit], rules: Sequence[Commit], signers: Mapping[str, str | None] | None
) -> str:
    """
    Why an approval does not count; empty where one of the commits that brought it is by others.

    Args:
        brought: the commits that brought the approval in.
        rules: all commits of the range that touch rules.
        signers: by commit whom its signature names; None where the shop asks for none.
    """
    reasons = [_refused(one, rules, signers) for one in brought]
    return "" if "" in reasons else "; ".join(reasons)


def _refused(
    brought: Commit, rules: Sequence[Commit], signers: Mapping[str, str | None] | None
) -> str:
    if not brought.people:
        return f"commit {short(brought)} adds it, by {brought.author}, who is no person"
    for one in rules:
        for person, other in product(brought.named, one.named):
            # A robot's account may be somebody's in disguise: both must be robots to be nobody.
            if person.is_same(other) and not (person.is_program and other.is_program):
                return _by_the_same(brought, person, one, other)
    return "" if signers is None else _unsigned(brought, rules, signers)


def _by_the_same(brought: Commit, person: Person, rules: Commit, same: Person) -> str:
    if brought.id == rules.id:
        return f"commit {short(brought)} by {person} both adds it and changes rules"
    alike = "" if str(person) == str(same) else ", who is the same by name or e-mail"
    return (
        f"commit {short(brought)} by {person} adds it, and commit {short(rules)} by {same}"
        f"{alike} changes rules: somebody else must commit the approval"
    )


def _unsigned(brought: Commit, rules: Sequence[Commit], signers: Mapping[str, str | None]) -> str:
    """The first commit whose signature does not vouch for who wrote it."""
    for one in (brought, *rules):
        signer = signers.get(one.id)
        if signer is None:
            return f"commit {short(one)} by {one.author} is not signed by anybody known here"
        if not _vouches(signer, one):
            return f"commit {short(one)} by {one.author} is signed by {signer}"
    return ""


def _vouches(signer: str, commit: Commit) -> bool:
    """Whether a signature names the author or the committer, by e-mail."""
    name = signer.rpartition("<")[2].rstrip(">").strip().casefold()
    return name in (commit.author.email.casefold(), commit.committer.email.casefold())


def ended(approval: Approval, today: date) -> str:
    """That a new approval is over before it counts; empty where it is not."""
    expires = approval.expires
    last = expires.date() if isinstance(expires, datetime) else expires
    return f"it ended on {last}" if last < today else ""


def short(commit: Commit) -> str:
    """The commit as people write it."""
    return commit.id[:7]
