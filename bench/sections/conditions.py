"""How the evaluation grows with rules that have conditions: sets, ranges, several columns."""

from __future__ import annotations

from measure import Measured, Task, compared
from one import installed
from results import Setup

RULES = (40, 1_000, 5_000)
MOST_POLARS = 1_000


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    found = {rules: _measured(setup, rules) for rules in RULES}
    lines = [
        _line("**engine**", [found[rules]["engine"] for rules in RULES]),
        _line("NumPy by hand, bit masks", [found[rules]["numpy"] for rules in RULES]),
        _line("Polars by hand, coalesced", [found[rules].get("polars") for rules in RULES]),
    ]
    first = " | ".join(f"{found[rules]['engine'].first:.2f}" for rules in RULES)
    head = " | ".join(f"{rules:,} rules" for rules in RULES)
    return f"""## Conditional rules

`python bench/run.py --only conditions`. The whole evaluation of {setup.whole:,} SKUs for four
accounts, seconds. The conditions come in six shapes: a category and a range of costs, brands,
categories and weights, brands and categories, costs and seasons, condition and categories. Growth
from {RULES[0]:,} to {RULES[-1]:,} rules, of the seconds and of those of CPU.

| executor | {head} | growth | CPU growth |
|---|---|---|---|---|---|
{chr(10).join(lines)}

The engine's first run, tables not walked yet, took {first} seconds. Polars has an
expression for every rule, and was asked for {RULES[0]:,} only.
{_durable(setup)}"""


def _measured(setup: Setup, rules: int) -> dict[str, Measured]:
    who = ["engine", "numpy", *(["polars"] if rules < MOST_POLARS else [])]
    times = setup.times if rules < MOST_POLARS else 1
    return compared(who, Task(setup.whole, str(setup.folder), rules=rules, times=times))


def _line(name: str, found: list[Measured | None]) -> str:
    seen = " | ".join("–" if one is None else f"{one.seconds:.2f}" for one in found)
    first, last = found[0], found[-1]
    if first is None or last is None:
        return f"| {name} | {seen} | – | – |"
    growth, cpu = last.seconds / first.seconds, last.cpu / first.cpu
    return f"| {name} | {seen} | {growth:.1f} | {cpu:.1f} |"


def _durable(setup: Setup) -> str:
    """The conditions alone: durable-rules has no tables, amounts or texts."""
    if not installed("durable"):
        return "durable-rules is not installed here.\n"
    from catalogue import snapshot
    from measure import timed
    from peers.by_decimal import asked
    from peers.by_durable import ByDurable
    from ruledata import make_rules

    rules, frame = make_rules(), snapshot(setup.sample)
    records = frame.to_dicts()

    def walk() -> list[int]:
        tests = list(enumerate(rules.conditionals))
        return [next((n for n, c in tests if asked(c, record)), -1) for record in records]

    peer = ByDurable(rules)
    seconds, _, found = timed(lambda: peer.first(frame), 3)
    plain, _, expected = timed(walk, 3)
    if found != expected:
        raise SystemExit("durable-rules finds other rules")
    micros = [one / len(records) * 1e6 for one in (seconds, plain)]
    return f"""
durable-rules goes as far as the {len(rules.conditionals)} conditions: which of them comes first
took it {micros[0]:.0f} µs a SKU, a walk over them in Python {micros[1]:.0f} µs. It has no tables,
decimals or results.
"""
