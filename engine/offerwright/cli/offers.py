"""`offers`: the computed offers of all accounts, as a table, JSON lines, CSV or Parquet."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal

import click

from offerwright.cli.loadouts import bundle_option, ready
from offerwright.cli.options import (
    STATE,
    account_option,
    as_of_option,
    data_option,
    known_accounts,
    moment,
    output_option,
    root_option,
)
from offerwright.cli.profile import profile_option
from offerwright.cli.report import echo, number_of, put, table, tell
from offerwright.cli.snapshot import current_snapshot, known_skus
from offerwright.engines.job import Job, Tally, total
from offerwright.errors import OfferwrightError
from offerwright.profile import counted, stage

if TYPE_CHECKING:
    from offerwright.evaluate.partitions import Partitions
    from offerwright.loadout import Loadout

Engine = Literal["local", "pool", "ray"]
THREADS = 2
"""Of one process; more wait for each other."""


@dataclass(frozen=True)
class _Where:
    """Where the parts are computed."""

    engine: Engine
    workers: int
    memory: Path | None = None
    """The folder of a run before, where only what has changed since is computed."""


@click.command()
@root_option
@bundle_option
@data_option
@as_of_option
@account_option
@output_option("text", "jsonl", "csv", "parquet")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write to this file instead of stdout.")  # fmt: skip
@click.option("--sku", "skus", multiple=True, help="Only this SKU (repeatable).")
@click.option("--engine", type=click.Choice(["local", "pool", "ray"]), default="local",
              show_default=True, help="Threads or processes here, or a Ray cluster.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1), default=None,
              help="How many threads, processes or actors; one per processor.")  # fmt: skip
@click.option("--incremental", is_flag=True,
              help="Compute only what a change can reach since the last such run.")  # fmt: skip
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write the state of all offers to this file, for `diff`.")  # fmt: skip
@click.option("--digest", is_flag=True, help="Print a hash of all offers on stderr.")
@click.option("--fail-on", type=click.Choice(["never", "blocked"]), default="never")
@profile_option
def offers(
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    output: Literal["text", "jsonl", "csv", "parquet"],
    out: Path | None,
    skus: tuple[str, ...],
    engine: Engine,
    workers: int | None,
    incremental: bool,
    state: Path | None,
    digest: bool,
    fail_on: str,
) -> None:
    """Compute the offers of all accounts: price, stock, content, and what is blocked and why.

    The catalogue is computed part by part, so memory does not grow with it. What is computed does
    not depend on the engine or on the number of workers: --digest shows it.
    """
    with stage("libraries"):
        from offerwright.engines.states import with_state
        from offerwright.evaluate.partitions import PART_ROWS, only, partitions

    if incremental and (skus or engine != "local"):
        raise click.UsageError("--incremental computes all offers here: no --sku, no --engine")
    _refuse_nowhere(engine, output, out)
    home, loadout = ready(root, bundle)
    wanted = known_accounts(accounts, [p.account.name for p in loadout.rules.plans])
    stored = current_snapshot(loadout, home, data)
    known_skus(skus, stored)
    is_text = output == "text" and out is None
    job = Job(
        rules=b"",
        snapshot=stored.facts,
        as_of=moment(as_of, loadout.rules.time_zone),
        accounts=tuple(p.account.name for p in loadout.rules.plans if p.account.name in wanted),
        rows=PART_ROWS,
        output=None if is_text else "jsonl" if output == "text" else output,
        has_digest=digest,
    )
    if skus:
        parts, where = only(loadout.rules, stored.facts, skus), _Where("local", 1)
    else:
        parts, where = partitions(loadout.rules, stored.facts), _where(engine, workers)
    if incremental:
        where = replace(where, memory=home / STATE / "memory")
    with ended_by_signal(), with_state(job, state) as job:
        tally = _computed(job, loadout, parts, where, out)
    _told(job, tally, out)
    blocked = any(status == "blocked" for _, status in tally.status)
    sys.exit(1 if blocked and fail_on == "blocked" else 0)


def _refuse_nowhere(engine: Engine, output: str, out: Path | None) -> None:
    """Raises `OfferwrightError` where the engine is not installed, or nobody could read it."""
    if engine == "ray":
        from offerwright.engines.on_ray import refuse_without_ray

        refuse_without_ray()
    if output == "parquet" and out is None and sys.stdout.isatty():
        raise OfferwrightError("Parquet is not for the terminal; give --out FILE")


def _told(job: Job, tally: Tally, out: Path | None) -> None:
    """What was computed, where it is not the output itself."""
    if job.output is None:
        _summary(job, tally)
        _oversell(tally)
    elif out is not None:
        tell(f"Wrote {number_of(tally.offers(), 'offer')} to {out}")
    if job.has_digest:
        tell(f"Digest of the offers: {tally.digest()}")


def _where(engine: Engine, workers: int | None) -> _Where:
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return _Where(engine, workers or (min(THREADS, here) if engine == "local" else here))


def _computed(
    job: Job, loadout: Loadout, parts: Partitions, where: _Where, out: Path | None
) -> Tally:
    """Compute all parts; the output is written when this returns, and not at all if it fails."""
    from offerwright.engines.pieces import put_together, room_for_pieces

    if job.output is None:
        return total(_tallies(job, loadout, parts, where))
    # A device or a pipe is written to; no file takes its place.
    file = None if out is not None and out.exists() and not out.is_file() else out
    with room_for_pieces(file) as folder:
        job = replace(job, folder=folder)
        tally = total(_tallies(job, loadout, parts, where))
        target = file or folder / "whole"
        put_together(job, len(parts), target)
        if out is None:
            _shown(target)
        elif file is None:
            with target.open("rb") as whole, out.open("wb") as there:
                shutil.copyfileobj(whole, there)
    return tally


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """Let SIGTERM end the command as an interrupt does, so that no pieces stay; once."""

    def end(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tallies(job: Job, loadout: Loadout, parts: Partitions, where: _Where) -> Iterator[Tally]:
    if where.memory is not None:
        from offerwright.cli.remembered import again

        return again(job, loadout, where.memory)
    if where.engine == "local":
        from offerwright.engines.local import run_here
        from offerwright.evaluate.run import Executor

        return run_here(job, Executor(loadout.rules), parts, where.workers)
    from offerwright.bundle.pack import pack

    job = replace(job, rules=pack(loadout), snapshot=job.snapshot.resolve())
    if where.engine == "pool":
        from offerwright.engines.pool import run_in_pool

        return counted(run_in_pool(job, len(parts), where.workers), len(parts))
    from offerwright.engines.on_ray import run_on_ray

    return counted(run_on_ray(job, len(parts), where.workers), len(parts))


def _shown(path: Path) -> None:
    """A file on stdout, a piece at a time."""
    with path.open("rb") as file:
        while chunk := file.read(shutil.COPY_BUFSIZE):  # type: ignore[attr-defined]  # no stub has it
            put(chunk)


def _summary(job: Job, tally: Tally) -> None:
    """Counts per account, and what is blocked by reason."""
    shown = ("offer", "partial", "blocked")
    rows = [
        (name, *map(str, (tally.offers(name), *(tally.status.get((name, s), 0) for s in shown))))
        for name in job.accounts
    ]
    headings = ("account", "offers", "whole", "partial", "blocked")
    for line in table(headings, rows, frozenset({1, 2, 3, 4})):
        echo(line)
    if tally.blocked:
        echo()
        body = [(*key, str(count)) for key, count in sorted(tally.blocked.items())]
        for line in table(("account", "aspect", "blocked by", "SKUs"), body, frozenset({3})):
            echo(line)


def _oversell(tally: Tally) -> None:
    """How much could be sold twice, of every pool that is shared."""
    rows = [
        (name, str(pool.units), str(pool.skus))
        for (_, _, name), pool in sorted(tally.pools.items())
        if pool.skus
    ]
    if rows:
        echo()
        headings = ("pool", "units that could be sold twice", "SKUs")
        for line in table(headings, rows, frozenset({1, 2})):
            echo(line)
