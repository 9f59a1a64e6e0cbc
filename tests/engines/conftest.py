"""The reference repository as jobs: its bundle and its snapshot on disk."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from offerwright.bundle.pack import pack
from offerwright.engines.job import Job
from offerwright.facts.snapshot import StoredSnapshot, build_snapshot, open_snapshot, write_snapshot
from offerwright.loadout import Loadout
from offerwright.pipeline import load

ROOT = Path(__file__).parents[2]
AS_OF = datetime.fromisoformat("2026-11-27T09:30:00-03:00")


@pytest.fixture(scope="session")
def loadout() -> Loadout:
    return load(ROOT)


@pytest.fixture(scope="session")
def stored(loadout: Loadout, tmp_path_factory: pytest.TempPathFactory) -> StoredSnapshot:
    snapshot = build_snapshot(loadout.schema, loadout.shop.document, ROOT)
    return open_snapshot(write_snapshot(snapshot, tmp_path_factory.mktemp("snapshots")))


@pytest.fixture(scope="session")
def rules(loadout: Loadout) -> bytes:
    return pack(loadout)


@pytest.fixture
def job(loadout: Loadout, stored: StoredSnapshot, rules: bytes, tmp_path: Path) -> Job:
    """All accounts, in parts of 101 of the 498 SKUs, as JSON lines."""
    accounts = tuple(plan.account.name for plan in loadout.rules.plans)
    folder = tmp_path / "pieces"
    folder.mkdir()
    return Job(rules, stored.facts, AS_OF, accounts, 101, "jsonl", folder, has_digest=True)
