"""Git in a folder of a test: nobody's name, nobody's settings, the branch `main`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = {
    f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def git(folder: Path, *arguments: str) -> str:
    """What a command of Git says; the test fails where it fails."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments],
        cwd=folder, env={**kept, **WHO, "GIT_CONFIG_GLOBAL": "/dev/null"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()
