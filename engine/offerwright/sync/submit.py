"""A plan file → the outbox → the marketplaces, with guards on the final bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from offerwright.errors import StalePlan
from offerwright.guards.send import Sending, refusals
from offerwright.marketplaces.contract import validate
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.marketplaces.operation import Operation, Values
from offerwright.marketplaces.readback import ReadbackFailed, read_back
from offerwright.store.protocol import LEDGER_COLUMNS, Enqueued, Store
from offerwright.sync.plan_file import PlanFile, PlannedOperation
from offerwright.sync.told import Known, read_known


@dataclass(frozen=True)
class Submitted:
    """What became of a plan's operations before anything is sent."""

    enqueued: Enqueued
    moved: tuple[PlannedOperation, ...]
    """Operations left out because the ledger has moved since the plan was made."""
    refused: tuple[tuple[PlannedOperation, str], ...]
    """Operations whose bytes cannot be read back."""


def submit(
    plan: PlanFile,
    store: Store,
    marketplaces: Mapping[str, Marketplace],
    currencies: Mapping[str, str],
    *,
    now: float,
) -> Submitted:
    """
    Put a plan's operations into the outbox, in one transaction.

    An operation whose offer has moved in the ledger since the plan is left out; the others go on.

    Args:
        plan: the opened plan.
        store: the ledger and the outbox; the caller leads.
        marketplaces: by name.
        currencies: of the accounts, by their names.
        now: Unix seconds.

    Raises:
        StalePlan: the plan has operations, was never applied, and every one of them has moved.
    """
    if store.is_applied(plan.id):
        return Submitted(Enqueued(already_applied=True), (), ())
    known = {name: read_known(store, name) for name in {o.account for o in plan.operations}}
    fresh = [o for o in plan.operations if _stands(o, known[o.account])]
    moved = [o for o in plan.operations if not _stands(o, known[o.account])]
    if plan.operations and not fresh:
        raise StalePlan(
            "every offer of this plan has moved in the ledger since it was made; plan again"
        )
    operations: list[Operation] = []
    refused: list[tuple[PlannedOperation, str]] = []
    for planned in fresh:
        said = _said(planned, marketplaces[planned.marketplace], currencies[planned.account])
        if isinstance(said, str):
            refused.append((planned, said))
        else:
            operations.append(_operation(planned, said, plan.id))
    enqueued = store.enqueue(operations, plan.id, now=now)
    return Submitted(enqueued, tuple(moved), tuple(refused))


def _stands(planned: PlannedOperation, known: Known) -> bool:
    """Whether the ledger is where it was when the plan was made."""
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
    return {sku: _live_of(rows.get(sku, {})) for sku in skus}


def _live_of(row: Mapping[str, Any]) -> tuple[Decimal | None, bool]:
    text = row.get("sale_price") or row.get("price")
    return (None if text is None else Decimal(str(text))), bool(row.get("confirmed_generation"))
