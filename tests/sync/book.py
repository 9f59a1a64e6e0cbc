"""A catalogue, its plans and a real store: what a run does, without the marketplace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from guards.catalogue import planned
from guards.one_offer import AS_OF, moment
from store.builders import OWNER

from offerwright.marketplaces.operation import Operation, Outcome
from offerwright.pipeline import Loadout
from offerwright.store import Claim, Store
from offerwright.sync.known import read_known
from offerwright.sync.plan import SyncPlan
from offerwright.sync.plan_file import PlanFile, read_plan, write_plan
from offerwright.sync.planned import PlannedOperation
from offerwright.sync.submit import Submitted, guard_of, submit

CURRENCY = {"market": "BRL"}
CONFIRMED = Outcome("confirmed", status=200)
NOW = 5.0


@dataclass(frozen=True)
class Book:
    """One account on the example market: its rules, its store, a folder for plans."""

    loadout: Loadout
    store: Store
    folder: Path

    def plan(self, *rows: Mapping[str, Any], first: bool = False, at: str = AS_OF) -> SyncPlan:
        """What the products give against the ledger as it is."""
        known = read_known(self.store, "market")
        return planned(self.loadout, rows, known, first_publication=first, at=at)

    def opened(self, plan: SyncPlan) -> PlanFile:
        """The plan as its file has it."""
        path = self.folder / f"{plan.id}.jsonl"
        write_plan(plan, path)
        return read_plan(path)

    def submitted(self, plan: SyncPlan | PlanFile) -> Submitted:
        file = plan if isinstance(plan, PlanFile) else self.opened(plan)
        guards = self.loadout.guards.by_account
        return submit(file, self.store, self.loadout.marketplaces, CURRENCY, guards, now=NOW)

    def claims(self) -> list[Claim]:
        return self.store.claim("market", OWNER, now=NOW, lease_s=60, limit=500)

    def settle(self, *outcomes: Outcome) -> list[str]:
        """Send everything that is queued, with these answers and then with a confirmation."""
        answers, done = list(outcomes), []
        while claims := self.claims():
            for claim in claims:
                assert self.store.begin(claim, now=NOW, lease_s=60)
                answer = answers.pop(0) if answers else CONFIRMED
                assert self.store.record(claim, answer, now=NOW, due=NOW)
                done.append(f"{claim.operation.sku} {said(claim.operation)}")
        return done

    def sync(self, *rows: Mapping[str, Any], first: bool = False) -> list[str]:
        """One whole run in which everything is confirmed: what was sent."""
        self.submitted(self.plan(*rows, first=first))
        return self.settle()

    def guard(self, at: str = AS_OF) -> Callable[[Sequence[Operation]], Sequence[str | None]]:
        marketplace = self.loadout.marketplaces["example-market"]
        return guard_of(marketplace, "BRL", self.store, lambda: moment(at))

    def state(self, sku: str, aspect: str) -> str:
        return str(read_known(self.store, "market").row(sku, aspect)["state"])  # type: ignore[arg-type]


def said(operation: Operation) -> str:
    return operation.action if operation.action != "update" else operation.aspect


def words(plan: SyncPlan) -> list[str]:
    """`SKU what`, in the order of the plan."""
    return [
        f"{c.change.sku} {c.change.aspect if c.change.action == 'update' else c.change.action}"
        for c in plan.changes()
    ]


def with_bytes(operation: Operation, change: Callable[[bytes], bytes]) -> Operation:
    """The operation after somebody changed its bytes."""
    return replace(operation, parts=tuple((n, change(body)) for n, body in operation.parts))


def product(sku: str, price: str | None, units: int | None, **facts: Any) -> dict[str, Any]:
    stock = {} if units is None else {"sp": units}
    images = ["https://images.example/1.jpg"]
    return {"sku": sku, "asked": price, "units": stock, "images": images, **facts}


def first_of(plan: PlanFile, aspect: str) -> PlannedOperation:
    return next(o for o in plan.operations if o.aspect == aspect)
