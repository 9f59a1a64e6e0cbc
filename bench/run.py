"""
How fast, how flat, how small: figures for `RESULTS.md`, beside what one would use instead.

    python bench/run.py            all measurements, written to bench/RESULTS.md
    python bench/run.py --quick    a tenth of the sizes, printed only

Every run checks that the peers agree with the engine before it prints a time. Times are medians;
ratios are within one run. A figure is never a test: machines differ.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from analysis import section as analysis_section
from check import section as check_section
from peers import HandWritten, decimal_prices, dict_payloads
from workload import make_workload

ROOT = Path(__file__).resolve().parents[1]
AS_OF = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLI = [sys.executable, "-m", "offerwright"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    skus = 10_000 if quick else 100_000
    with tempfile.TemporaryDirectory(prefix="offerwright-bench-") as folder:
        sections = [
            evaluation(Path(folder), skus),
            flatness(Path(folder), skus),
            single(Path(folder)),
            payloads(Path(folder), skus),
            commands(Path(folder)),
            analysis_section(),
            check_section(Path(folder) / "large"),
        ]
    text = heading(skus) + "\n".join(sections)
    print(text)
    if not quick:
        (ROOT / "bench/RESULTS.md").write_text(text, encoding="utf-8")


def heading(skus: int) -> str:
    import numpy

    import offerwright

    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    return f"""# Results

Made by `make bench` on {machine}, Polars {pl.__version__},
NumPy {numpy.__version__}, Offerwright {offerwright.__version__}. The workload is
`bench/workload.py`: {skus:,} SKUs, 3 accounts, 5 nodes, competitor prices, 2,000 markup rows
unless said otherwise, fees with brackets, charm endings, partition, categories, titles.
Absolute times are for orientation; ratios hold within one run.

"""


def timed(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Median seconds, and what the last run gave."""
    seconds, result = [], None
    for _ in range(times):
        began = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), result


def ready(root: Path, skus: int, rows: int) -> tuple[Any, pl.DataFrame]:
    """A loaded repository and its snapshot frame."""
    from offerwright.facts.snapshot import build_snapshot
    from offerwright.pipeline import load

    made = make_workload(root / f"{skus}-{rows}", skus, rows)
    loadout = load(made.root)
    return loadout, build_snapshot(loadout.schema, loadout.shop.document, made.root).frame


def evaluation(root: Path, skus: int) -> str:
    from offerwright.evaluate.run import Executor

    loadout, frame = ready(root, skus, 2_000)
    executor = Executor(loadout.rules)
    cold, offers = timed(lambda: executor.run(frame, AS_OF), 1)
    warm, offers = timed(lambda: executor.run(frame, AS_OF), 5)
    meli = next(o for o in offers if o.account.name == "meli")
    sample = frame.head(500)
    slow, expected = timed(lambda: decimal_prices(sample, root / f"{skus}-2000"), 1)
    assert meli.frame["price"].head(500).to_list() == expected, "the Decimal peer disagrees"
    written = HandWritten(frame, root / f"{skus}-2000")
    hand, by_hand = timed(lambda: written.prices(frame), 5)
    assert meli.frame["price"].to_list() == by_hand, "the NumPy peer disagrees"
    one_account = Executor(loadout.rules)
    one_account.run(frame, AS_OF, None, ["meli"])
    priced, _ = timed(lambda: one_account.run(frame, AS_OF, None, ["meli"]), 5)
    per_sku = slow / len(sample) * skus
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"""## Evaluation of {skus:,} SKUs x 3 accounts: price, stock, mapping

| what | seconds | ratio |
|---|---|---|
| first run (tables not walked yet) | {cold:.2f} | {cold / warm:.1f} |
| **next runs, median** | **{warm:.2f}** | 1 |
| one account, all aspects | {priced:.2f} | {priced / warm:.2f} |
| its prices alone, hand-written NumPy for these very rules | {hand:.2f} | {hand / warm:.2f} |
| its prices alone, Python `Decimal` row by row* | {per_sku:.0f} | {per_sku / warm:.0f} |

\\* measured on {len(sample)} SKUs, extrapolated. Both peers gave the same prices.
Peak memory of the whole process so far: {peak:.0f} MB.
"""


