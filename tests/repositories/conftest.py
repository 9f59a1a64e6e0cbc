"""The Olist sources, prepared once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories.documents import SHARED_OLIST
from repositories.preparation import PREPARE


@pytest.fixture(scope="session")
def olist_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not SHARED_OLIST.is_dir():
        pytest.skip("the Olist data are not beside the repository")
    out = tmp_path_factory.mktemp("olist")
    PREPARE.prepare(SHARED_OLIST, out, fill=False)
    return out
