"""A plan file → the outbox → the marketplaces, with guards on the final bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from offerwright.errors import StalePlan
from offerwright.expressions.parse import microseconds
from offerwright.guards.plan import GuardPlan
from offerwright.guards.send import Sending, refusals
from offerwright.guards.whole import Moves, judge_run
from offerwright.marketplaces.contract import validate
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.marketplaces.operation import Operation, Values
from offerwright.marketplaces.readback import ReadbackFailed, read_back
from offerwright.store.protocol import LEDGER_COLUMNS, Enqueued, Store
from offerwright.sync.delta import settled
from offerwright.sync.plan_file import PlanFile, PlannedOperation
from offerwright.sync.told import Known, live_paid, read_known


@dataclass(frozen=True)
class Submitted:
    """What became of a plan's operations before anything is sent."""

    enqueued: Enqueued
    moved: tuple[PlannedOperation, ...]
    """Operations left out because the ledger has moved since the plan was made."""
    refused: tuple[tuple[PlannedOperation, str], ...]
    """Operations whose bytes cannot be read back, or that a guard on the whole batch refuses."""


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
    Guards on the whole run are judged once more, on what the bytes of the batch say.

    Args:
        plan: the opened plan.
        store: the ledger and the outbox; the caller leads.
        marketplaces: by name.
        currencies: of the accounts that can send, by their names; other accounts are left alone.
        guards: of these accounts.
        now: Unix seconds.

    Raises:
        StalePlan: the plan has operations, was never applied, and every one of them has moved.
    """
    applied_as = _applied_as(plan, currencies)
    if store.is_applied(plan.id) or store.is_applied(applied_as):
        return Submitted(Enqueued(already_applied=True), (), ())
    planned_now = [o for o in plan.operations if o.account in currencies]
    if plan.operations and not planned_now:
        return Submitted(Enqueued(), (), ())
    known = {name: read_known(store, name) for name in {o.account for o in planned_now}}
    fresh = [o for o in planned_now if _stands(o, known[o.account])]
    moved = [o for o in planned_now if not _stands(o, known[o.account])]
    if planned_now and not fresh:
        raise StalePlan(
            "every offer of this plan has moved in the ledger since it was made; plan again"
        )
    readable: list[tuple[PlannedOperation, Operation]] = []
    refused: list[tuple[PlannedOperation, str]] = []
    for planned in fresh:
        said = _said(planned, marketplaces[planned.marketplace], currencies[planned.account])
        if isinstance(said, str):
            refused.append((planned, said))
        else:
            readable.append((planned, _operation(planned, said, plan.id)))
    withheld = {
        name: _withheld(name, [o for _, o in readable], known[name], guards, plan, now)
        for name in known
    }
    refused += [(p, reason) for p, o in readable if (reason := _reason(o, withheld[o.account]))]
    operations = [o for _, o in readable if not _reason(o, withheld[o.account])]
    # Where the ledger has moved, a later plan may have queued; that is not this one's to empty.
    later = {o.account for o in moved}
    replacing = [name for name in plan.accounts if name in currencies and name not in later]
    enqueued = store.enqueue(operations, applied_as, now=now, replacing=replacing)
    return Submitted(enqueued, tuple(moved), tuple(refused))


def _applied_as(plan: PlanFile, able: Mapping[str, str]) -> str:
    """The plan's id; with the accounts that can send beside it while others cannot."""
    wanted = {o.account for o in plan.operations}
    if wanted <= able.keys():
        return plan.id
    return f"{plan.id} {' '.join(sorted(wanted & able.keys()))}"


def _withheld(
    account: str,
    operations: Sequence[Operation],
    known: Known,
    guards: Mapping[str, Sequence[GuardPlan]],
    plan: PlanFile,
    now: float,
) -> dict[str, str]:
    """By aspect, why guards on the whole run refuse this account's batch."""
    batch = [o for o in operations if o.account == account]
    moment = microseconds(datetime.fromtimestamp(now, UTC))
    first = bool(plan.head["first_publication"])
    verdicts = judge_run(guards[account], _moves(batch, known), moment, first)
    return {
        v.withholds: f"guard {v.guard.id} ({v.guard.check}): {v.reason}"
        for v in verdicts
        if v.withholds
    }


def _reason(operation: Operation, withheld: Mapping[str, str]) -> str | None:
    aspects = set(operation.covers) - ({"price"} if operation.action == "end" else set())
    return next((withheld[aspect] for aspect in sorted(aspects) if aspect in withheld), None)


def _moves(operations: Sequence[Operation], known: Known) -> Moves:
    """What the bytes of a batch would do to an account, against the ledger."""
    live = [(aspect, sku, row) for (sku, aspect), row in known.rows.items() if sku in known.listed]
    confirmed = sum(aspect == "price" and row["price"] is not None for aspect, _, row in live)
    ends = {o.sku for o in operations if o.action == "end"}
    stocked = {sku for aspect, sku, row in live if aspect == "stock" and row["quantity"]} | ends
    moved = {o.sku for o in operations if _moves_price(o, known)}
    zeroed = {
        o.sku
        for o in operations
        if o.sku in stocked and "stock" in o.covers and o.values.quantity == 0
    }
    return Moves(confirmed, len(moved), len(stocked), len(zeroed | ends))


def _moves_price(operation: Operation, known: Known) -> bool:
    said = operation.values
    paid = said.price if said.sale_price is None else said.sale_price
    if paid is None or operation.sku not in known.listed:
        return False
    live, _ = live_paid(known.row(operation.sku, "price"), is_listed=True)
    return live is not None and live != paid


def _stands(planned: PlannedOperation, known: Known) -> bool:
    """Whether the ledger is where it was when the plan was made, and has yet to be told."""
    if (planned.action == "create") == (planned.sku in known.listed) and planned.action != "update":
        return False
    if all(settled(known.row(planned.sku, a), hash_) for a, hash_ in planned.covers.items()):
        return False
    return all(
        int(known.row(planned.sku, aspect).get("desired_generation") or 0) == generation
        for aspect, generation in planned.base.items()
    )


def _said(planned: PlannedOperation, marketplace: Marketplace, currency: str) -> Values | str:
    payload = marketplace.payloads[planned.payload]
    try:
        return read_back(payload, planned.parts, sku=planned.sku, currency=currency)
    except ReadbackFailed as problem:
        return str(problem)


def _operation(planned: PlannedOperation, values: Values, plan_id: str) -> Operation:
    generation = max(planned.base.values(), default=0) + 1
    return Operation(
        account=planned.account,
        marketplace=planned.marketplace,
        sku=planned.sku,
        aspect=planned.aspect,
        action=planned.action,
        generation=generation,
        payload=planned.payload,
        parts=planned.parts,
        covers=planned.covers,
        values=values,
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
        live = _live(store, account, {o.sku for o in operations})
        sending = [
            Sending(
                o.guard_inputs, values if isinstance(values, Values) else Values(), *live[o.sku]
            )
            for o, values in zip(operations, said, strict=True)
        ]
        judged = refusals(sending, now())
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