def flatness(root: Path, skus: int) -> str:
    from offerwright.evaluate.run import Executor

    rows = []
    for size in (200, 2_000, 20_000):
        loadout, frame = ready(root, skus, size)
        executor = Executor(loadout.rules)
        cold, _ = timed(lambda: executor.run(frame, AS_OF), 1)  # noqa: B023
        warm, _ = timed(lambda: executor.run(frame, AS_OF), 3)  # noqa: B023
        rows.append((size, cold, warm))
    first = rows[0]
    lines = "\n".join(
        f"| {size:,} | {cold:.2f} | {cold / first[1]:.2f} | {warm:.2f} | {warm / first[2]:.2f} |"
        for size, cold, warm in rows
    )
    return f"""## Rows of a decision table, {skus:,} SKUs x 3 accounts

| rows | first run, s | ratio | next runs, s | ratio |
|---|---|---|---|---|
{lines}
"""


def single(root: Path) -> str:
    from offerwright.evaluate.run import Executor

    loadout, frame = ready(root, 2_000, 2_000)
    executor = Executor(loadout.rules)
    lines = []
    for count in (1, 100, 1_000):
        part = frame.head(count)
        executor.run(part, AS_OF)
        seconds, _ = timed(lambda: executor.run(part, AS_OF), 30)  # noqa: B023
        lines.append(f"| {count:,} | {seconds * 1000:.1f} |")
    body = "\n".join(lines)
    return f"""## A few SKUs, all 3 accounts, warm

| SKUs | milliseconds, median of 30 |
|---|---|
{body}
"""


def payloads(root: Path, skus: int) -> str:
    from offerwright.evaluate.run import Executor
    from offerwright.marketplaces.render import render

    loadout, frame = ready(root, skus, 2_000)
    offers = Executor(loadout.rules).run(frame, AS_OF)
    lines = []
    for one in offers:
        marketplace = loadout.marketplaces[one.account.marketplace]
        settings = marketplace.account_settings(
            one.account.site or None, one.account.currency, one.account.settings
        )
        for name, payload in sorted(marketplace.payloads.items()):
            if payload.action == "end":
                continue
            seconds, bodies = timed(lambda: render(payload, one.frame, settings), 5)  # noqa: B023
            if bodies.is_empty():
                continue
            size = bodies["body"].str.len_bytes().mean()
            each = seconds / len(bodies) * 1e6
            lines.append(f"| {marketplace.name} {name} | {size:.0f} | {each:.2f} |")
    meli = offers[0]
    slow, count = timed(lambda: dict_payloads(meli.frame.head(skus // 10)), 3)
    body = "\n".join(lines)
    return f"""## Payloads in bulk

| payload | bytes | microseconds an offer |
|---|---|---|
{body}
| *peer: dict + orjson of the Mercado Libre create body* | | {slow / count * 1e6:.2f} |
"""


def commands(root: Path) -> str:
    rows = [("`offerwright --help`", *run(["--help"]))]
    rows.append(
        ("`offerwright check` on the reference repository", *run(["check", "--root", str(ROOT)]))
    )
    olist = ROOT.parent / "shared/data/olist"
    if olist.is_dir():
        sources = root / "olist"
        prepare = ROOT / "examples/olist/prepare.py"
        arguments = [str(prepare), str(olist), str(sources), "--fill-price", "category-median"]
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        shop = root / "shop"
        shutil.copytree(
            ROOT / "examples/olist", shop, ignore=shutil.ignore_patterns(".offerwright")
        )
        plan = ["plan", "--root", str(shop), "--data", str(sources),
                "--first-publication", "--out", str(root / "plan.jsonl")]  # fmt: skip
        label = "`offerwright plan` over Olist with filled prices, 98,853 offers"
        rows.append((label, *run(plan)))
    body = "\n".join(
        f"| {name} | {cpu:.2f} | {wall:.2f} | {peak:.0f} |" for name, cpu, wall, peak in rows
    )
    return f"""## Commands

| command | CPU s | wall s | peak MB |
|---|---|---|---|
{body}
"""


def run(arguments: list[str]) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak memory in MB of one command."""
    code = (
        "import json, resource, subprocess, sys; "
        "done = subprocess.run(sys.argv[1:], capture_output=True); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(json.dumps([done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *CLI, *arguments], capture_output=True, text=True, check=True
    )
    wall = time.perf_counter() - began
    status, cpu, peak = json.loads(done.stdout)
    if status != 0:
        sys.exit(f"{arguments} failed with exit code {status}")
    return cpu, wall, peak


if __name__ == "__main__":
    main()
