"""Seconds and memory: in this process, and of one executor in a process of its own."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
STATUS = Path("/proc/self/status")
# `ru_maxrss` counts KB on Linux and bytes on macOS.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Task:
    """What one process of its own is to measure."""

    skus: int
    folder: str
    who: str = "engine"
    rows: int = 2_000
    rules: int = 40
    times: int = 3
    accounts: int = 4


@dataclass(frozen=True)
class Measured:
    """What it has found. Seconds are wall, medians; memory is the peak above the loaded input."""

    seconds: float
    cpu: float
    first: float
    peak_bytes: int
    digest: int
    offers: int

    @property
    def ns(self) -> float:
        """Nanoseconds an offer."""
        return self.seconds / self.offers * 1e9

    @property
    def bytes_each(self) -> float:
        """Bytes an offer."""
        return self.peak_bytes / self.offers


def timed(work: Callable[[], Any], times: int) -> tuple[float, float, Any]:
    """Wall and CPU seconds, medians, and the last result."""
    walls, cpus, result = [], [], None
    for _ in range(times):
        result = None
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus), result


def percentiles(work: Callable[[], Any], times: int) -> tuple[float, float]:
    """p50 and p99 in milliseconds, without the garbage collector's turns."""
    seconds = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            began = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - began)
    finally:
        gc.enable()
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2] * 1e3, ordered[int(len(ordered) * 0.99)] * 1e3


def memory_above(work: Callable[[], Any]) -> tuple[int, float]:
    """The peak of resident memory above what is there before, in bytes, and the seconds taken."""
    settle()
    before = resident()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    began = time.perf_counter()
    held = work()
    seconds = time.perf_counter() - began
    peak = high_water()
    del held
    return max(0, peak - before), seconds


def settle() -> None:
    """Give back to the system what is free."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def resident() -> int:
    """Bytes of resident memory now; where the system does not say, the most there ever were."""
    return _status("VmRSS") or _most()


def high_water() -> int:
    """The most there were since the mark was set."""
    return _status("VmHWM") or _most()


def _status(name: str) -> int:
    if not STATUS.is_file():
        return 0
    line = next(one for one in STATUS.read_text().splitlines() if one.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def _most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT


def compared(who: Iterable[str], task: Task) -> dict[str, Measured]:
    """
    The same task for several executors, each in a process of its own.

    Stops where two gave different outputs: a time of a wrong answer is no time.
    """
    found = {name: fresh(replace(task, who=name)) for name in who}
    digests = {name: one.digest for name, one in found.items()}
    if len(set(digests.values())) > 1:
        sys.exit(f"the outputs differ: {digests}")
    return found


def fresh(task: Task) -> Measured:
    """Measure one executor in a process of its own; NumPy has one thread for its texts too."""
    environment = dict(os.environ)
    if task.who == "numpy":
        environment["POLARS_MAX_THREADS"] = "1"
    return Measured(**child("one.py", [json.dumps(asdict(task))], environment))


def clocked(
    command: Sequence[str], cache: Path | None = None, cwd: Path | None = None
) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak MB of one command, which must end well."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(BENCH.parent / "engine"),
        "OFFERWRIGHT_CACHE_DIR": "" if cache is None else str(cache),
    }
    code, cpu, wall, peak, said = child("clocked.py", list(command), environment, cwd)
    if code != 0:
        sys.exit(f"{' '.join(command)} failed: {said}")
    return cpu, wall, peak * PEAK_UNIT / 1e6


def child(
    script: str,
    arguments: Sequence[str],
    environment: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> Any:
    """What a script of this folder says as JSON in its last line."""
    done = subprocess.run(
        [sys.executable, str(BENCH / script), *arguments],
        capture_output=True, text=True, env=environment, cwd=cwd, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{script} {' '.join(arguments)} failed: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
