"""The language server that editors run."""

from __future__ import annotations

from pathlib import Path

import pytest
from editing.install import node_modules


@pytest.fixture(scope="session")
def language_server_script() -> Path:
    return node_modules() / "yaml-language-server/bin/yaml-language-server"
