"""An incremental run says byte for byte what a run over everything says, whatever has changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from engine_under_test import compiled, live_frame, sound
from evaluate import generated_inventory
from evaluate.generated_repository import repositories
from evaluate.generated_shop import AS_OF, Pick
from hypothesis import given, settings
from hypothesis import strategies as st
from typed_rows import frame_from_rows

from offerwright.errors import has_errors
from offerwright.evaluate.listing import listing
from offerwright.evaluate.run import Executor
from offerwright.incremental.memory import Memory
from offerwright.incremental.run import incremental, remembering
from offerwright.incremental.standing import Asked

# Three runs of two repositories each: few by default, many with the deep profile.
EXAMPLES = max(6, (settings.default.max_examples if settings.default else 50) // 8)
PROVED = ("RULES_OVERLAP", "DEAD_ROW", "RESULTS_CONFLICT", "ROW_NEVER_MATCHES", "TABLE_GAP")
# Around the windows, the rates and the ages of the generated shops.
JUMPS = (0, 1, 60, 3_600, 86_400, 7 * 86_400, -1, -86_400)


@dataclass(frozen=True)
class Shop:
    """Everything that offers are computed from."""

    files: Mapping[str, str]
    rows: list[dict[str, Any]]
    live: dict[str, dict[str, dict[str, Any]]]
    as_of: datetime

    def asked(self, part_rows: int) -> Asked:
        loadout = sound(self.files)
        frame = frame_from_rows(loadout.schema, self.rows)
        live = {account: live_frame(offers) for account, offers in self.live.items()}
        return Asked(loadout.rules, frame, self.as_of, live, part_rows=part_rows)


def full(asked: Asked) -> dict[str, pl.DataFrame]:
    found = Executor(asked.rules).run(asked.snapshot, asked.as_of, asked.live)
    return {one.account.name: listing(one) for one in found}


def assert_equal_runs(memory: Memory | None, asked: Asked) -> Memory:
    """The memory of an incremental run that was compared with a full one."""
    found, kept = remembering(incremental(memory, asked))
    expected = full(asked)

    assert found.keys() == expected.keys()
    for account, frame in expected.items():
        assert found[account].schema == frame.schema, account
        assert found[account].to_dicts() == frame.to_dicts(), account
    return kept


def edited(pick: Pick, shop: Shop, other: Shop) -> Shop:
    """Some of what can change between two runs; `other` is where new things come from."""
    rows = copy.deepcopy(shop.rows)
    for _ in range(pick.number(0, 2)):
        _edit_row(pick, rows, other.rows)
    if pick.chance(20):
        rows = rows[1:] if len(rows) > 1 else rows
    if pick.chance(20):
        rows = rows[::-1]
    live = copy.deepcopy(shop.live)
    if pick.chance(30):
        account = pick.one(*(other.live or {"a1": {}}))
        live[account] = {**live.get(account, {}), **other.live.get(account, {})}
    if pick.chance(10):
        live = {}
    as_of = shop.as_of + timedelta(seconds=pick.one(*JUMPS)) if pick.chance(50) else shop.as_of
    return Shop(_edited_files(pick, shop, other), rows, live, as_of)


def _edit_row(pick: Pick, rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    source = pick.one(*others)
    if pick.chance(25) and source["sku"] not in {row["sku"] for row in rows}:
        rows.insert(pick.number(0, len(rows)), dict(source))
        return
    row = pick.one(*rows)
    for name in pick.some(sorted({*row, *source} - {"sku"}) or ["sku"], 0, 3):
        if name == "sku":
            continue
        row.pop(name, None)
        if name in source:
            row[name] = source[name]


def _edited_files(pick: Pick, shop: Shop, other: Shop) -> Mapping[str, str]:
    files = dict(shop.files)
    if pick.chance(30):
        moved = pick.one(*sorted(name for name in files if name.startswith("rules/")))
        files[moved] = f"# a line\n{files[moved]}" if moved.endswith(".yaml") else files[moved]
    if pick.chance(50):
        shared = sorted(
            name for name in files.keys() | other.files.keys()
            if name.startswith(("rules/", "marketplaces/")) and files.get(name) != other.files.get(name)
        )  # fmt: skip
        for name in pick.some(shared, 0, 1) if shared else []:
            with_it = {n: t for n, t in files.items() if n != name}
            with_it |= {name: other.files[name]} if name in other.files else {}
            loadout, found = compiled(with_it)
            if loadout is not None and not has_errors(d for d in found if d.code not in PROVED):
                files = with_it
    return files


def _shop(generated: Any) -> Shop:
    return Shop(generated.files, generated.rows, generated.live, AS_OF)


@settings(max_examples=EXAMPLES)
@given(repositories(most_rows=8), repositories(most_rows=8), st.data())
def test_prices_and_content_after_any_changes(first: Any, other: Any, data: st.DataObject) -> None:
    _three_runs(_shop(first), _shop(other), data)


@settings(max_examples=EXAMPLES)
@given(generated_inventory.shops(), generated_inventory.shops(), st.data())
def test_stock_of_kits_and_shared_pools_after_any_changes(
    first: Any, other: Any, data: st.DataObject
) -> None:
    _three_runs(_shop(first), _shop(other), data)


def _three_runs(shop: Shop, other: Shop, data: st.DataObject) -> None:
    pick = Pick(data.draw)
    part_rows = pick.one(100, 3)
    memory = assert_equal_runs(None, shop.asked(part_rows))
    for _ in range(2):
        shop = edited(pick, shop, other)
        memory = assert_equal_runs(memory, shop.asked(part_rows))
