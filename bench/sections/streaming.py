"""A catalogue larger than memory: offers, their difference and plans."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from catalogue import blocks, snapshot_of
from plans import CHANGED, confirmed
from results import Setup
from workload import Spec, write_rules

from offerwright import __version__
from offerwright.evaluate.bulk import run_block
from offerwright.evaluate.partitions import partitions
from offerwright.evaluate.run import Executor
from offerwright.facts.archive import FACTS, LABEL, NEWEST, REJECTS, ROW_GROUP
from offerwright.facts.manifest import Manifest, columns_of, manifest_json, schema_hash, sha256
from offerwright.facts.rejects import rejects_csv, rejects_frame
from offerwright.pipeline import load
from offerwright.store import open_store
from offerwright.sync.known import NOTHING_KNOWN
from offerwright.sync.told import told

LARGE = 10_000_000
# A store is filled with one frame an account: that of more SKUs would not fit beside the sort.
LEDGER = 4_000_000
ACCOUNTS = 2
DAY = "2026-11-24"
AS_OF = datetime(2026, 11, 24, tzinfo=UTC)
LIMIT_S = 900
"""Whatever takes longer is stopped, and the table says so."""
# Prints CPU seconds, the peak of one process and of all together in MB, as the kernel counts them.
AROUND = """
import json, os, resource, subprocess, sys, threading, time
done = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
most = 0
def children(pid):
    try:
        found = open(f"/proc/{pid}/task/{pid}/children").read().split()
    except OSError:
        found = []
    return [pid, *(one for child in found for one in children(child))]
def held(pid):
    try:
        text = open(f"/proc/{pid}/smaps_rollup").read()
        return int(text.split("Pss:")[1].split()[0])
    except (OSError, IndexError):
        return 0
said = []
reader = threading.Thread(target=lambda: said.append(done.stderr.read().decode()))
reader.start()
while done.poll() is None:
    most = max(most, sum(held(one) for one in children(done.pid)))
    time.sleep(0.5)
reader.join()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024,
                  most / 1024, said[0]]))
"""


@dataclass(frozen=True)
class Run:
    """What one command took; memory in MB, of one process and of all together."""

    wall: float
    cpu: float
    peak: float
    together: float
    said: str
    output_mb: float

    @property
    def digest(self) -> str:
        found = re.search(r"Digest of the offers: ([0-9a-f]{64})", self.said)
        assert found is not None
        return found[1]


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    large, ledger = (100_000, 50_000) if setup.quick else (LARGE, LEDGER)
    rows = [*_of_large(setup.folder, large), _of_plan(setup.folder, ledger)]
    lines = "\n".join(f"| {skus:,} | {what} | {_line(run)} |" for skus, what, run in rows)
    return f"""## Bigger than memory: from file to file, {ACCOUNTS} accounts

`python bench/run.py --only streaming`. Whole commands, process start included; a snapshot on disk,
Parquet in. `offers`: `-o parquet --out FILE --digest`.
`diff`: two states, one SKU in {CHANGED} has another cost. First plan: an empty ledger, `--out
FILE`, one account, whose file holds all bodies. Plan: a ledger in which every offer of both
accounts is confirmed, one SKU in {CHANGED} has another cost. What takes longer than {LIMIT_S} s is
stopped.

