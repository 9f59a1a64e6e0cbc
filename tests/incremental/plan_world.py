"""A small shop on three accounts with a real ledger, and all that can happen to it between plans."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from evaluate.generated_shop import Pick
from incremental.plan_shop import ACCOUNTS, FILES, SKUS, loadout_of, row_of
from store.builders import OWNER
from typed_rows import frame_from_rows

from offerwright.cli.planning import holds_of
from offerwright.evaluate.partitions import partitions
from offerwright.frames import ASPECTS
from offerwright.incremental.standing import Asked
from offerwright.loadout import Loadout, PlanRequest, plan_parts
from offerwright.marketplaces.operation import Outcome, Problem, Values
from offerwright.replan.grounds import Said
from offerwright.replan.memory_file import PlanWriter, read_plans
from offerwright.replan.run import Following, prepared
from offerwright.rules.plan import pricing_rules
from offerwright.store import Store, Wish, open_store
from offerwright.sync.catalogue import Catalogue, Keep, StoredLedger
from offerwright.sync.delta import Doubt
from offerwright.sync.plan import Basis, PlanRows
from offerwright.sync.plan_file import read_plan, write_plan
from offerwright.sync.submit import submit

NOON = datetime(2026, 11, 27, 15, tzinfo=UTC)
CONFIRMED = Outcome("confirmed", status=200)
REFUSED = Outcome("rejected", (Problem("BAD", "no"),), status=400)
OUTCOMES = (
    CONFIRMED, CONFIRMED, CONFIRMED, REFUSED,
    Outcome("accepted", status=202, handle="h"),
    Outcome("retry", status=503),
)  # fmt: skip


@dataclass
class World:
    """The shop as it is now; `folder` has its ledger, its backups and what plans remember."""

    folder: Path
    store: Store
    chosen: tuple[int, ...] = tuple(0 for _ in FILES)
    rows: list[dict[str, Any]] = field(default_factory=list)
    as_of: datetime = NOON
    accounts: tuple[str, ...] = ACCOUNTS
    doubt: Doubt = field(default_factory=Doubt)
    part_rows: int = 100
    names_files: bool = True
    """Whether a plan is told that its rules were read from the same files."""
    plan: Path | None = None
    steps: int = 0

    @property
    def loadout(self) -> Loadout:
        found = loadout_of(self.chosen)
        assert found is not None
        return found

    @property
    def now(self) -> float:
        return self.as_of.timestamp() + self.steps

    def asked(self) -> PlanRequest:
        basis = Basis("", self.loadout.digest, "s", self.as_of.isoformat(), "0", "sandbox", True)
        stops = holds_of(self.store, self.as_of, self.now)
        return PlanRequest(self.accounts, self.as_of, basis, self.doubt, stops)

    def planned(self) -> Following:
        """Plan as a full run and as one that follows the last; they are the same file."""
        self.steps += 1
        loadout, asked = self.loadout, self.asked()
        frame = frame_from_rows(loadout.schema, self.rows)
        parts = partitions(loadout.rules, frame, self.part_rows)
        full, again = (self.folder / f"{self.steps}-{name}.jsonl" for name in ("full", "again"))
        wanted = Asked(
            loadout.rules, frame, self.as_of, accounts=self.accounts, part_rows=self.part_rows,
            files=str(self.chosen) if self.names_files else "",
        )  # fmt: skip
        following = self._following(again, wanted)
        with self.store.reading() as reading:
            whole = plan_parts(loadout, parts, StoredLedger(reading), asked)
        write_plan(whole, full)

        assert again.read_bytes().decode() == full.read_bytes().decode()
        self.plan = full
        return following

    def _following(self, target: Path, wanted: Asked) -> Following:
        loadout, folder = self.loadout, self.folder / "memory"
        memory = read_plans(folder, "this")
        markets = {p.account.name: loadout.told_of(p.account.marketplace)
                   for p in loadout.rules.plans}  # fmt: skip
        bookmark = self.store.bookmark("plan", keeping=memory.bookmarks)
        before = prepared(wanted, Said(loadout.guards.by_account, markets), memory.plans)
        parts = partitions(wanted.rules, wanted.snapshot, self.part_rows)
        with self.store.reading() as reading, PlanWriter(folder, "this", memory) as writer:
            following = before.with_ledger(reading, bookmark)

            def plan(catalogue: Catalogue, keep: Keep) -> None:
                def kept(account: str, rows: PlanRows) -> None:
                    keep(account, rows)
                    writer.add(account, rows)

                following.plan(catalogue, kept)

            made = plan_parts(loadout, parts, StoredLedger(reading), self.asked(), planner=plan)
            writer.finish(following)
        write_plan(made, target)
        return following

    # What can happen.

    def say(self, file: str, number: int) -> None:
        """One file says something else, if that is sound."""
        place = list(FILES).index(file)
        chosen = (*self.chosen[:place], number, *self.chosen[place + 1 :])
        if loadout_of(chosen) is not None:
            self.chosen = chosen

    def applied(self, pick: Pick) -> None:
        """The last plan is queued, and a part of it is answered."""
        if self.plan is None:
            return
        file, loadout = read_plan(self.plan), self.loadout
        currencies = dict.fromkeys(ACCOUNTS, "BRL")
        guards = loadout.guards.by_account
        try:
            submit(file, self.store, loadout.marketplaces, currencies, guards, now=self.now)
        except Exception as problem:  # noqa: BLE001
            assert type(problem).__name__ == "StalePlan", problem
        self.answered(pick)

    def confirmed(self) -> None:
        """The last plan is applied, and everything is confirmed."""
        self._settled(CONFIRMED)

    def refused(self) -> None:
        """The last plan is applied, and everything is refused."""
        self._settled(REFUSED)

    def _settled(self, outcome: Outcome) -> None:
        assert self.plan is not None
        currencies = dict.fromkeys(ACCOUNTS, "BRL")
        loadout = self.loadout
        submit(read_plan(self.plan), self.store, loadout.marketplaces, currencies,
               loadout.guards.by_account, now=self.now)  # fmt: skip
        self.store.lead(OWNER, now=self.now, lease_s=1000)
        for account in ACCOUNTS:
            while claims := self.store.claim(account, OWNER, now=self.now, lease_s=60, limit=100):
                for claim in claims:
                    assert self.store.begin(claim, now=self.now, lease_s=60)
                    assert self.store.record(claim, outcome, now=self.now)
        self.store.yield_lead(OWNER, now=self.now)

    def answered(self, pick: Pick) -> None:
        """Some of what is queued is sent, and gets an answer."""
        self.store.lead(OWNER, now=self.now, lease_s=1000)
        for account in ACCOUNTS:
            limit = pick.number(0, 30)
            claims = self.store.claim(account, OWNER, now=self.now + 1, lease_s=60, limit=limit)
            for claim in claims if limit else []:
                outcome = pick.one(*OUTCOMES)
                if claim.step == "send" and not self.store.begin(
                    claim, now=self.now + 1, lease_s=60
                ):
                    continue
                if pick.chance(5):
                    self.store.quarantine(claim, (Problem("GUARD_REFUSED", "g"),), now=self.now)
                else:
                    self.store.record(claim, outcome, now=self.now + 1, due=self.now)
        self.store.yield_lead(OWNER, now=self.now + 1)

    def backed_up(self) -> None:
        held = sqlite3.connect(self.folder / "state.db")
        copy = sqlite3.connect(self.folder / "backup.db")
        held.backup(copy)
        copy.close()
        held.close()

    def restored(self) -> None:
        """The ledger of the backup stands in the place of that of now."""
        if not (self.folder / "backup.db").exists():
            return
        self.store.close()
        for file in self.folder.glob("state.db*"):
            file.unlink()
        (self.folder / "state.db").write_bytes((self.folder / "backup.db").read_bytes())
        self.store = opened(self.folder)


def opened(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder / 'state.db'}", folder)


@contextmanager
def world(folder: Path) -> Iterator[World]:
    made = World(folder, opened(folder))
    try:
        yield made
    finally:
        made.store.close()


def happens(pick: Pick, world: World) -> str:
    """One thing of all that can happen; its name."""
    name = pick.one(*EVENTS)
    EVENTS[name](pick, world)
    return str(name)


def _file(pick: Pick, world: World) -> None:
    name = pick.one(*(name for name, options in FILES.items() if len(options) > 1))
    world.say(name, pick.number(0, len(FILES[name]) - 1))


def _cell(pick: Pick, world: World) -> None:
    if world.rows:
        row = pick.one(*world.rows)
        other = row_of(pick, row["sku"])
        name = pick.one(*(set(other) - {"sku"}))
        at = world.rows.index(row)
        world.rows = [*world.rows[:at], {**row, name: other[name]}, *world.rows[at + 1 :]]


def _new_row(pick: Pick, world: World) -> None:
    free = [sku for sku in SKUS if sku not in {row["sku"] for row in world.rows}]
    if free:
        at = pick.number(0, len(world.rows))
        row = row_of(pick, pick.one(*free))
        world.rows = [*world.rows[:at], row, *world.rows[at:]]


def _row_gone(pick: Pick, world: World) -> None:
    if world.rows:
        at = pick.number(0, len(world.rows) - 1)
        world.rows = world.rows[:at] + world.rows[at + 1 :]


def _reordered(pick: Pick, world: World) -> None:
    world.rows = world.rows[::-1]


def _later(pick: Pick, world: World) -> None:
    world.as_of += timedelta(hours=pick.one(1, 12, 24, 72, -12))


def _observed(pick: Pick, world: World) -> None:
    sku, account = pick.one(*SKUS), pick.one(*ACCOUNTS)
    seen = Values(sku=sku, price=pick.one(Decimal(21), Decimal(40)), quantity=3, currency="BRL")
    world.store.observe(account, sku, seen, now=world.now)


def _listed(pick: Pick, world: World) -> None:
    world.store.save_listing(pick.one(*ACCOUNTS), pick.one(*SKUS, "X", "Y"), "id", now=world.now)


def _asked(pick: Pick, world: World) -> None:
    world.accounts = tuple(pick.some(ACCOUNTS, 1, 3)) if pick.chance(50) else ACCOUNTS


def _doubt(pick: Pick, world: World) -> None:
    world.doubt = Doubt(frozenset(pick.some([*SKUS, "X"], 0, 2)), pick.chance(30))


def _parts(pick: Pick, world: World) -> None:
    world.part_rows = pick.one(100, 3, 2)
    world.names_files = pick.chance(70)


def _held(pick: Pick, world: World) -> None:
    """An operator holds back an account, a SKU, a rule or some of its aspects."""
    account = pick.one(*ACCOUNTS)
    rules = [name for plan in world.loadout.rules.plans for name in pricing_rules(plan)]
    wish = Wish(
        account, "wrong", "maria", pick.one("", *SKUS), pick.one("", *rules),
        tuple(pick.some(ASPECTS, 1, 3)), world.now + 86_400 if pick.chance(30) else None,
    )  # fmt: skip
    world.store.put_holds([wish], now=world.now)


def _released(pick: Pick, world: World) -> None:
    """Holds are released, all or one."""
    standing = [one.id for one in world.store.holds() if one.counts(world.now)]
    if standing:
        chosen = [pick.one(*standing)] if pick.chance(60) else standing
        world.store.lift_holds(chosen, "joao", "mended", now=world.now)


EVENTS: Mapping[str, Callable[[Pick, World], None]] = {
    "cell": _cell,
    "file": _file,
    "applied": lambda pick, world: world.applied(pick),
    "answered": lambda pick, world: world.answered(pick),
    "later": _later,
    "row gone": _row_gone,
    "new row": _new_row,
    "held": _held,
    "released": _released,
    "observed": _observed,
    "listed": _listed,
    "reordered": _reordered,
    "asked": _asked,
    "doubt": _doubt,
    "parts": _parts,
    "backed up": lambda pick, world: world.backed_up(),
    "restored": lambda pick, world: world.restored(),
}
