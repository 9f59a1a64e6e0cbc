"""Linked plans → what can be proved of their tables, each finding with a witness and its places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Span
from offerwright.expressions.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Equal,
    IsMissing,
    Test,
)
from offerwright.expressions.types import TEXT
from offerwright.rules.analysis.asked import Asked, tables_of
from offerwright.rules.analysis.days import of_moments, table_of_moments
from offerwright.rules.analysis.dead import opaque_rows, said_dead
from offerwright.rules.analysis.excused import excused
from offerwright.rules.analysis.gaps import ACCOUNT_WORDS, gaps
from offerwright.rules.analysis.grid import Grid, grid_of
from offerwright.rules.analysis.overlap import overlaps
from offerwright.rules.analysis.segments import Domain
from offerwright.rules.analysis.spare import spare
from offerwright.rules.analysis.ties import Behind, behind
from offerwright.rules.analysis.timeline import holes_in_time
from offerwright.rules.plan import Account, AccountPlan


@dataclass(frozen=True, slots=True)
class _Use:
    """A table and the plans that have it, each with what it asks of the table."""

    asked: Asked
    plans: tuple[tuple[AccountPlan, Asked], ...]

    @property
    def accounts(self) -> list[Account]:
        return [plan.account for plan, _ in self.plans]


def prove(
    plans: Sequence[AccountPlan],
    zone: ZoneInfo,
    places: Mapping[str, Span],
    broken: Collection[str],
) -> list[Diagnostic]:
    """
    Every finding about tables and windows.

    Args:
        places: by file, where a document's `valid` stands.
        broken: files with errors. Their tables may lack rows, so no gap is claimed of them.
    """
    computed = behind(plans[0]) if plans else {}
    found: list[Diagnostic] = []
    for use in _uses(plans):
        found += _of_table(use, computed, zone, broken)
    return [*found, *holes_in_time(plans, places, zone)]


def _uses(plans: Sequence[AccountPlan]) -> Iterator[_Use]:
    """Every table once, however many accounts have it."""
    found: dict[tuple[str, Span], list[tuple[AccountPlan, Asked]]] = defaultdict(list)
    for plan in plans:
        for asked in tables_of(plan):
            found[asked.table.label, asked.table.span].append((plan, asked))
    return (_Use(held[0][1], tuple(held)) for held in found.values())


def _of_table(
    use: _Use, computed: Behind, zone: ZoneInfo, broken: Collection[str]
) -> Iterator[Diagnostic]:
    table = use.asked.table
    grid = _grid(use, zone)
    has_own = any(word in use.asked.facts for word in ACCOUNT_WORDS)
    found = [
        *overlaps(grid, zone, computed),
        *said_dead(grid, use.asked.grid if has_own else None),
    ]
    files = {table.span.file, *(row.span.file for row in table.rows)}
    if use.asked.blocks is not None and not files & set(broken):
        found += _gaps(use, grid, computed, zone)
    if not any(d.severity == "error" for d in found):
        found += spare(grid, zone)
    return iter([*found, *_opaque(grid)])


def _grid(
    use: _Use, zone: ZoneInfo, spared: Sequence[Condition] = (), words: Collection[str] = ()
) -> Grid:
    """The grid of a table for its accounts; `words` of theirs count whether tested or not."""
    asked = use.asked
    tested = [w for w in ACCOUNT_WORDS if w in words or w in asked.facts]
    domains = {**asked.domains, **{word: _domain(word, use.accounts) for word in tested}}
    reach = AllOf((asked.reach, *_of_accounts(tested, use.accounts)))
    return grid_of(
        table_of_moments(asked.table, zone),
        domains,
        None if asked.when is None else table_of_moments(asked.when, zone),
        of_moments(reach, zone),
        [of_moments(condition, zone) for condition in spared],
    )


def _gaps(use: _Use, grid: Grid, computed: Behind, zone: ZoneInfo) -> list[Diagnostic]:
    """The gaps; where there are some, without those that do no harm."""
    blocks = use.asked.blocks or ""
    found = gaps(grid, zone, blocks, computed)
    if not found:
        return []
    by_account = {plan.account.name: excused(plan, asked) for plan, asked in use.plans}
    distinct = set(by_account.values())
    if distinct == {()}:
        return found
    if len(distinct) == 1:
        return gaps(_grid(use, zone, distinct.pop()), zone, blocks, computed)
    spared = [
        AllOf((_is("account", account), condition))
        for account, conditions in by_account.items()
        for condition in conditions
    ]
    return gaps(_grid(use, zone, spared, ("account",)), zone, blocks, computed)


def _domain(word: str, accounts: Sequence[Account]) -> Domain:
    """The values that a word has for these accounts."""
    values = dict.fromkeys(_value(word, account) for account in accounts)
    return Domain(words=tuple(v for v in values if v), is_nullable="" in values)


def _value(word: str, account: Account) -> str:
    """What a word of the account is for it; empty = missing."""
    return str(getattr(account, "name" if word == "account" else word))


def _of_accounts(words: Sequence[str], accounts: Sequence[Account]) -> Iterator[Condition]:
    """Of several of these words only what one of the accounts has together."""
    if len(words) > 1:
        own = dict.fromkeys(tuple(_value(word, a) for word in words) for a in accounts)
        yield AnyOf(
            tuple(AllOf(tuple(map(_is, words, values))) for values in own)
        )  # fmt: skip


def _is(word: str, value: str) -> Test:
    return Test(word, TEXT, (Equal(value),) if value else (IsMissing(),))


def _opaque(grid: Grid) -> Iterator[Diagnostic]:
    rows = opaque_rows(grid)
    if rows and grid.table.hit != "collect" and len(grid.table.rows) > 1:
        names = ", ".join(f"`{grid.table.rows[row].id}`" for row in rows[:3])
        more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        verb = "matches" if len(rows) == 1 else "match"
        yield Diagnostic(
            "OPAQUE_CONDITION",
            f"what {names}{more} {verb} is not analysed: `matches` and `has` are opaque",
            grid.table.rows[rows[0]].span,
            "lists and `starts_with` are analysed",
            "note",
        )
