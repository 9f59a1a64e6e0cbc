"""Two whole catalogues beside each other, and runs that follow another one."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from catalogue import snapshot
from measure import Task
from one import AS_OF, engine_of
from results import Setup

from offerwright.compare.difference import Difference, difference
from offerwright.compare.offer_state import AccountState, OfferState, merged, offer_state
from offerwright.evaluate.bulk import listings
from offerwright.evaluate.listing import listing
from offerwright.evaluate.partitions import partitions
from offerwright.evaluate.run import Executor
from offerwright.incremental.memory_file import MemoryWriter, read_memory
from offerwright.incremental.run import incremental
from offerwright.incremental.standing import Asked
from offerwright.rules.plan import RuleSet

ACCOUNTS = 4


def section(setup: Setup) -> str:
    """The tables, as Markdown."""
    return f"""## Differences, and runs after a change

`python bench/run.py --only difference`. CPU seconds, medians of {setup.times} runs.

{_differences(setup)}

{_changes(setup)}
"""


def _cpu(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    found, seconds = None, []
    for _ in range(times):
        began = time.process_time()
        found = work()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds), found


def _differences(setup: Setup) -> str:
    size = setup.whole
    random = np.random.default_rng(20_261_124)
    before = _state(random, size)
    same, moved = _edited(before, random), _moved(_edited(before, random), random)
    lines = []
    for name, after in (("the same SKUs", same), ("1 % of the SKUs new, 1 % gone", moved)):
        seconds, found = _cpu(lambda: difference(before, after), setup.times)  # noqa: B023
        lines.append(f"| {name}, 1 % of prices changed | {_found(found)} | {seconds:.3f} |")
    columns = "\n".join(lines)
    offers = f"{ACCOUNTS * size:,}"
    return f"""Difference of {offers} against {offers} offers, 32 bytes of state each:

| what changed | differences | seconds |
|---|---|---|
{columns}

{_built(setup)}"""


def _state(random: np.random.Generator, size: int) -> OfferState:
    def account(number: int) -> AccountState:
        keys = np.unique(random.integers(0, 2**63, size, dtype=np.uint64) << np.uint64(1))
        return AccountState(f"a{number}", keys, random.integers(0, 2**63, (3, len(keys)),
                                                                dtype=np.uint64))  # fmt: skip

    return OfferState(tuple(account(n) for n in range(ACCOUNTS)))


def _edited(state: OfferState, random: np.random.Generator) -> OfferState:
    """Another hash of the price in one offer of a hundred."""
    found = []
    for one in state.accounts:
        aspects = one.aspects.copy()
        aspects[0] ^= (random.random(len(one)) < 0.01).astype(np.uint64)
        found.append(AccountState(one.account, one.keys, aspects))
    return OfferState(tuple(found))


def _moved(state: OfferState, random: np.random.Generator) -> OfferState:
    found = []
    for one in state.accounts:
        stays = random.random(len(one)) >= 0.01
        # Keys that are odd are nobody's yet.
        new = np.unique(random.integers(0, 2**64, len(one) // 100, dtype=np.uint64) | np.uint64(1))
        more = random.integers(0, 2**63, (3, len(new)), dtype=np.uint64)
        keys = np.concatenate([one.keys[stays], new])
        order = np.argsort(keys)
        aspects = np.concatenate([one.aspects[:, stays], more], axis=1)
        found.append(AccountState(one.account, keys[order], aspects[:, order]))
    return OfferState(tuple(found))


def _found(found: Difference) -> str:
    total = sum(len(a.added) + len(a.removed) + len(a.changed) for a in found.accounts)
    return f"{total:,}"


def _built(setup: Setup) -> str:
    """What a state costs to make, in parts as a run does."""
    size = min(setup.whole, 100_000)
    executor, frame = engine_of(Task(size, str(setup.folder))), snapshot(size)
    made = [listing(one) for one in executor.run(frame, AS_OF)]
    parts = [one.slice(n, 65_536) for one in made for n in range(0, size, 65_536)]
    seconds, state = _cpu(lambda: merged(offer_state(part) for part in parts), setup.times)
    return (
        f"The state of {len(state):,} offers of the workload takes "
        f"{seconds / len(state) * 1e9:.0f} nanoseconds an offer to make."
    )


def _changes(setup: Setup) -> str:
    size = min(setup.whole, 100_000)
    rules, frame = engine_of(Task(size, str(setup.folder))).rules, snapshot(size)
    executor, parts = Executor(rules), partitions(rules, frame)

    def whole() -> None:
        for _ in listings(executor, parts, AS_OF):
            pass

    full, _ = _cpu(whole, setup.times)
    lines = [f"| everything, nothing remembered | {ACCOUNTS * size:,} | {full:.2f} | 1 |"]
    with tempfile.TemporaryDirectory() as folder:
        _again(Path(folder), rules, frame)
        for count in (0, 10, size // 100):
            seconds = []
            for turn in range(setup.times):
                edited = _costs(frame, count, turn)
                began = time.process_time()
                computed = _again(Path(folder), rules, edited)
                seconds.append(time.process_time() - began)
                _again(Path(folder), rules, frame)
            middle = statistics.median(seconds)
            lines.append(
                f"| {count:,} costs changed | {computed:,} | {middle:.2f} | {middle / full:.2f} |"
            )
    table = "\n".join(lines)
    return f"""Offers of {size:,} SKUs x {ACCOUNTS} accounts after a change, kept for the next run:

| what | offers computed | seconds | ratio |
|---|---|---|---|
{table}

In the last rows every fact that a rule reads is hashed, what has changed is computed and kept. The
offers that have not changed are not read; a command that shows all of them reads them besides."""


def _costs(frame: pl.DataFrame, count: int, turn: int) -> pl.DataFrame:
    """A cent more for so many SKUs."""
    chosen = np.zeros(len(frame), dtype=bool)
    chosen[np.random.default_rng(turn).choice(len(frame), count, replace=False)] = True
    cost = pl.col("cost")
    dearer = pl.when(pl.Series(chosen)).then(cost + pl.lit("0.01").cast(frame.schema["cost"]))
    return frame.with_columns(dearer.otherwise(cost).cast(frame.schema["cost"]).alias("cost"))


def _again(folder: Path, rules: RuleSet, frame: pl.DataFrame) -> int:
    """A run that follows the one in the folder; how many offers it computed."""
    memory, _ = read_memory(folder, "bench")
    found = incremental(memory, Asked(rules, frame, AS_OF, files="the same"))
    with MemoryWriter(folder, "bench", found) as writer:
        for part in found.run():
            writer.add(part)
        writer.finish()
    return sum(sides["told"] for sides in found.counts.values())
