"""What tests run with node, installed once into a cache, where npm and a registry are at hand."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

PACKAGES = Path(__file__).with_name("package.json")
LIMIT_S = 120


def node_modules(packages: Path = PACKAGES) -> Path:
    """The folder with the packages of a package.json; skips the test where there are none."""
    found = _installed(packages)
    if isinstance(found, str):
        pytest.skip(found)
    return found


@cache
def _installed(packages: Path) -> Path | str:
    """The folder, or why there is none: one attempt per run."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    wanted = hashlib.sha256(packages.read_bytes()).hexdigest()[:12]
    folder = base / "offerwright-tests" / wanted
    if (folder / "complete").is_file():
        return folder / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(packages, folder / "package.json")
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock",
               "--ignore-scripts"]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"npm did not install the packages of the tests in {LIMIT_S} s"
    if done.returncode:
        return "npm could not install the packages of the tests (is there no network?)"
    (folder / "complete").touch()
    return folder / "node_modules"
