"""
One executor, alone in its process: seconds, memory above the input, a digest of all outputs.

Run by `measure.fresh`; its argument is a `Task` as JSON, what it finds stands in its last line.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from catalogue import snapshot
from markets import MARKETS
from measure import Measured, Task, memory_above, timed
from peers.outputs import Outputs, digest, of_engine
from ruledata import RuleData, make_rules
from workload import Spec, write_rules

AS_OF = datetime(2026, 11, 24, 12, tzinfo=UTC)
Work = Callable[[pl.DataFrame], Any]


def main() -> None:
    task = Task(**json.loads(sys.argv[1]))
    frame = input_of(task)
    work, digested = _EXECUTORS[task.who](task)
    work(frame.head(100))
    peak, first = memory_above(lambda: work(frame))
    seconds, cpu, _ = timed(lambda: work(frame), task.times)
    print(json.dumps(asdict(Measured(
        seconds, cpu, first, peak, digested(frame), len(frame) * task.accounts
    ))))  # fmt: skip


def input_of(task: Task) -> pl.DataFrame:
    """The snapshot, made once and then read: what making it leaves behind would hide memory."""
    file = Path(task.folder) / f"snapshot-{task.skus}.arrow"
    if not file.exists():
        snapshot(task.skus).write_ipc_stream(file)
    return pl.read_ipc_stream(file).rechunk()


def loadout_of(task: Task) -> Any:
    """The rules of a task, written as a repository and loaded."""
    from offerwright.pipeline import load

    root = Path(task.folder) / f"rules-{task.rows}-{task.rules}-{task.accounts}"
    write_rules(root, Spec(0, task.rows, task.rules, task.accounts))
    return load(root)


def engine_of(task: Task) -> Any:
    """An executor for the rules of a task."""
    from offerwright.evaluate.run import Executor

    return Executor(loadout_of(task).rules)


def _engine(workers: int, flat: bool) -> Callable[[Task], tuple[Work, Callable[..., int]]]:
    def made(task: Task) -> tuple[Work, Callable[..., int]]:
        from offerwright.evaluate.bulk import listings, mapped
        from offerwright.evaluate.partitions import partitions

        executor = engine_of(task)
        rules = executor.rules

        def offers(frame: pl.DataFrame) -> int:
            return sum(mapped(executor, partitions(rules, frame), _counted, workers))

        def rows(frame: pl.DataFrame) -> int:
            parts = partitions(rules, frame)
            return sum(len(one) for one in listings(executor, parts, AS_OF, workers=workers))

        def digested(frame: pl.DataFrame) -> int:
            parts = mapped(executor, partitions(rules, frame), _digested, workers)
            return sum(parts) % 2**64

        return (rows if flat else offers), digested

    return made


def _counted(executor: Any, block: Any) -> int:
    """All offers of one part: every account's frame, made and let go."""
    from offerwright.evaluate.bulk import run_block

    return sum(len(one.frame) for one in run_block(executor, block, AS_OF))


def _digested(executor: Any, block: Any) -> int:
    from offerwright.evaluate.bulk import run_block

    frames = {one.account.name: one.frame for one in run_block(executor, block, AS_OF)}
    return digest(of_engine(frames), block.start)


def _peer(module: str, name: str) -> Callable[[Task], tuple[Work, Callable[..., int]]]:
    def made(task: Task) -> tuple[Work, Callable[..., int]]:
        import importlib

        rules: RuleData = make_rules(task.rows, task.rules)
        peer = getattr(importlib.import_module(f"peers.{module}"), name)
        run: Callable[[pl.DataFrame], Outputs] = peer(rules, MARKETS[: task.accounts]).run
        return run, lambda frame: digest(run(frame))

    return made


CORES = os.cpu_count() or 1
_EXECUTORS = {
    "engine": _engine(1, False),
    "engine, all cores": _engine(CORES, False),
    "engine, flat rows": _engine(1, True),
    "engine, flat rows, all cores": _engine(CORES, True),
    "numpy": _peer("by_numpy", "ByNumpy"),
    "polars": _peer("by_polars", "ByPolars"),
    "decimal": _peer("by_decimal", "ByDecimal"),
    "zen": _peer("by_zen", "ByZen"),
}


def installed(who: str) -> bool:
    """Whether the peer is there; only zen-engine and durable-rules may be missing."""
    import importlib.util

    module = {"zen": "zen", "durable": "durable"}.get(who)
    return module is None or importlib.util.find_spec(module) is not None


def names() -> Iterator[str]:
    """Every executor that can run here."""
    return (who for who in _EXECUTORS if installed(who))


if __name__ == "__main__":
    main()
