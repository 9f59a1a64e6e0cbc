"""A desk of its own for every test that asks who agreed."""

from __future__ import annotations

from pathlib import Path

import pytest
from review.desk import Desk, begun, copied


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Tests only copy it."""
    return begun(tmp_path_factory.mktemp("desk") / "shop")


@pytest.fixture
def desk(started: Desk, tmp_path: Path) -> Desk:
    return copied(started, tmp_path / "shop")