| SKUs | command | wall s | CPU s | peak of one process, MB | of all together, MB | output, MB |
|---|---|---|---|---|---|---|
{lines}
"""


def _line(run: Run | None) -> str:
    if run is None:
        return f"stopped after {LIMIT_S} s | – | – | – | –"
    return (f"{run.wall:.1f} | {run.cpu:.1f} | {run.peak:,.0f} | {run.together:,.0f} "
            f"| {run.output_mb:,.0f}")  # fmt: skip


Row = tuple[int, str, Run | None]


def _of_large(folder: Path, skus: int) -> list[Row]:
    """Offers and their state, that of other costs, what differs, and a first plan."""
    root = shop(folder, skus)
    before, after = root / "before.state", root / "after.state"
    told = offers(root, ["--state", str(before)])
    _snapshot(root, skus, changed=True)
    state = _ran(root, ["offers", "--as-of", DAY, "--state", str(after)], after)
    rows = [(skus, "**offers**, with `--state`", told), (skus, "offers `--state` alone", state)]
    if offers is not None and state is not None:
        rows.append((skus, "**diff** of two states", _ran(None, ["diff", str(before), str(after)])))
    for file in (before, after):
        file.unlink(missing_ok=True)
    _snapshot(root, skus)
    account, out = load(root).rules.plans[0].account.name, root / "plan.jsonl"
    first = ["plan", "--as-of", DAY, "--account", account, "--first-publication"]
    plan = _ran(root, [*first, "--out", str(out)], out)
    shutil.rmtree(root)
    return [*rows, (skus, "**plan**, first publication, 1 account", plan)]


def _of_plan(folder: Path, skus: int) -> Row:
    root = shop(folder, skus)
    _fill(root, _snapshot(root, skus))
    _snapshot(root, skus, changed=True)
    file = root / "plan.jsonl"
    run = _ran(root, ["plan", "--as-of", DAY, "--out", str(file)], file)
    shutil.rmtree(root)
    return skus, f"**plan**, 1 in {CHANGED} changed", run


def _fill(root: Path, facts: Path) -> None:
    """The store of a shop as it is once everything was confirmed."""
    loadout = load(root)
    parts = partitions(loadout.rules, facts)
    executor = Executor(loadout.rules)
    store = open_store("sqlite:///.offerwright/state.db", root)
    for plan in loadout.rules.plans:
        name, market = plan.account.name, loadout.marketplaces[plan.account.marketplace]
        ledger = pl.concat(
            confirmed(told(offers, market, NOTHING_KNOWN))
            for block in parts
            for offers in run_block(executor, block, AS_OF, None, [name])
        )
        listings = ledger.select(
            pl.col("sku").unique(), pl.lit(None, pl.String).alias("external_id"),
            pl.lit("live").alias("state"),
        )  # fmt: skip
        store.write_frames(name, ledger, listings, now=0.0)
    store.close()


def shop(folder: Path, skus: int) -> Path:
    """A repository with its snapshot, made anew."""
    root = folder / f"streaming-{skus}"
    shutil.rmtree(root, ignore_errors=True)
    write_rules(root, Spec(skus, accounts=ACCOUNTS))
    _snapshot(root, skus)
    return root


def _snapshot(root: Path, skus: int, *, changed: bool = False) -> Path:
    """The newest snapshot of a shop, written block by block; its facts."""
    snapshots = root / ".offerwright/snapshots"
    folder = snapshots / f"{skus:031}{int(changed)}"
    if not (folder / LABEL).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _write_snapshot(root, folder, skus, changed)
    (snapshots / NEWEST).write_text(f"{folder.name}\n")
    return folder / FACTS


def _write_snapshot(root: Path, folder: Path, skus: int, changed: bool) -> None:
    schema = load(root).schema
    writer: pq.ParquetWriter | None = None
    for block in blocks(skus):
        frame = snapshot_of(block, ACCOUNTS)
        if changed:
            is_changed = pl.int_range(pl.len()) % CHANGED == 7
            cost = pl.when(is_changed).then(pl.col("cost") * 2).otherwise("cost")
            frame = frame.with_columns(cost.cast(frame.schema["cost"]).alias("cost"))
        table = frame.to_arrow()
        writer = writer or pq.ParquetWriter(folder / FACTS, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=ROW_GROUP)
    assert writer is not None
    writer.close()
    rejects = rejects_csv(rejects_frame("", []))
    (folder / REJECTS).write_bytes(rejects)
    with (folder / FACTS).open("rb") as file:
        facts = hashlib.file_digest(file, "sha256").hexdigest()
    nothing = pl.read_parquet(folder / FACTS, n_rows=0)
    manifest = Manifest(
        id=folder.name, engine=__version__, schema_sha256=schema_hash(schema), rows=skus,
        sources=(), columns=columns_of(schema, nothing), notes=(),
        outputs={FACTS: facts, REJECTS: sha256(rejects)},
    )  # fmt: skip
    (folder / LABEL).write_bytes(manifest_json(manifest))


def offers(root: Path, options: list[str]) -> Run | None:
    out = root / "offers.parquet"
    given = ["offers", "--as-of", DAY, "-o", "parquet", "--out", str(out), "--digest", *options]
    run = _ran(root, given, out)
    out.unlink(missing_ok=True)
    return run


def _ran(root: Path | None, given: list[str], output: Path | None = None) -> Run | None:
    """One command of ours; None where it was stopped."""
    place = [] if root is None else ["--root", str(root)]
    command = [sys.executable, "-m", "offerwright", *given, *place]
    began = time.perf_counter()
    # A session of its own: what is stopped is stopped with its workers.
    around = subprocess.Popen(
        [sys.executable, "-c", AROUND, *command], stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        answer, _ = around.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(around.pid, signal.SIGKILL)
        around.communicate()
        return None
    wall = time.perf_counter() - began
    status, cpu, peak, together, said = json.loads(answer)
    if status != 0:
        sys.exit(f"{command} failed: {said}")
    size = 0.0 if output is None else output.stat().st_size / 1e6
    return Run(wall, cpu, peak, together, said, size)
