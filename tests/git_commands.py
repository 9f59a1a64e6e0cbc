"""Git in a folder of a test: nobody's name, nobody's settings, the branch `main`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

WHO = {
    f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def people(author: str, committer: str = "") -> dict[str, str]:
    """The environment in which these people, `Ana <ana@example>`, write and commit."""
    found = {}
    for who, person in (("AUTHOR", author), ("COMMITTER", committer or author)):
        name, _, email = person.rstrip(">").partition(" <")
        found |= {f"GIT_{who}_NAME": name, f"GIT_{who}_EMAIL": email}
    return found


def git(folder: Path, *arguments: str, who: Mapping[str, str] = WHO) -> str:
    """What a command of Git says; the test fails where it fails."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments],
        cwd=folder, env={**kept, **who, "GIT_CONFIG_GLOBAL": "/dev/null"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()
