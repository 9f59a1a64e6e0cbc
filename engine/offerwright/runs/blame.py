"""One value of one offer → the commit, the row of data or the moment that last changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from offerwright.errors import Span
from offerwright.evaluate.partitions import only
from offerwright.evaluate.run import Executor, Offers
from offerwright.facts.manifest import schema_hash
from offerwright.facts.schema import FactSchema
from offerwright.facts.snapshot import StoredSnapshot
from offerwright.loadout import Loadout
from offerwright.review.causes import Run, moved_by
from offerwright.review.documents import changed_documents
from offerwright.review.seen import seen
from offerwright.source.commits import LoggedCommit
from offerwright.source.reach import can_reach

PRICES = ("price", "sale_price", "tiers")
NOWHERE = Span("", 1, 1, 1, 1)
OF_FIELD = {"quantity": "inventory"}
"""The kind of document that says a value; prices have their own, all else is a mapping's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which value: a column of `evaluate.listing.listing`."""

    sku: str
    account: str
    field: str


@dataclass(frozen=True)
class State:
    """Rules, rows and a moment. `commit` is the one that the rules are of, or "" for none."""

    loadout: Loadout
    snapshot: StoredSnapshot
    as_of: datetime
    commit: str
    is_dirty: bool = False

    @cached_property
    def fits(self) -> bool:
        """Whether the snapshot has the facts that these rules read."""
        return self.snapshot.manifest.schema_sha256 == schema_hash(self.loadout.schema)

    def rows(self, sku: str) -> pl.DataFrame:
        """The row of a SKU and its kin; the SKU's first, none where it is not there."""
        (block,) = only(self.loadout.rules, self.snapshot.facts, [sku])
        return block.frame

    def offers(self, asked: Asked, rows: pl.DataFrame | None = None) -> Offers | None:
        """The offer; None where the SKU or the account is not there. Nothing counts as live."""
        rows = self.rows(asked.sku) if rows is None else rows
        names = [plan.account.name for plan in self.loadout.rules.plans]
        if asked.account not in names or asked.sku not in rows["sku"]:
            return None
        executor = Executor(self.loadout.rules)
        return executor.run(rows, self.as_of, {}, [asked.account], [asked.sku])[0]

    def value(self, asked: Asked, rows: pl.DataFrame | None = None) -> str | None:
        """The value as text; None where there is none."""
        offers = self.offers(asked, rows)
        if offers is None or asked.field not in offers.frame.columns:
            return None
        found = offers.frame[asked.field].cast(pl.String, strict=False)
        if offers.frame[asked.field].dtype.is_nested():
            found = pl.Series([str(one) for one in offers.frame[asked.field].to_list()])
        text = found.item()
        return None if text is None else str(text)


@dataclass(frozen=True, slots=True)
class ByCommit:
    """A commit changed it; `rule` is empty where only the document is known."""

    commit: LoggedCommit
    document: str
    rule: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ByFiles:
    """Files that no commit has changed it."""

    document: str
    rule: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ByData:
    """A cell of a source changed it, or may have: `alone` where it does so by itself."""

    source: str
    file: str
    column: str
    fact: str
    before: str | None
    after: str | None
    snapshot: str
    alone: bool


@dataclass(frozen=True, slots=True)
class ByClock:
    """Nothing was changed but the time: a window opened or closed between the two."""

    since: str
    until: str


Cause = ByCommit | ByFiles | ByData | ByClock


@dataclass(frozen=True)
class Blame:
    """
    What the value is, what it was before, and what changed it.

    `looked_back` is how many states were looked at; `is_complete` is False where the history that
    was looked at, or may be, does not reach back to a change. `stopped` is the commit whose rules
    read facts that this snapshot does not have, where it ends there.
    """

    value: str | None
    was: str | None
    causes: tuple[Cause, ...]
    looked_back: int
    is_complete: bool
    stopped: str = ""


@dataclass(frozen=True)
class Past:
    """Earlier states, the newest first; commits that changed rules, and their rules."""

    states: Iterable[State]
    commits: Callable[[str], tuple[LoggedCommit, ...]]
    at: Callable[[str], Loadout | None]
    """The rules of a commit, which may have no `documents`; None where they have errors."""
    whole: Callable[[str], Loadout | None]
    """The same with its documents."""
    files: Callable[[str], Mapping[str, bytes]]
    """The files of a commit."""
    root_commit: Callable[[LoggedCommit], bool]


