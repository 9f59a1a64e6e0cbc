"""An incident that takes time: moment after moment a plan is made, sent and answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from guards.one_offer import moment
from incident import guards_in, incident_of, operation_of, row_of
from store.builders import OWNER
from sync.book import said
from typed_rows import frame_from_rows

from offerwright.errors import StalePlan
from offerwright.evaluate.partitions import partitions
from offerwright.guards.sources import read
from offerwright.guards.windows import since
from offerwright.loadout import Loadout, PlanRequest, plan_parts
from offerwright.marketplaces.operation import Outcome, Problem
from offerwright.store import Store
from offerwright.store.holds import Wish
from offerwright.sync.catalogue import HeldLedger
from offerwright.sync.delta import Doubt
from offerwright.sync.known import Known, read_known, with_history
from offerwright.sync.plan import Basis, SyncPlan
from offerwright.sync.plan_file import PlanFile, read_plan, sealed, write_plan
from offerwright.sync.planned import Planned
from offerwright.sync.submit import Submitted, guard_of, submit

CONFIRMED = Outcome("confirmed", status=200)
REJECTED = Outcome("rejected", (Problem("BAD_ITEM", "this item is not taken"),), status=422)


@dataclass(frozen=True)
class Moment:
    """What came of one moment: lines `ACCOUNT SKU what`, and by SKU the guards that object."""

    sent: Sequence[str]
    withheld: Mapping[str, Sequence[str]]
    answered: Sequence[str]
    stale: int
    refused: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class World:
    """The rules, the store, and a folder for plans."""

    loadout: Loadout
    store: Store
    folder: Path

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(plan.account.name for plan in self.loadout.rules.plans)

    @property
    def is_guarded(self) -> bool:
        return any(self.loadout.guards.by_account.values())

    def plan(
        self,
        rows: Sequence[Mapping[str, Any]],
        as_of: str,
        first: bool,
        sources: Mapping[str, Mapping[str, str]],
    ) -> SyncPlan:
        frame = frame_from_rows(self.loadout.schema, rows)
        known = {name: self._known(name, frame["sku"], as_of) for name in self.accounts}
        at = datetime.fromisoformat(as_of)
        seen = {
            name: {"rows": int(one["rows"]), "rows_before": int(one["before"]), "modified": None}
            for name, one in sources.items()
        }
        basis = Basis("", self.loadout.digest, "hand", as_of, "0", "sandbox", first, seen)
        asked = PlanRequest(
            self.accounts, at, basis, Doubt(frozenset()), sources=read(seen, int(at.timestamp()))
        )
        parts = partitions(self.loadout.rules, frame)
        return sealed(plan_parts(self.loadout, parts, HeldLedger(known), asked))

    def _known(self, account: str, skus: Any, as_of: str) -> Known:
        known = read_known(self.store, account)
        start = since(self.loadout.guards.by_account[account], moment(as_of))
        return known if start is None else with_history(known, self.store, account, skus, start)

    def opened(self, plan: SyncPlan, number: int) -> PlanFile:
        path = self.folder / f"{plan.id}-{number}.jsonl"
        write_plan(plan, path)
        return read_plan(path)

    def refuses(self, file: PlanFile, as_of: str) -> dict[str, list[str]]:
        """By SKU, the guards that refuse operations when the plan is queued."""
        done = self.queue(file, datetime.fromisoformat(as_of).timestamp())
        return {planned.sku: sorted(guards_in(reason)) for planned, reason in done.refused}

    def queue(self, file: PlanFile, now: float) -> Submitted:
        currencies = dict.fromkeys(self.accounts, "BRL")
        markets, guards = self.loadout.marketplaces, self.loadout.guards.by_account
        return submit(file, self.store, markets, currencies, guards, now=now)

    def switch(self, one: Mapping[str, Any], now: float) -> None:
        """Somebody holds back what a rule made, or releases all that is held."""
        if "holds" in one:
            wishes = [Wish(a, "wrong prices", "ana", rule=one["holds"]) for a in self.accounts]
            self.store.put_holds(wishes, now=now)
        if "releases" in one:
            held = [hold.id for hold in self.store.holds()]
            self.store.lift_holds(held, "ana", one["releases"], now=now)

    def settle(self, now: float, rejects: Sequence[str]) -> Iterator[str]:
        """Everything that is queued is sent once; the marketplace takes all but these SKUs."""
        for account in self.accounts:
            for claim in self.store.claim(account, OWNER, now=now, lease_s=60, limit=500):
                assert self.store.begin(claim, now=now, lease_s=60)
                is_bad = claim.operation.sku in rejects
                assert self.store.record(claim, REJECTED if is_bad else CONFIRMED, now=now, due=now)
                word = "rejected" if is_bad else "confirmed"
                yield f"{claim.operation.sku} {said(claim.operation)} {word}"


def lived(told: Mapping[str, Any], store: Store, folder: Path) -> Iterator[Moment]:
    """What happens at every moment of a file's `moments`."""
    incident = incident_of({"as_of": told["moments"][0]["as_of"], **told})
    world = World(incident.before, store, folder)
    held: dict[str, str] = {}
    for number, one in enumerate(told["moments"]):
        rows = [row_of(row) for row in one.get("rows", told["rows"])]
        refused: dict[str, list[str]] = {}
        if held and world.is_guarded:
            unguarded = replace(world, loadout=incident.unguarded)
            plan = unguarded.plan(rows, one["as_of"], False, one.get("sources", {}))
            refused = _refused(plan, world, one["as_of"], held)
            if "sources" in one:
                refused |= world.refuses(world.opened(plan, 0), one["as_of"])
        found = _at(world, rows, one, is_first=number == 0, held=held)
        yield replace(found, refused=refused)


