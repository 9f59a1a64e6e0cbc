"""A catalogue larger than memory: offers from file to file, and what a pool of processes gains."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from catalogue import blocks, snapshot_of
from results import Setup
from workload import Spec, write_rules

from offerwright import __version__
from offerwright.facts.archive import FACTS, LABEL, NEWEST, REJECTS, ROW_GROUP
from offerwright.facts.manifest import Manifest, columns_of, manifest_json, schema_hash, sha256
from offerwright.facts.rejects import rejects_csv, rejects_frame
from offerwright.pipeline import load

LARGE, SMALL = 10_000_000, 1_000_000
ACCOUNTS = 2
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
    digest: str
    output_mb: float


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    large, small = (100_000, 50_000) if setup.quick else (LARGE, SMALL)
    small_shop = _shop(setup.folder, small)
    rows = [
        (f"{small:,}", "local, 1 worker", _run(small_shop, ["--workers", "1"])),
        (f"{small:,}", "pool, 2 workers", _run(small_shop, ["--engine", "pool", "--workers", "2"])),
    ]
    alone, pool = rows[0][2], rows[1][2]
    large_shop = _shop(setup.folder, large)
    rows.append((f"**{large:,}**", "local", _run(large_shop, [])))
    if alone.digest != pool.digest:
        sys.exit("the pool says something else")
    lines = "\n".join(
        f"| {skus} | {engine} | {r.wall:.1f} | {r.cpu:.1f} | {r.peak:,.0f} | {r.together:,.0f} "
        f"| {r.output_mb:,.0f} |"
        for skus, engine, r in rows
    )
    return f"""## Bigger than memory: offers from file to file, {ACCOUNTS} accounts

`python bench/run.py --only streaming`. `offerwright offers -o parquet --out FILE --digest` over a
snapshot on disk: Parquet in, Parquet out, process start included. The digests of both small runs
are equal. One process took {alone.wall / pool.wall:.2f} times as long as the pool.

| SKUs | engine | wall s | CPU s | peak of one process, MB | of all together, MB | output, MB |
|---|---|---|---|---|---|---|
{lines}
"""


def _shop(folder: Path, skus: int) -> Path:
    """A repository with its snapshot, which is written block by block."""
    root = folder / f"streaming-{skus}"
    write_rules(root, Spec(skus, accounts=ACCOUNTS))
    snapshots = root / ".offerwright/snapshots"
    name = f"{skus:032}"
    if not (snapshots / name / LABEL).is_file():
        (snapshots / name).mkdir(parents=True, exist_ok=True)
        _write_snapshot(root, snapshots / name, skus)
    (snapshots / NEWEST).write_text(f"{name}\n")
    return root


def _write_snapshot(root: Path, folder: Path, skus: int) -> None:
    schema = load(root).schema
    writer: pq.ParquetWriter | None = None
    for block in blocks(skus):
        table = snapshot_of(block, ACCOUNTS).to_arrow()
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


def _run(root: Path, options: list[str]) -> Run:
    out = root / "offers.parquet"
    command = [
        sys.executable, "-m", "offerwright", "offers", "--root", str(root), "--as-of", "2026-11-24",
        "-o", "parquet", "--out", str(out), "--digest", *options,
    ]  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", AROUND, *command], capture_output=True, text=True, check=True,
        env=dict(os.environ),
    )  # fmt: skip
    wall = time.perf_counter() - began
    status, cpu, peak, together, said = json.loads(done.stdout)
    if status != 0:
        sys.exit(f"{command} failed: {said}")
    found = re.search(r"Digest of the offers: ([0-9a-f]{64})", said)
    assert found is not None
    size = out.stat().st_size / 1e6
    out.unlink()
    return Run(wall, cpu, peak, together, found[1], size)