def blame(now: State, asked: Asked, past: Past) -> Blame:
    """
    Walk back until the value differs, and say what the difference is.

    A value may have changed and changed back, so no step is left out; the states of runs come
    first, and between two of them every commit.
    """
    value, last, looked = now.value(asked), now, 1
    for state in past.states:
        if not state.fits:
            break
        looked += 1
        was = state.value(asked)
        if was != value:
            causes, more = _between(last, state, asked, past)
            return Blame(value, was, causes, looked + more, bool(causes))
        last = state
    found = _by_rules(last, asked, past)
    return replace(found, value=value, looked_back=looked + found.looked_back)


def _between(new: State, old: State, asked: Asked, past: Past) -> tuple[tuple[Cause, ...], int]:
    """What of rules, data and clock makes the difference; by itself, or only with the others."""
    value = new.value(asked)
    moved: list[Cause] = []
    looked = 3
    others = replace(new, loadout=old.loadout)
    if others.fits and others.value(asked) != value:
        found = _by_rules(new, asked, past)
        moved += found.causes
        looked += found.looked_back
    data = replace(new, snapshot=old.snapshot)
    if data.fits and data.snapshot.id != new.snapshot.id and data.value(asked) != value:
        moved += _cells(new, old, asked)
    clock = replace(new, as_of=old.as_of)
    if clock.as_of != new.as_of and clock.value(asked) != value:
        moved.append(ByClock(old.as_of.isoformat(), new.as_of.isoformat()))
    return tuple(moved), looked


def _by_rules(state: State, asked: Asked, past: Past) -> Blame:
    """The change of rules over the same rows."""
    value, last, looked = state.value(asked), state, 0
    commits = past.commits(state.commit) if state.commit else ()
    if commits and state.is_dirty:
        before = _at(state, commits[0], past.whole)
        looked += 1
        if before is not None and before.value(asked) != value:
            cause = ByFiles(*_rule(before, state, asked))
            return Blame(value, before.value(asked), (cause,), looked, True)
    for newer, older in pairwise(commits):
        looked += 1
        if not _can_change(newer, older, last, asked, past):
            continue
        before = _at(state, older, past.at)
        if before is None:
            continue  # a commit with errors told nobody anything; who repaired it is no cause
        if not _reads(before.loadout.schema, state.loadout.schema):
            return Blame(value, None, (), looked, False, older.id)
        same = before.loadout.digest == last.loadout.digest
        was = value if same else before.value(asked)
        if was != value:
            return Blame(value, was, (_named(newer, older, last, asked, past),), looked, True)
        last = before
    if commits and past.root_commit(commits[-1]):
        first = ByCommit(commits[-1], *_first(last, asked))
        return Blame(value, None, (first,), looked, True)
    return Blame(value, None, (), looked, False)


def _can_change(
    newer: LoggedCommit, older: LoggedCommit, last: State, asked: Asked, past: Past
) -> bool:
    """Whether what a commit touched can say anything of the account at all."""
    market = next(
        (
            plan.account.marketplace
            for plan in last.loadout.rules.plans
            if plan.account.name == asked.account
        ),
        "",
    )
    states = (past.files(newer.id), past.files(older.id))
    return can_reach(newer.files, states, (asked.account, market))


def _reads(older: FactSchema, newer: FactSchema) -> bool:
    """Whether a snapshot for newer rules has all facts of older ones, of the same cells."""
    facts = {name: replace(one, span=NOWHERE) for name, one in newer.facts.items()}
    return (older.scopes, older.time_zone, older.universe) == (
        newer.scopes, newer.time_zone, newer.universe,
    ) and all(
        facts.get(name) == replace(one, span=NOWHERE) for name, one in older.facts.items()
    )  # fmt: skip


def _named(
    newer: LoggedCommit, older: LoggedCommit, last: State, asked: Asked, past: Past
) -> ByCommit:
    """The commit that changed a value, with the line: that needs the documents of both sides."""
    before, after = _at(last, older, past.whole), _at(last, newer, past.whole) or last
    assert before is not None, "its rules had no errors a moment ago"
    return ByCommit(newer, *_rule(before, after, asked))