def _refused(
    plan: SyncPlan, world: World, as_of: str, held: Mapping[str, str]
) -> dict[str, list[str]]:
    """What of unguarded bytes the last look refuses, with the guard inputs of the plan before."""
    (market,) = {one.account.marketplace for one in world.loadout.rules.plans}
    guard = guard_of(world.loadout.marketplaces[market], "BRL", world.store, lambda: moment(as_of))
    operations = [
        operation_of(replace(planned.change, guard_inputs=held[planned.change.sku]))
        for part in plan.parts
        for planned in part.changes
        if planned.change.sku in held
    ]
    reasons = zip(operations, guard(operations), strict=True)
    return {o.sku: sorted(guards_in(reason)) for o, reason in reasons if reason is not None}


def _at(
    world: World,
    rows: Sequence[Mapping[str, Any]],
    one: Mapping[str, Any],
    is_first: bool,
    held: dict[str, str],
) -> Moment:
    """`plans` workers make their plans of one state, before the first of them is queued."""
    now = datetime.fromisoformat(one["as_of"]).timestamp()
    workers = range(int(one.get("plans", 1)))
    plans = [
        world.plan(_taken(rows, n), one["as_of"], is_first, one.get("sources", {})) for n in workers
    ]
    stale = 0
    for number, plan in enumerate(plans):
        try:
            world.queue(world.opened(plan, number), now)
        except StalePlan:
            stale += 1
    world.switch(one, now)
    changes = [planned for part in plans[0].parts for planned in part.changes]
    held.update({planned.change.sku: planned.change.guard_inputs for planned in changes})
    withheld: dict[str, set[str]] = {}
    for part in plans[0].parts:
        for reason in part.withheld:
            withheld.setdefault(reason.sku, set()).update(guards_in(reason.reason))
    return Moment(
        sorted(map(_line, changes)),
        {sku: sorted(guards) for sku, guards in sorted(withheld.items()) if guards},
        sorted(world.settle(now, one.get("rejects", ()))),
        stale,
        {},
    )


def _taken(rows: Sequence[Mapping[str, Any]], number: int) -> list[dict[str, Any]]:
    """The rows as the n-th worker sees them: it has taken n units more."""
    return [{**row, "units": {"sp": row["units"]["sp"] - number}} for row in rows]


def _line(planned: Planned) -> str:
    change, price, units = planned.change, planned.price_after, planned.quantity_after
    said = {
        "create": f"create {price} x {units}",
        "end": "end",
        "update": f"{change.aspect} {price if change.aspect == 'price' else units}",
    }[change.action]
    return f"{change.account} {change.sku} {said}"
