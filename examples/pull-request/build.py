"""
Five pull requests to a shop, and what a reviewer is shown of each.

    python examples/pull-request/build.py FOLDER

Makes a Git repository of the shop in FOLDER/shop, with a branch per pull request of changes.yaml,
and writes for each FOLDER/BRANCH/: the comment, the report as a page, every offer that changes,
and the JSON that they are made of. Prints how `offerwright diff` ended.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from offerwright.cli import main as offerwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = ("rules", "data", "marketplaces", "offerwright.yaml")
# Nobody's name, and one moment: the same commits on every machine.
AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "Pricing"), ("EMAIL", "pricing@casa-aurora.example"),
        ("DATE", "2026-11-26T09:00:00-03:00"),
    )
}  # fmt: skip
OUTPUTS = {
    "text": "summary.txt",
    "json": "review.json",
    "github-comment": "comment.md",
    "html": "report.html",
    "csv": "offers.csv",
}


def main(folder: Path) -> None:
    changes = YAML(typ="safe").load(HERE / "changes.yaml")
    shop = repository(folder / "shop")
    wrong = []
    for change in changes["changes"]:
        branch(shop, change)
        code = review(shop, change["branch"], folder / change["branch"], changes["as_of"])
        verdict = "may be merged" if code == 0 else "a guard blocks"
        headline = (folder / change["branch"] / "summary.txt").read_text(encoding="utf-8")
        print(f"{change['branch']:<20} exit {code}  {verdict:<15} {headline.splitlines()[0]}")
        if code != change["exit"]:
            wrong.append(f"{change['branch']} ended with {code}, not with {change['exit']}")
    print(f"\nThe comments and reports are in {folder}")
    if wrong:
        sys.exit("\n".join(wrong))


def repository(shop: Path) -> Path:
    """The shop as it is, in one commit on `main`."""
    shop.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, shop / name)
        else:
            shutil.copy(source, shop)
    (shop / ".gitignore").write_text(".offerwright/\n", encoding="utf-8")
    git(shop, "init", "--quiet", "--initial-branch", "main")
    commit(shop, "the shop as it is")
    return shop


def branch(shop: Path, change: Mapping[str, Any]) -> None:
    """One pull request: its edits, in one commit that begins at `main`."""
    git(shop, "checkout", "--quiet", "-b", change["branch"], "main")
    for edit in change["edits"]:
        file = shop / edit["file"]
        text = file.read_text(encoding="utf-8")
        if text.count(edit["old"]) != 1:
            sys.exit(f"{edit['file']} does not have this text once: {edit['old']!r}")
        file.write_text(text.replace(edit["old"], edit["new"]), encoding="utf-8")
    commit(shop, change["subject"], change["body"])
    git(shop, "checkout", "--quiet", "main")


def review(shop: Path, name: str, folder: Path, as_of: str) -> int:
    """What a reviewer is shown, from one evaluation; the exit code is the gate."""
    folder.mkdir()
    outputs = [part for form, file in OUTPUTS.items() for part in ("-o", f"{form}={folder / file}")]
    command = ["diff", f"main..{name}", "--root", str(shop), "--as-of", as_of, *outputs]
    # In this process, as `offerwright diff` runs it: five starts would take longer than the rest.
    with redirect_stderr(io.StringIO()) as said:
        try:
            offerwright(command)
        except SystemExit as end:
            code = end.code
    if code not in (0, 1):
        sys.exit(f"{name}: {said.getvalue()}")
    return int(code)


def commit(shop: Path, *paragraphs: str) -> None:
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", *(part for text in paragraphs for part in ("-m", text)))


def git(shop: Path, *arguments: str) -> None:
    own = {**os.environ, **AUTHOR, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], cwd=shop, env=own, check=True, timeout=60)


if __name__ == "__main__":
    if len(sys.argv) != 2 or Path(sys.argv[1]).exists():
        sys.exit(__doc__ or "give a folder that is not there yet")
    main(Path(sys.argv[1]).resolve())
