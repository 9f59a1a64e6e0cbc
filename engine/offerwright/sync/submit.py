"""A plan file → the outbox → the marketplaces, with guards on the final bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from offerwright.errors import StalePlan
from offerwright.expressions.parse import microseconds
from offerwright.guards.plan import PRICE_DAYS_KEPT, GuardPlan
from offerwright.guards.send import Sending, refusals
from offerwright.guards.sources import judge_sources, read, stops_of
from offerwright.guards.stops import Stop
from offerwright.guards.whole import judge_run
from offerwright.guards.windows import Day, first_day
from offerwright.marketplaces.contract import validate
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.marketplaces.operation import Operation, Values
from offerwright.marketplaces.readback import ReadbackFailed, read_back
from offerwright.profile import staged
from offerwright.store.protocol import LEDGER_COLUMNS, Enqueued, Store
from offerwright.sync.known import live_paid
from offerwright.sync.look import Look, look, said_by
from offerwright.sync.plan_file import PlanFile
from offerwright.sync.planned import PlannedOperation


@dataclass(frozen=True)
class Submitted:
    """
    What became of a plan's operations before anything is sent.

    The bodies of operations that are left out are left out too: a plan may be larger than memory.
    """

    enqueued: Enqueued
    moved: tuple[PlannedOperation, ...]
    """Operations left out because the ledger has moved since the plan was made."""
    refused: tuple[tuple[PlannedOperation, str], ...]
    """Operations whose bytes cannot be read back, or that a guard on the whole batch refuses."""


@staged("queueing")
def submit(
    plan: PlanFile,
    store: Store,
    marketplaces: Mapping[str, Marketplace],
    currencies: Mapping[str, str],
    guards: Mapping[str, Sequence[GuardPlan]],
    *,
    now: float,
) -> Submitted:
    """
    Put a plan's operations into the outbox, in one transaction, in place of what is queued there.

    An operation whose offer has moved in the ledger since the plan is left out; the others go on.
    Guards on the whole run are judged once more, on what the bytes of the batch say. The file is
    gone through twice: to look at all operations, and to queue those that may go.

    Args:
        plan: the opened plan.
        store: the ledger and the outbox; the caller leads.
        marketplaces: by name.
        currencies: of the accounts that can send, by their names; other accounts are left alone.
        guards: of these accounts.
        now: Unix seconds.

    Raises:
        StalePlan: the plan has operations, was never applied, and every one of them has moved.
        PlanRefused: the file is no more what was opened; nothing is queued.
    """
    applied_as = _applied_as(plan, currencies)
    if store.is_applied(plan.id) or store.is_applied(applied_as):
        return Submitted(Enqueued(already_applied=True), (), ())
    if plan.operations and not any(plan.counts.get(name) for name in currencies):
        return Submitted(Enqueued(), (), ())
    seen = look(plan.operations, store, marketplaces, currencies, guards)
    if seen.moved and not seen.stands:
        raise StalePlan(
            "every offer of this plan has moved in the ledger since it was made; plan again"
        )
    withheld = {
        name: _withheld(guards[name], seen, name, plan, now) for name in seen.moves
    }  # fmt: skip
    stops = {name: _stops(guards[name], plan, now) for name in seen.moves}
    refused = list(seen.refused)

    def allowed() -> Iterator[Operation]:
        looked = zip(plan.operations, seen.ready, seen.takes, strict=True)
        for planned, is_ready, takes in looked:
            if not is_ready:
                continue
            account = planned.account
            reason = _reason(planned, withheld[account])
            reason = reason or _stopped(planned, bool(takes), stops[account])
            if reason is not None:
                refused.append((planned.without_bytes(), reason))
            else:
                yield _operation(planned, marketplaces, currencies, plan.id)

    # Where the ledger has moved, a later plan may have queued; that is not this one's to empty.
    later = {o.account for o in seen.moved}
    replacing = [name for name in plan.accounts if name in currencies and name not in later]
    enqueued = store.enqueue(allowed(), applied_as, now=now, replacing=replacing)
    return Submitted(enqueued, tuple(seen.moved), tuple(refused))


def _applied_as(plan: PlanFile, able: Mapping[str, str]) -> str:
    """The plan's id; with the accounts that can send beside it while others cannot."""
    wanted = {name for name, operations in plan.counts.items() if operations}
    if wanted <= able.keys():
        return plan.id
    return f"{plan.id} {' '.join(sorted(wanted & able.keys()))}"


def _withheld(
    guards: Sequence[GuardPlan], seen: Look, account: str, plan: PlanFile, now: float
) -> dict[str, str]:
    """By aspect, why guards on the whole run refuse this account's batch."""
    moment = microseconds(datetime.fromtimestamp(now, UTC))
    first = bool(plan.head["first_publication"])
    found: dict[str, list[str]] = {}
    for v in judge_run(guards, seen.moves[account], moment, first):
        # A rollback moves what the accident has moved, to values that were confirmed before.
        if v.withholds and not (plan.head.get("returns_to") and v.guard.check == "share_moved"):
            words = f"guard {v.guard.id} ({v.guard.check}): {v.reason}"
            found.setdefault(v.withholds, []).append(words)
    return {aspect: "; ".join(words) for aspect, words in found.items()}


