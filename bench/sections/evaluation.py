"""The whole evaluation, engine and peers, and how it grows with the catalogue."""

from __future__ import annotations

from measure import Measured, Task, compared
from one import CORES, installed
from results import Setup

COLUMNS = {
    "numpy": "NumPy by hand, 1 thread",
    "engine": "**engine, offers**",
    "engine, all cores": f"**engine, offers, {CORES} threads**",
    "engine, flat rows": "engine, offers as flat rows with causes and rules",
    "engine, flat rows, all cores": f"the same, {CORES} threads",
    "polars": "Polars by hand, joins and coalesced conditions",
}
"""By executor, what its line is called."""
BY_ROW = {"zen": "zen-engine, `evaluate_batch`", "decimal": "Python interpreter, `Decimal`"}


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    found = {size: _at(setup, size) for size in setup.sizes}
    small = _by_row(setup)
    whole = found[setup.whole]
    lines = [_line(name, [found[size][who] for size in setup.sizes], whole["numpy"])
             for who, name in COLUMNS.items()]  # fmt: skip
    lines += [_slow(BY_ROW[who], one, setup, whole["numpy"]) for who, one in small.items()]
    head = " | ".join(f"{size:,}" for size in setup.sizes)
    return f"""## Evaluation: price, stock, category, attributes and title for four accounts

`python bench/run.py --only evaluation`. Seconds by number of SKUs; of the largest also the ratio
to NumPy, nanoseconds an offer, seconds of CPU, and the peak memory above the input, bytes an offer.

| executor | {head} | ratio | ns | CPU s | CPU ratio | bytes |
|---|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}

In brackets: by so many SKUs as {setup.sample:,} took, as it grows evenly. The engine goes through
the catalogue in parts (`evaluate.bulk`) and lets each go; the others hold all outputs. It also
keeps blocks, notes and which rules ran, checks the addresses of pictures, and writes list prices
and currencies; the peers do not. Guards are judged when a plan is made, not here. NumPy has no
texts: they are built by Polars, on one thread too.
{_left_out(small)}"""


def _at(setup: Setup, size: int) -> dict[str, Measured]:
    return compared(COLUMNS, Task(size, str(setup.folder), times=setup.times))


def _by_row(setup: Setup) -> dict[str, Measured]:
    """Peers that go row by row, on a sample, compared with the engine on the same."""
    who = [name for name in BY_ROW if installed(name)]
    found = compared(["engine", *who], Task(setup.sample, str(setup.folder), times=1))
    return {name: found[name] for name in who}


def _line(name: str, found: list[Measured], numpy: Measured) -> str:
    last = found[-1]
    seconds = " | ".join(f"{one.seconds:.3f}" for one in found)
    return (
        f"| {name} | {seconds} | {last.seconds / numpy.seconds:.2f} | {last.ns:.0f} "
        f"| {last.cpu:.2f} | {last.cpu / numpy.cpu:.2f} | {last.bytes_each:.0f} |"
    )


def _slow(name: str, one: Measured, setup: Setup, numpy: Measured) -> str:
    factors = [size / setup.sample for size in setup.sizes]
    seconds = " | ".join(f"({one.seconds * factor:.1f})" for factor in factors)
    ratio = one.seconds * factors[-1] / numpy.seconds
    return f"| {name} | {seconds} | {ratio:.0f} | {one.ns:.0f} | | | |"


def _left_out(small: dict[str, Measured]) -> str:
    missing = [name for who, name in BY_ROW.items() if who not in small]
    return f"Not installed here: {', '.join(missing)}.\n" if missing else ""
