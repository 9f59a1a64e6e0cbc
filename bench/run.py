"""
How fast, how flat, how small: figures for `RESULTS.md`, beside what one would use instead.

    python bench/run.py                  all sections, written to bench/RESULTS.md
    python bench/run.py --quick          small sizes in about two minutes, printed only
    python bench/run.py --only NAME      these sections alone; the others stay as they are
    python bench/run.py --skus 100000    a smaller catalogue, for machines with little memory
    python bench/run.py --keep DIR       keep the generated snapshots there, for the next run

Outputs of all peers are compared with the engine's before a time is printed. A figure is never a
test: machines differ. A new section is a module under `sections/` with `section(setup) -> str`, and
a line in `SECTIONS`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from results import RESULTS, Setup, heading, sections_of, written

SECTIONS = {
    "evaluation": "sections.evaluation",
    "tables": "sections.tables",
    "conditions": "sections.conditions",
    "few": "sections.few",
    "payloads": "sections.payloads",
    "ledger": "sections.ledger",
    "streaming": "sections.streaming",
    "pool": "sections.pool",
    "difference": "sections.difference",
    "review": "sections.review",
    "commands": "sections.commands",
    "analysis": "sections.analysis",
    "check": "sections.check",
    "startup": "sections.startup",
    "explain": "sections.explain",
}
"""In the order of the file: the name that `--only` takes, and the module."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=sorted(SECTIONS), metavar="NAME")
    parser.add_argument("--skus", type=int, default=Setup.largest, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory("-bench")))
        folder.mkdir(parents=True, exist_ok=True)
        setup = Setup(folder, given.quick, given.skus)
        print(heading(setup))
        for name in (name for name in SECTIONS if name in (given.only or SECTIONS)):
            made = measured(setup, name)
            if not given.quick:
                keep(setup, name, made)


def measured(setup: Setup, name: str) -> str:
    """One section, printed as it comes."""
    began = time.perf_counter()
    made: str = importlib.import_module(SECTIONS[name]).section(setup) + busy()
    print(made, flush=True)
    print(f"({name}: {time.perf_counter() - began:.0f} s)\n", file=sys.stderr, flush=True)
    return made


def busy() -> str:
    """A line where other work ran beside the measurement."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load < 2 * cores:
        return ""
    return (
        f"\nOther work ran on the machine (load {load:.0f} on {cores} cores): wall seconds are too "
        "long and uneven, seconds of CPU hold better.\n"
    )


def keep(setup: Setup, name: str, made: str) -> None:
    """Write one section into the file; what was measured counts, should a later one fail."""
    held = sections_of(RESULTS.read_text("utf-8")) | {name: made}
    ordered = {name: held[name] for name in SECTIONS if name in held}
    RESULTS.write_text(written(heading(setup), ordered), encoding="utf-8")


if __name__ == "__main__":
    main()
