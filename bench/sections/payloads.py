"""Bodies in bulk: every payload of the four marketplaces, beside dict and orjson."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import polars as pl
from catalogue import snapshot
from measure import Task, timed
from one import AS_OF, engine_of, loadout_of
from peers.by_dict import dumped, learned, ready_rows
from results import Setup

EXAMPLES = 300


@dataclass(frozen=True)
class Told:
    """One account: what it is told, and by which payloads."""

    marketplace: Any
    frame: pl.DataFrame
    settings: Mapping[str, str]


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    size = setup.sizes[1]
    task = Task(size, str(setup.folder))
    told = accounts(task)
    lines, ours, theirs = [], 0.0, 0.0
    for one in told:
        for name, payload in sorted(one.marketplace.payloads.items()):
            if payload.action == "end":
                continue
            octets, quick, slow = _measured(payload, _sent(payload, one), setup.times)
            ours, theirs = ours + quick, theirs + slow
            lines.append(f"| {one.marketplace.name} {name} | {octets:.0f} | {quick:.2f} "
                         f"| {slow:.2f} | {slow / quick:.1f} |")  # fmt: skip
    together = _together(told, setup.times)
    return f"""## Payloads in bulk

`python bench/run.py --only payloads`. {size:,} SKUs; microseconds an offer that has a body. The
peer has its rows ready as tuples of plain values, and makes a dict literal and its bytes; both say
the same.

| payload | bytes | **engine** | dict + orjson | ratio |
|---|---|---|---|---|
{chr(10).join(lines)}
| all, one by one | | {ours:.2f} | {theirs:.2f} | {theirs / ours:.1f} |
| all, from one set of texts | | {together:.2f} | | {theirs / together:.1f} |
"""


def accounts(task: Task) -> list[Told]:
    """The offers of every account, with what writing them needs."""
    loadout = loadout_of(task)
    offers = engine_of(task).run(snapshot(task.skus), AS_OF)
    found = []
    for one in offers:
        marketplace, account = loadout.marketplaces[one.account.marketplace], one.account
        settings = marketplace.account_settings(
            account.site or None, account.currency, account.settings
        )
        found.append(Told(marketplace, one.frame, settings))
    return found


def _sent(payload: Any, told: Told) -> Told:
    """The offers that such a body is sent for: content that is withheld is not."""
    if payload.aspect != "content":
        return told
    return replace(told, frame=told.frame.filter(pl.col("title").is_not_null()))


def _measured(payload: Any, told: Told, times: int) -> tuple[float, float, float]:
    """Bytes of one, and microseconds of the engine and of the peer."""
    from offerwright.marketplaces.render import render

    names, rows = ready_rows(told.frame)
    seconds, _, bodies = timed(lambda: render(payload, told.frame, told.settings), times)
    parts = [name for name in bodies.columns if name != "row"]
    written = [rows[row] for row in bodies["row"].to_list()]
    octets, slow = 0.0, 0.0
    for part in parts:
        texts = bodies[part].to_list()
        build = learned(names, written[:EXAMPLES], texts[:EXAMPLES])
        if any(build(row) != orjson.loads(text) for row, text in zip(written, texts, strict=True)):
            raise SystemExit(f"{payload.name}: dict and orjson say something else")
        spent, _, _ = timed(lambda: dumped(build, written), times)  # noqa: B023
        octets += sum(map(len, map(str.encode, texts))) / len(texts)
        slow += spent
    return octets, seconds / len(bodies) * 1e6, slow / len(bodies) * 1e6


def _together(told: list[Told], times: int) -> float:
    """Microseconds of all payloads of an offer, as `plan` writes them: texts are made once."""
    from offerwright.marketplaces.render import render
    from offerwright.marketplaces.texts import Texts

    def work() -> int:
        written = 0
        for one in told:
            texts = Texts(one.frame)
            for payload in one.marketplace.payloads.values():
                if payload.action != "end":
                    written += len(render(payload, texts, one.settings))
        return written

    seconds, _, _ = timed(work, times)
    return seconds / len(told[0].frame) * 1e6
