"""One SKU and a hundred, warm: what a changed price or a sold unit costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
from catalogue import snapshot
from measure import Task, percentiles, timed
from one import AS_OF, engine_of, installed, loadout_of
from peers.by_decimal import ByDecimal
from peers.by_numpy import ByNumpy
from peers.by_polars import ByPolars
from peers.outputs import of_engine, require_equal
from results import Setup
from ruledata import RuleData, make_rules

from offerwright.cli.collector import collect_seldom

COUNTS = (1, 100)
CATALOGUE = 10_000
ACTIONS = ("price", "stock", "content")


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    collect_seldom()
    task, times = Task(CATALOGUE, str(setup.folder)), 30 if setup.quick else 300
    executor, frame = engine_of(task), snapshot(CATALOGUE)
    executor.run(frame, AS_OF)
    write = _writer(task)

    def offers(part: pl.DataFrame) -> Any:
        return executor.run(part, AS_OF)

    engine = [
        ("**engine, offers**", offers, times),
        ("**engine, offers and payloads**", lambda part: write(offers(part)), times),
    ]
    lines = [_line(name, work, frame, count) for name, work, count in engine]
    peers = _peers(make_rules(), frame, offers, times)
    lines += [_line(name, work, frame, count) for name, work, count in peers]
    return f"""## One SKU, a hundred SKUs

`python bench/run.py --only few`. All four accounts, warm, milliseconds; p50 / p99 of {times} calls.
Payloads are price, stock and content of every account. The garbage collector is set for all of
them as commands set it.

| executor | {" | ".join(f"{n} SKU{'s' if n > 1 else ''}" for n in COUNTS)} |
|---|---|---|
{chr(10).join(lines)}
"""


def _line(name: str, work: Callable[[pl.DataFrame], Any], frame: pl.DataFrame, times: int) -> str:
    cells = []
    for count in COUNTS:
        parts = [frame.slice(count * n, count) for n in range(20)]
        for part in parts:
            work(part)
        turn = iter(range(10**9))
        few = max(5, times // 10) if count > 1 else times
        p50, p99 = percentiles(lambda: work(parts[next(turn) % 20]), few)  # noqa: B023
        cells.append(f"{p50:.2f} / {p99:.2f}")
    return f"| {name} | {' | '.join(cells)} |"


def _writer(task: Task) -> Callable[[Any], int]:
    """All bodies that a change can send: price, stock, content of every account."""
    from offerwright.marketplaces.render import render
    from offerwright.marketplaces.texts import Texts

    marketplaces = loadout_of(task).marketplaces

    def write(offers: Any) -> int:
        written = 0
        for one in offers:
            marketplace, account = marketplaces[one.account.marketplace], one.account
            settings = marketplace.account_settings(
                account.site or None, account.currency, account.settings
            )
            texts = Texts(one.frame)
            for action in ACTIONS:
                written += len(render(marketplace.payloads[action], texts, settings))
        return written

    return write


def _peers(
    rules: RuleData, frame: pl.DataFrame, offers: Callable[[pl.DataFrame], Any], times: int
) -> list[tuple[str, Callable[[pl.DataFrame], Any], int]]:
    """The peers that are installed, compared first; the slow ones are asked less often."""
    made: list[tuple[Any, int]] = [
        (ByNumpy(rules), times), (ByPolars(rules), times), (ByDecimal(rules), max(10, times // 6)),
    ]  # fmt: skip
    if installed("zen"):
        from peers.by_zen import ByZen

        made.append((ByZen(rules), max(10, times // 6)))
    sample = frame.head(100)
    expected = of_engine({one.account.name: one.frame for one in offers(sample)})
    for peer, _ in made:
        _, _, found = timed(lambda: peer.run(sample), 1)  # noqa: B023
        require_equal(expected, found, peer.name)
    return [(peer.name, peer.run, count) for peer, count in made]
