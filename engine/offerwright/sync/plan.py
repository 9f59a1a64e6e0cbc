"""
Offers + guards + ledger → a plan: readable, hashed, applied at most once.

A plan is pure data. It says what to send and what is withheld and why; it holds no secret and no
clock but the `as_of` of the computation, so the same inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from offerwright.evaluate.match import Walks, holds
from offerwright.evaluate.run import Offers
from offerwright.guards.judge import Verdict, judge
from offerwright.guards.plan import GuardPlan
from offerwright.guards.send import approvals_by_row, encode
from offerwright.guards.whole import Moves, RunVerdict, judge_run
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.sync.delta import NO_DOUBT, Change, Delta, Doubt, delta
from offerwright.sync.told import Known, Told, live_frame, told


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan stands on."""

    commit: str
    rules: str
    snapshot: str
    as_of: str
    engine: str
    target: str
    """Whose listings it speaks of: the `marketplaces`, or the `sandbox`."""
    first_publication: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """One change with the account it is for, its guard inputs, and the price before and after."""

    account: str
    marketplace: str
    change: Change
    guard_inputs: str
    price_before: Decimal | None = None
    price_after: Decimal | None = None
    quantity_before: int | None = None
    quantity_after: int | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """One reason why an aspect of an offer is not in the plan."""

    account: str
    sku: str
    aspect: str
    code: str
    reason: str
    place: str = ""


@dataclass(frozen=True)
class AccountPart:
    """One account's part of a plan."""

    account: str
    changes: tuple[Planned, ...]
    withheld: tuple[Withheld, ...]
    warnings: tuple[Withheld, ...]
    run_verdicts: tuple[RunVerdict, ...]
    offers: int
    unchanged: int
    waiting: int


@dataclass(frozen=True)
class SyncPlan:
    """The whole plan; `lines` are its file, and `id` a hash of them, once it is sealed."""

    id: str
    basis: Basis
    parts: tuple[AccountPart, ...] = field(default=())
    lines: tuple[str, ...] = field(default=(), repr=False)

    def changes(self) -> Iterator[Planned]:
        for part in self.parts:
            yield from part.changes


def plan_account(
    offers: Offers,
    marketplace: Marketplace,
    guards: tuple[GuardPlan, ...],
    known: Known,
    as_of: int,
    walks: Walks,
    first_publication: bool,
    doubt: Doubt = NO_DOUBT,
) -> AccountPart:
    """What one account must be told now, and what is withheld."""
    verdicts = judge(offers, guards, live_frame(known), as_of, walks)
    said = told(offers, marketplace, known)
    changed = delta(said, known, doubt)
    position = {sku: row for row, sku in enumerate(offers.frame["sku"].to_list())}
    stopped = _stopped(verdicts, offers.rows.size)
    allowed = [c for c in changed.changes if not _is_stopped(c, position, stopped)]
    moves = _moves(allowed, offers, known, position)
    run_verdicts = judge_run(guards, moves, as_of, first_publication)
    held_aspects = {v.withholds for v in run_verdicts} - {""}
    kept = [c for c in allowed if not any(_is_held(c, aspect) for aspect in held_aspects)]
    inputs = _guard_inputs(verdicts, offers, as_of, walks)
    return AccountPart(
        account=offers.account.name,
        changes=tuple(_planned(kept, said, known, position, inputs)),
        withheld=(
            *_blocks(offers),
            *_objections(verdicts, changed, offers, position),
            *_run_objections(run_verdicts, allowed, offers.account.name),
            *_refusals(changed, offers.account.name),
        ),
        warnings=(
            *_warnings(verdicts, changed, offers, position),
            *_live_breaches(verdicts, changed, offers, known),
            *_spared(changed, offers.account.name),
        ),
        run_verdicts=run_verdicts,
        offers=offers.rows.size,
        unchanged=changed.unchanged,
        waiting=len(changed.waiting),
    )


