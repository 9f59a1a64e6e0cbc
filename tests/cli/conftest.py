"""Shops in folders of their own, and marketplaces on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.market import QUICK, Market
from cli.shop import MARKETPLACES, Shop, quick_market, reference_shop, small_shop

from offerwright.sandbox.serve import RunningSandbox, serve


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return small_shop(tmp_path)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A copy of the reference repository; tests only read it."""
    return reference_shop(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folders = [p.parent for p in sorted(MARKETPLACES.glob("*/sandbox.yaml"))]
    folders.append(quick_market(tmp_path_factory.mktemp("markets") / QUICK))
    with serve(folders, seed=7) as running:
        yield running


@pytest.fixture
def market(serving: RunningSandbox) -> Market:
    """The marketplaces without any listing and with nothing going wrong."""
    serving.sandbox.reset()
    return Market(serving)
