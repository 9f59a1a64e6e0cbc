"""Installs the language server once, into a cache, where npm and a registry are at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from editing.language_server import LanguageServer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
INSTALL_LIMIT_S = 120


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "offerwright-tests" / "yaml-language-server-2.0.0"


@pytest.fixture(scope="session")
def language_server_script() -> Path:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed: editors cannot be tried")
    script = cache() / "node_modules/yaml-language-server/bin/yaml-language-server"
    if not script.is_file():
        cache().mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", cache() / "package.json")
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock",
                   "--ignore-scripts"]  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=cache(), capture_output=True, timeout=INSTALL_LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not install the language server in {INSTALL_LIMIT_S} s")
        if done.returncode or not script.is_file():
            pytest.skip("npm could not install the language server (is there no network?)")
    return script


@pytest.fixture(scope="session")
def server(language_server_script: Path) -> Iterator[LanguageServer]:
    running = LanguageServer(language_server_script, ROOT)
    yield running
    running.close()