def _stopped(verdicts: Sequence[Verdict], size: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    stopped = np.zeros(size, dtype=bool)
    for verdict in verdicts:
        stopped |= verdict.withholds
    return stopped


def _says_price(change: Change) -> bool:
    return "price" in change.covers and change.action != "end"


def _is_held(change: Change, aspect: str) -> bool:
    """Whether a guard on the run that withholds the aspect withholds this. An end has no price."""
    return _says_price(change) if aspect == "price" else aspect in change.covers


def _is_stopped(change: Change, position: Mapping[str, int], stopped: Any) -> bool:
    return _says_price(change) and bool(stopped[position[change.sku]])


def _paid(offers: Offers) -> list[Decimal | None]:
    frame = offers.frame.select(pl.coalesce("sale_price", "price").alias("paid"))
    return frame["paid"].to_list()


def _live_paid(known: Known, sku: str) -> Decimal | None:
    row = known.row(sku, "price")
    text = row.get("sale_price") or row.get("price")
    return None if text is None else Decimal(str(text))


def _moves(
    changes: Sequence[Change], offers: Offers, known: Known, position: Mapping[str, int]
) -> Moves:
    """Counts for the run-level guards."""
    paid, quantities = _paid(offers), offers.frame["quantity"].to_list()
    live_rows = [(aspect, sku, r) for (sku, aspect), r in known.rows.items() if sku in known.listed]
    confirmed = sum(aspect == "price" and r["price"] is not None for aspect, _, r in live_rows)
    stocked = {sku for aspect, sku, r in live_rows if aspect == "stock" and r["quantity"]}
    stocked |= {change.sku for change in changes if change.action == "end"}
    moved = zeroed = 0
    for change in changes:
        live = _live_paid(known, change.sku) if change.sku in known.listed else None
        if _says_price(change) and live is not None and paid[position[change.sku]] != live:
            moved += 1
        if change.sku in stocked and "stock" in change.covers:
            row = position.get(change.sku)
            zeroed += row is None or not quantities[row]
    return Moves(confirmed, moved, len(stocked), zeroed)


def _guard_inputs(
    verdicts: Sequence[Verdict], offers: Offers, as_of: int, walks: Walks
) -> list[str]:
    def selected(approval: Any) -> Any:
        chosen = holds(approval.select, offers.rows, as_of, walks)
        return chosen & np.full(len(chosen), as_of < approval.until)

    approvals = approvals_by_row(verdicts, selected)
    return encode(verdicts, offers.account.currency, approvals, offers.rows.size).to_list()


def _bare(offers: Offers) -> str:
    return f'{{"currency":"{offers.account.currency}","guards":[],"version":1}}'


def _planned(
    changes: Sequence[Change],
    said: Told,
    known: Known,
    position: Mapping[str, int],
    inputs: Sequence[str],
) -> Iterator[Planned]:
    """The changes with what they were before and will be after."""
    offers, bare = said.offers, _bare(said.offers)
    paid, quantities = _paid(offers), said.frame["quantity"].to_list()
    for change in changes:
        row = position.get(change.sku)
        priced, stocked = _says_price(change), "stock" in change.covers
        yield Planned(
            account=offers.account.name,
            marketplace=said.marketplace.name,
            change=change,
            guard_inputs=bare if row is None else inputs[row],
            price_before=_live_paid(known, change.sku) if priced else None,
            price_after=paid[row] if priced and row is not None else None,
            quantity_before=known.row(change.sku, "stock").get("quantity") if stocked else None,
            quantity_after=_quantity_after(change, quantities, row) if stocked else None,
        )


def _quantity_after(
    change: Change, quantities: Sequence[int | None], row: int | None
) -> int | None:
    """What the stock will be; a SKU that has no row is told nought, or is ended."""
    if row is not None:
        return quantities[row]
    return None if change.action == "end" else 0


def _blocks(offers: Offers) -> Iterator[Withheld]:
    """What the rules themselves withhold."""
    skus = offers.frame["sku"].to_list()
    documents = offers.plan.documents
    for block in offers.blocks:
        info = documents[block.document] if 0 <= block.document < len(documents) else None
        place = info.file if info is not None else ""
        where = f"{info.name}/{block.step}" if info is not None else block.step
        for row in np.flatnonzero(block.mask):
            yield Withheld(
                offers.account.name, skus[int(row)], block.aspect, block.code, where, place
            )


def _objections(
    verdicts: Sequence[Verdict], changed: Delta, offers: Offers, position: Mapping[str, int]
) -> Iterator[Withheld]:
    """What guards withhold, of the changes that would have been sent."""
    withholding = [(v, v.withholds) for v in verdicts if v.withholds.any()]
    for change in changed.changes:
        if not withholding or not _says_price(change):
            continue
        row = position[change.sku]
        for verdict, withheld in withholding:
            if withheld[row]:
                missing = bool(verdict.missing[row])
                code = "GUARD_INPUT_MISSING" if missing else verdict.guard.else_.upper()
                yield Withheld(
                    offers.account.name, change.sku, "price", code,
                    f"guard {verdict.guard.id}", str(verdict.guard.span),
                )  # fmt: skip


def _warnings(
    verdicts: Sequence[Verdict], changed: Delta, offers: Offers, position: Mapping[str, int]
) -> Iterator[Withheld]:
    warning = [v for v in verdicts if v.guard.else_ == "warn" and v.fails.any()]
    for change in changed.changes:
        if not warning or not _says_price(change):
            continue
        row = position[change.sku]
        for verdict in warning:
            if verdict.fails[row]:
                yield Withheld(
                    offers.account.name, change.sku, "price", "WARN",
                    f"guard {verdict.guard.id}", str(verdict.guard.span),
                )  # fmt: skip


def _refusals(changed: Delta, account: str) -> Iterator[Withheld]:
    for before in changed.refused:
        yield Withheld(
            account, before.sku, before.aspect, before.state.upper(), _words(before.problems)
        )


def _spared(changed: Delta, account: str) -> Iterator[Withheld]:
    for sku in changed.held:
        yield Withheld(account, sku, "content", "ROW_REFUSED", "not ended: its row was refused")


def _words(problems: Sequence[str]) -> str:
    return f"refused before: {'; '.join(problems[:2])}" if problems else "refused before"


def _live_breaches(
    verdicts: Sequence[Verdict], changed: Delta, offers: Offers, known: Known
) -> Iterator[Withheld]:
    """Live prices that stay as they are although a guard would not let them out today."""
    told_now = {c.sku for c in changed.changes if _says_price(c)}
    skus = offers.frame["sku"].to_list()
    for verdict in verdicts:
        for row in np.flatnonzero(verdict.withholds):
            sku = skus[int(row)]
            if sku in known.listed and sku not in told_now:
                yield Withheld(
                    offers.account.name, sku, "price", "LIVE_BREAKS_GUARD",
                    f"guard {verdict.guard.id}", str(verdict.guard.span),
                )  # fmt: skip


def _run_objections(
    verdicts: Sequence[RunVerdict], changes: Sequence[Change], account: str
) -> Iterator[Withheld]:
    for verdict in verdicts:
        if not verdict.withholds:
            continue
        guard = verdict.guard
        for change in changes:
            if _is_held(change, verdict.withholds):
                yield Withheld(
                    account, change.sku, verdict.withholds, guard.else_.upper(),
                    f"guard {guard.id}: {verdict.reason}", str(guard.span),
                )  # fmt: skip


__all__ = [
    "AccountPart",
    "Basis",
    "Planned",
    "SyncPlan",
    "Told",
    "Withheld",
    "plan_account",
]
