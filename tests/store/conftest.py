"""Every store of the table, opened on an empty folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offerwright.store import STORES, Store, open_store

URLS = {"sqlite": "sqlite:///.offerwright/state.db"}


@pytest.fixture(params=sorted(STORES))
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same store once more, as another process would."""
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(open_store(URLS[request.param], tmp_path, busy_s=0.2))
        return opened[-1]

    yield open_again
    for one in opened:
        one.close()


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    return reopen()