def _at(state: State, commit: LoggedCommit, rules: Callable[[str], Loadout | None]) -> State | None:
    loadout = rules(commit.id)
    if loadout is None:
        return None
    return replace(state, loadout=loadout, commit=commit.id, is_dirty=False)


def _rule(before: State, after: State, asked: Asked) -> tuple[str, str, str, int]:
    """Document, rule, file and line of what moved the value between two states."""
    old, new = before.offers(asked), after.offers(asked)
    if asked.field in PRICES and old is not None and new is not None:
        found = moved_by(_run(before, old), _run(after, new))
        if len(found):
            row = found.row(0, named=True)
            return f"{row['kind']} {row['document']}", row["rule"], row["file"], row["line"]
    kind = OF_FIELD.get(asked.field, "pricing" if asked.field in PRICES else "mapping")
    documents = changed_documents(before.loadout, after.loadout)
    likely = [one for one in documents if one.kind == kind] or list(documents)
    if not likely:
        return "", "", "", 1
    return likely[0].title, "", *likely[0].place


def _run(state: State, offers: Offers) -> Run:
    name = offers.account.name
    market = state.loadout.marketplaces[offers.account.marketplace]
    frame = seen(offers, state.loadout.guards.by_account[name], market, written=None)
    return Run(offers, frame, np.arange(len(frame), dtype=np.int64))


def _first(state: State, asked: Asked) -> tuple[str, str, str, int]:
    """The last step that made a price, where it was always made so."""
    offers = state.offers(asked)
    if offers is None or asked.field not in PRICES:
        return "", "", "", 1
    for ran in reversed(offers.ran):
        if bool(ran.active[0]):
            info, span = offers.plan.documents[ran.step.document], ran.step.span
            return f"{info.kind} {info.name}", ran.step.id, span.file, span.line
    return "", "", "", 1


def _cells(new: State, old: State, asked: Asked) -> Iterator[ByData]:
    """The cells of the SKU that differ; alone those that make the difference by themselves."""
    here, there = new.rows(asked.sku), old.rows(asked.sku)
    columns = [one for one in here.columns if one in there.columns and one != "sku"]
    mine, its = (_cells_of(rows, asked.sku) for rows in (here, there))
    changed = [one for one in columns if mine.get(one) != its.get(one)]
    value, found = new.value(asked), []
    for name in changed:
        rows = _with_cell(here, there, name, asked.sku)
        alone = rows is not None and new.value(asked, rows) != value
        found.append(_cell(new, name, (its.get(name), mine.get(name)), alone))
    yield from [one for one in found if one.alone] or found


def _cells_of(rows: pl.DataFrame, sku: str) -> dict[str, str | None]:
    mine = rows.filter(pl.col("sku") == sku)
    if not len(mine):
        return {}
    return {name: _text(mine[name].item()) for name in rows.columns}


def _text(value: object) -> str | None:
    if value is None:
        return None
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)


def _with_cell(here: pl.DataFrame, there: pl.DataFrame, name: str, sku: str) -> pl.DataFrame | None:
    """The rows of now with one cell of then; None where the SKU was not there, or of other type."""
    then = there.filter(pl.col("sku") == sku)[name]
    if not len(then) or then.dtype != here.schema[name]:
        return None
    old = pl.lit(pl.Series([then.item()], dtype=then.dtype)).first()
    return here.with_columns(pl.when(pl.col("sku") == sku).then(old).otherwise(name).alias(name))


def _cell(state: State, column: str, both: tuple[str | None, str | None], alone: bool) -> ByData:
    info = next((c for c in state.snapshot.manifest.columns if c.name == column), None)
    name = column if info is None else info.fact
    fact = state.loadout.schema.facts.get(name)
    source = state.snapshot.manifest.source(fact.source) if fact is not None else None
    return ByData(
        source=fact.source if fact else "", file=source.file if source else "",
        column=fact.column if fact else column, fact=column, before=both[0], after=both[1],
        snapshot=state.snapshot.id, alone=alone,
    )  # fmt: skip
