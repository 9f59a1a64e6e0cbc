"""A change of the rules → what it does to every offer, why, and what the guards say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from offerwright.evaluate.partitions import PART_ROWS
from offerwright.review.attribution import CAUSES
from offerwright.review.blocks import aligned
from offerwright.review.documents import (
    DocumentChange,
    FileChange,
    changed_documents,
    changed_files,
)
from offerwright.review.four_eyes import Agreement
from offerwright.review.gaps import NO_GAPS, Gaps
from offerwright.review.pairs import columns
from offerwright.review.parts import Change, PartReview, landed_of, of_account, part_reviews
from offerwright.review.reach import Reached, Stock, reached
from offerwright.review.side import Difference, Side, differing
from offerwright.review.suspects import Compiled, Suspect, Suspected, suspects
from offerwright.review.verdicts import GuardResult, guard_results, run_verdicts


@dataclass(frozen=True)
class Asked:
    """What a review is asked for: the moment, with a zone, how to compile files, and threads."""

    as_of: datetime
    compiled: Compiled
    workers: int = 1
    rows: int = PART_ROWS
    """So many rows of the catalogue are computed at a time; what is found is the same."""


@dataclass(frozen=True)
class AccountReview:
    """
    One account that may differ.

    `changed` are the offers that do, `Pairs.frame`; the counts are of all its offers.
    """

    account: str
    why: frozenset[Difference]
    before: Stock
    after: Stock
    changed: pl.DataFrame


@dataclass(frozen=True)
class Review:
    """Everything that a change does. `untouched` accounts have the same offers on both sides."""

    base: Side
    head: Side
    as_of: datetime
    accounts: tuple[AccountReview, ...]
    untouched: Mapping[str, int]
    documents: tuple[DocumentChange, ...]
    files: tuple[FileChange, ...]
    causes: pl.DataFrame
    """`attribution.CAUSES`."""
    guards: tuple[GuardResult, ...]
    untold: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of the documents without which the head could not be evaluated."""
    approvals: tuple[Agreement, ...] = ()
    """The approvals of the head, and which of them do not count."""

    gaps: Gaps = NO_GAPS
    """What could not be read or computed."""

    @property
    def changed(self) -> pl.DataFrame:
        """All offers that differ, by account in the order of the snapshot."""
        nothing = pl.DataFrame(schema=dict.fromkeys(columns(), pl.Null))
        found = [one.changed for one in self.accounts if len(one.changed)]
        return pl.concat(found, how="vertical_relaxed") if found else nothing

    @property
    def blocks(self) -> bool:
        """Whether a guard stops the change, an error, or an approval that nobody else agreed to."""
        refused = any(one.refused for one in self.approvals)
        return refused or bool(self.gaps.findings) or any(one.blocks for one in self.guards)


def review(base: Side, head: Side, asked: Asked) -> Review:
    """
    Compare two states of a repository, offer by offer.

    Accounts that cannot differ are not evaluated. Of the others both sides are evaluated over the
    whole snapshot, and what differs once more to say how and why.
    """
    accounts = differing(base, head, asked.as_of)
    reach = reached(base, head, accounts, asked.as_of, asked.workers, asked.rows)
    documents = changed_documents(base.loadout, head.loadout)
    suspected = _suspects(base, head, reach, documents, asked)
    change = Change(base, head, asked.as_of, suspected, _alike(accounts, suspected))
    parts = tuple(part_reviews(change, reach.skus, asked.workers, asked.rows))
    return Review(
        base=base,
        head=head,
        as_of=asked.as_of,
        accounts=tuple(_account(name, why, reach, parts) for name, why in accounts.items()),
        untouched=_untouched(base, head, accounts),
        documents=documents,
        files=changed_files(
            base.loadout.repository.files, head.loadout.repository.files, documents
        ),
        causes=pl.concat([pl.DataFrame(schema=CAUSES), *(part.causes for part in parts)]),
        guards=_guards(head, reach, parts, asked),
        untold=frozenset((s.document.kind, s.document.name) for s in suspected if not s.without),
    )


def _suspects(
    base: Side, head: Side, reach: Reached, documents: Sequence[DocumentChange], asked: Asked
) -> tuple[Suspect, ...]:
    """The documents that may have moved what is reached; none where nothing is."""
    if not any(len(skus) for skus in reach.skus.values()):
        return ()
    return suspects(Suspected(base, head, documents, asked.compiled, asked.as_of))


def _alike(
    accounts: Mapping[str, frozenset[Difference]], suspected: Sequence[Suspect]
) -> frozenset[str]:
    """The accounts whose offers are written alike, at the base and without any document."""
    others = {
        name for one in suspected for name, why in one.reaches.items() if "payloads" in why
    }  # fmt: skip
    return frozenset(
        name for name, why in accounts.items() if not why & {"payloads", "account"}
    ) - frozenset(others)


def _account(
    name: str, why: frozenset[Difference], reach: Reached, parts: Sequence[PartReview]
) -> AccountReview:
    before, after = (counts.get(name, Stock()) for counts in (reach.before, reach.after))
    return AccountReview(name, why, before, after, of_account(parts, name))


def _untouched(base: Side, head: Side, accounts: Mapping[str, object]) -> dict[str, int]:
    """How many offers the accounts have that cannot differ."""
    size = len(aligned(base, head).skus)
    return {name: size for name in sorted(head.accounts) if name not in accounts}


def _guards(
    head: Side, reach: Reached, parts: Sequence[PartReview], asked: Asked
) -> tuple[GuardResult, ...]:
    names = sorted({part.account for part in parts})
    changed = {name: (of_account(parts, name), landed_of(parts, name)) for name in names}
    runs = run_verdicts(head, changed, reach.before, asked.as_of)
    return guard_results([part.judged for part in parts], runs)
