"""
Plans against a ledger, in a process of its own: seconds, memory, sizes.

    python bench/plans.py --skus 1000000 --accounts 4 --case changed --folder DIR

`first`: an empty ledger, everything is listed. `changed`: all offers are confirmed and one SKU in a
hundred has another cost. `again`: the same ledger, and plans that follow a remembered one, with no
SKU changed and with one. The snapshot is a Parquet file and the ledger an SQLite store, as
`offerwright plan` finds them; both are made once below DIR. Prints what it found as JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from catalogue import blocks, snapshot_of
from measure import Task
from one import AS_OF, loadout_of

from offerwright.cli.following import Work, planned_again
from offerwright.cli.planning import PARTS_IN_MEMORY
from offerwright.evaluate.bulk import run_block
from offerwright.evaluate.partitions import Partitions, partitions
from offerwright.evaluate.run import Executor
from offerwright.loadout import Loadout, PlanRequest, plan_parts
from offerwright.store import Store, open_store
from offerwright.store.columns import LEDGER
from offerwright.sync.catalogue import StoredLedger
from offerwright.sync.delta import NO_DOUBT, delta
from offerwright.sync.known import NOTHING_KNOWN, read_known
from offerwright.sync.plan import Basis, SyncPlan
from offerwright.sync.plan_file import sealed, write_plan
from offerwright.sync.told import Told, told

CHANGED = 100
"""One SKU in so many has another cost."""
BASIS = Basis("", "rules", "snapshot", AS_OF.isoformat(), "0", "sandbox", True)
MB = 1_000_000


@dataclass(frozen=True)
class Planned:
    """What was measured. CPU seconds are of this process and of the one that reads the ledger."""

    offers: int
    operations: int
    ledger_rows: int
    plan_s: float
    plan_cpu: float
    file_s: float
    file_mb: float
    read_s: float
    read_cpu: float
    evaluate_s: float
    compare_s: float
    write_us: float
    peak_mb: float


def main() -> None:
    given = _arguments()
    given.folder.mkdir(parents=True, exist_ok=True)
    task = Task(given.skus, str(given.folder), accounts=given.accounts)
    loadout = loadout_of(task)
    file = snapshot_file(given.folder, given.skus, given.accounts, given.case == "changed")
    parts = partitions(loadout.rules, file)
    before, write_us = given.folder / f"ledger-{given.skus}-{given.accounts}.db", 0.0
    if given.case == "first":
        before = given.folder / "empty.db"
        before.unlink(missing_ok=True)
    elif not before.exists():
        write_us = fill(before, loadout, given)
    store = open_store(f"sqlite:///{before.resolve()}", given.folder)
    if given.case == "again":
        print(json.dumps(asdict(again(loadout, store, given))))
        return
    found = measured(loadout, parts, store, given)
    print(json.dumps({**asdict(found), "write_us": write_us}))


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=4)
    parser.add_argument("--case", choices=("first", "changed", "again"), default="changed")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3, help="of `again`: the best counts")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-file", action="store_true", help="seal the plan, write no file")
    parser.add_argument("--plan-only", action="store_true", help="nothing beside the plan")
    return parser.parse_args()


def snapshot_file(folder: Path, skus: int, accounts: int, changed: bool) -> Path:
    """The snapshot as Parquet, a row group a block; `changed` with other costs."""
    file = folder / f"snapshot-{skus}-{accounts}{'-changed' if changed else ''}.parquet"
    if file.exists():
        return file
    fresh = file.with_suffix(".part")
    writer = None
    for block in blocks(skus):
        frame = snapshot_of(block, accounts)
        if changed:
            row = pl.int_range(pl.len()) % CHANGED
            cost = pl.when(row == 7).then(pl.col("cost") * 2).otherwise("cost")
            frame = frame.with_columns(cost.cast(frame.schema["cost"]).alias("cost"))
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(fresh, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return fresh.replace(file)


def fill(file: Path, loadout: Loadout, given: Any) -> float:
    """A store in which every offer is confirmed; microseconds a row of writing it."""
    parts = partitions(
        loadout.rules, snapshot_file(given.folder, given.skus, given.accounts, False)
    )
    names = [plan.account.name for plan in loadout.rules.plans]
    fresh = file.with_suffix(".part")
    fresh.unlink(missing_ok=True)
    store = open_store(f"sqlite:///{fresh.resolve()}", given.folder)
    seconds = rows = 0.0
    for name in names:
        ledger = pl.concat(confirmed(said) for said in _told(loadout, parts, [name]))
        listings = ledger.select(
            pl.col("sku").unique(), pl.lit(None, pl.String).alias("external_id"),
            pl.lit("live").alias("state"),
        )  # fmt: skip
        began = time.perf_counter()
        store.write_frames(name, ledger, listings, now=0.0)
        seconds += time.perf_counter() - began
        rows += ledger.height + listings.height
    store.close()
    fresh.replace(file)
    return seconds / rows * 1e6


def _told(loadout: Loadout, parts: Partitions, names: list[str]) -> Iterator[Told]:
    executor = Executor(loadout.rules)
    for block in parts:
        for offers in run_block(executor, block, AS_OF, None, names):
            market = loadout.marketplaces[offers.account.marketplace]
            yield told(offers, market, NOTHING_KNOWN)


def confirmed(said: Told) -> pl.DataFrame:
    """The ledger once everything that is said was confirmed."""
    offers = said.offers.frame
    paid = {
        "price": [pl.col("price").cast(pl.String), pl.col("sale_price").cast(pl.String)],
        "stock": [pl.col("quantity")],
        "content": [],
    }
    found = []
    for aspect, bodies in said.updates.items():
        values = offers.select("sku", *paid[aspect])
        rows = values.select(pl.all().gather(bodies.frame["row"])).with_columns(
            bodies.frame["hash"].alias("confirmed_hash"),
            bodies.frame["hash"].alias("desired_hash"),
            pl.lit(aspect).alias("aspect"),
            pl.lit("confirmed").alias("state"),
            pl.lit("[]").alias("problems"),
            *(pl.lit(1, pl.Int64).alias(n) for n in LEDGER if n.endswith("_generation")),
        )
        missing = [pl.lit(None, t).alias(n) for n, t in LEDGER.items() if n not in rows.columns]
        found.append(rows.with_columns(missing).select(*LEDGER))
    return pl.concat(found)


def measured(loadout: Loadout, parts: Partitions, store: Store, given: Any) -> Planned:
    names = tuple(plan.account.name for plan in loadout.rules.plans)
    read_s = read_cpu = evaluate_s = compare_s = 0.0
    rows = 0
    if not given.plan_only:
        read_s, read_cpu, rows = _seconds(lambda: _read(parts, store, names))
        evaluate_s, _, _ = _seconds(lambda: _evaluate(loadout, parts, names))
        compare_s = _compared(loadout, parts, store, names)
    with tempfile.TemporaryDirectory(dir=given.folder) as spilled:

        def plan() -> SyncPlan:
            asked = PlanRequest(names, AS_OF, BASIS, NO_DOUBT)
            with store.reading(much=True) as reading:
                return plan_parts(loadout, parts, StoredLedger(reading), asked,
                                  folder=Path(spilled), workers=given.workers)  # fmt: skip

        plan_s, plan_cpu, made = _seconds(plan)
        target = Path(spilled) / "plan.jsonl"
        write: Callable[[], Any] = lambda: write_plan(made, target)  # noqa: E731
        file_s, _, _ = _seconds((lambda: sealed(made)) if given.no_file else write)
        file_mb = target.stat().st_size / MB if target.exists() else 0.0
    return Planned(
        parts.height * len(names), sum(part.size for part in made.parts), rows, plan_s, plan_cpu,
        file_s, file_mb, read_s, read_cpu, evaluate_s, compare_s, 0.0, _peak_mb(),
    )  # fmt: skip


@dataclass(frozen=True)
class Again:
    """CPU seconds of plans of the same snapshot, and how many offers were planned."""

    skus: int
    full_cpu: float
    first_cpu: float
    nothing_cpu: float
    one_cpu: float
    nothing: int
    one: int
    memory_mb: float
    peak_mb: float


def again(loadout: Loadout, store: Store, given: Any) -> Again:
    """A full plan, one that is remembered, and two that follow it; each the best of `--runs`."""
    file = snapshot_file(given.folder, given.skus, given.accounts, False)
    one = with_one_changed(file)
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        memory = Path(place) / "memory"

        def plan(snapshot: Path, remembered: bool) -> tuple[SyncPlan, str]:
            parts = partitions(loadout.rules, snapshot)
            with tempfile.TemporaryDirectory(dir=place) as spilled:
                folder = Path(spilled) if len(parts) > PARTS_IN_MEMORY else None
                names = tuple(plan.account.name for plan in loadout.rules.plans)
                asked = PlanRequest(names, AS_OF, BASIS, NO_DOUBT)
                work = Work(loadout, parts, asked, folder, given.workers)
                said = io.StringIO()
                if remembered:
                    with contextlib.redirect_stderr(said):
                        return sealed(planned_again(store, work, memory)), said.getvalue()
                with store.reading(much=folder is not None) as reading:
                    return sealed(work.plan(reading)), ""

        full_cpu, (full, _) = _best(lambda: plan(file, False), given.runs)
        _, first_cpu, (first, _) = _seconds(lambda: plan(file, True))
        nothing_cpu, (same, words) = _best(lambda: plan(file, True), given.runs)
        _, one_cpu, (changed, more) = _seconds(lambda: plan(one, True))
        assert first.id == full.id == same.id, "plans differ"
        assert changed.id == plan(one, False)[0].id, "plans differ"
        size = sum(f.stat().st_size for f in memory.iterdir()) / MB
    return Again(given.skus, full_cpu, first_cpu, nothing_cpu, one_cpu, _planned(words),
                 _planned(more), size, _peak_mb())  # fmt: skip


def _best(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    found = [_seconds(work)[1:] for _ in range(runs)]
    return min(cpu for cpu, _ in found), found[-1][1]


def _planned(words: str) -> int:
    """`Planned again: 4 of 400,000 offers` → 4."""
    return int(words.partition("Planned again: ")[2].split()[0].replace(",", ""))


def with_one_changed(file: Path) -> Path:
    """The snapshot with another cost of one SKU."""
    changed = file.with_name(f"{file.stem}-one.parquet")
    if not changed.exists():
        table = pq.ParquetFile(file)
        fresh = changed.with_suffix(".part")
        with pq.ParquetWriter(fresh, table.schema_arrow, compression="zstd") as writer:
            for number in range(table.num_row_groups):
                frame = pl.DataFrame(table.read_row_group(number))
                if number == 0:
                    cost = pl.when(pl.int_range(pl.len()) == 7).then(pl.col("cost") * 2)
                    frame = frame.with_columns(
                        cost.otherwise("cost").cast(frame.schema["cost"]).alias("cost")
                    )
                block = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
                writer.write_table(block.cast(table.schema_arrow))
        fresh.replace(changed)
    return changed


def _seconds(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall, and CPU of this process and its children."""
    began, cpu = time.perf_counter(), _cpu()
    done = work()
    return time.perf_counter() - began, _cpu() - cpu, done


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_mb() -> float:
    """Of this process; the reader of the ledger holds one part."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _read(parts: Partitions, store: Store, names: tuple[str, ...]) -> int:
    """The ledger alone, as planning reads it."""
    rows = 0
    with store.reading(much=True) as reading:
        for block in parts:
            for name in names:
                rows += read_known(reading, name, block.frame["sku"]).ledger.height
    return rows


def _evaluate(loadout: Loadout, parts: Partitions, names: tuple[str, ...]) -> None:
    executor = Executor(loadout.rules)
    for block in parts:
        run_block(executor, block, AS_OF, None, names)


def _compared(loadout: Loadout, parts: Partitions, store: Store, names: tuple[str, ...]) -> float:
    """Seconds of comparing alone: hashes of what is said with the columns of the ledger."""
    seconds = 0.0
    executor = Executor(loadout.rules)
    with store.reading(much=True) as reading:
        for block in parts:
            for offers in run_block(executor, block, AS_OF, None, list(names)):
                known = read_known(reading, offers.account.name, offers.frame["sku"])
                market = loadout.marketplaces[offers.account.marketplace]
                said = told(offers, market, known)
                began = time.perf_counter()
                delta(said, known)
                seconds += time.perf_counter() - began
    return seconds


if __name__ == "__main__":
    sys.exit(main())