def _stops(guards: Sequence[GuardPlan], plan: PlanFile, now: float) -> tuple[Stop, ...]:
    """What the sources of the plan stop by now: it may have lain for a day."""
    sources = read(plan.head.get("sources", {}), int(now))
    moment = microseconds(datetime.fromtimestamp(now, UTC))
    return stops_of(judge_sources(guards, sources, moment))


def _stopped(planned: PlannedOperation, takes: bool, stops: Sequence[Stop]) -> str | None:
    """Why an operation is stopped; `takes`: stock goes down or a listing ends."""
    if takes:
        stops = [one for one in stops if not one.less_goes]
    met = (one.reason for one in stops if not planned.covers.keys().isdisjoint(one.aspects))
    return "; ".join(met) or None


def _reason(planned: PlannedOperation, withheld: Mapping[str, str]) -> str | None:
    # An end says no price, and of content only ends are withheld.
    aspects = {*planned.covers, "content"} - {"price" if planned.action == "end" else "content"}
    return "; ".join(withheld[one] for one in sorted(aspects) if one in withheld) or None


def _operation(
    planned: PlannedOperation,
    marketplaces: Mapping[str, Marketplace],
    currencies: Mapping[str, str],
    plan_id: str,
) -> Operation:
    said = said_by(planned, marketplaces[planned.marketplace], currencies[planned.account])
    assert isinstance(said, Values), "it could be read a moment ago"
    return Operation(
        account=planned.account,
        marketplace=planned.marketplace,
        sku=planned.sku,
        aspect=planned.aspect,
        action=planned.action,
        generation=max(planned.base.values(), default=0) + 1,
        payload=planned.payload,
        parts=planned.parts,
        covers=planned.covers,
        values=said,
        guard_inputs=planned.guard_inputs,
        plan_id=plan_id,
    )


def guard_of(
    marketplace: Marketplace,
    currency: str,
    store: Store,
    now: Callable[[], int],
) -> Callable[[Sequence[Operation]], Sequence[str | None]]:
    """
    The last look: contract, read-back and guards on the final bytes of a batch.

    `now` gives microseconds, for the expiry of approvals.
    """

    def guard(operations: Sequence[Operation]) -> Sequence[str | None]:
        said = [_from_bytes(o, marketplace, currency) for o in operations]
        account = operations[0].account if operations else ""
        moment, skus = now(), {o.sku for o in operations}
        live, days = _live(store, account, skus), _days(store, account, skus, moment)
        sending = [
            Sending(
                o.guard_inputs,
                values if isinstance(values, Values) else Values(),
                *live[o.sku],
                tuple(days.get(o.sku, ())),
            )
            for o, values in zip(operations, said, strict=True)
        ]
        judged = refusals(sending, moment)
        return [
            judgement if isinstance(values, Values) else values
            for values, judgement in zip(said, judged, strict=True)
        ]

    return guard


def _from_bytes(operation: Operation, marketplace: Marketplace, currency: str) -> Values | str:
    """What the final bytes say, or why they must not leave whatever they say."""
    payload = marketplace.payloads.get(operation.payload)
    if payload is None:
        return f"{marketplace.name} has no payload {operation.payload} any more; plan again"
    problems = [p for p in validate(payload, operation.parts) if p.severity == "error"]
    if problems:
        words = "; ".join(f"{p.field}: {p.message}" for p in problems[:3])
        return f"the body breaks the contract: {words}"
    try:
        said = read_back(payload, operation.parts, sku=operation.sku, currency=currency)
    except ReadbackFailed as problem:
        return f"the body cannot be read back: {problem}"
    if said.sku not in (None, operation.sku):
        return f"the body speaks of the SKU {said.sku}, not of {operation.sku}"
    return said


def _live(
    store: Store, account: str, skus: Collection[str]
) -> dict[str, tuple[Decimal | None, bool]]:
    """What the buyer pays now, and whether anything may be live, by SKU."""
    rows = {
        str(row[0]): dict(zip(LEDGER_COLUMNS, row, strict=True))
        for row in store.ledger(account, skus)
        if row[1] == "price"
    }
    listed = {sku for sku in rows if store.external_id(account, sku) is not None}
    return {sku: live_paid(rows.get(sku, {}), sku in listed) for sku in skus}


def _days(
    store: Store, account: str, skus: Collection[str], moment: int
) -> Mapping[str, Sequence[Day]]:
    """What was paid day by day, by SKU, as far back as any window reaches."""
    found: dict[str, list[Day]] = {}
    wanted = pl.Series(sorted(skus), dtype=pl.String)
    oldest = first_day(moment, PRICE_DAYS_KEPT)
    for sku, day, low, high in store.price_days(account, wanted, since=oldest).iter_rows():
        found.setdefault(sku, []).append((day, Decimal(low), Decimal(high)))
    return found
