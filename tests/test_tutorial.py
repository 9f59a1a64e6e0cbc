"""docs/tutorial from the first page to the last, in one repository with one set of marketplaces."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cli import in_process
from cli.shop import MARKETPLACES, environment
from story import Command, Edit, Ids, missed, pages, steps_of

from offerwright.sandbox.serve import serve

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "docs" / "tutorial"
PAGES = pages(TUTORIAL)
INDEX = (TUTORIAL / "README.md").read_text("utf-8")
SANDBOX = "http://127.0.0.1:8731"
CODE = ("echo", "$?")
WHEN = "2026-11-20T10:00:00-03:00"
"""When everybody commits."""
ASIDE = re.compile(r"Snapshot [0-9a-f]+, |Run [0-9a-f]+$|note: |Wrote |Saved to ")
"""What is said beside the results, on stderr; the pages leave it out and say so."""


@dataclass
class Walk:
    """Where the reader is: the repository, the marketplaces, the ids seen, the last exit code."""

    shop: Path
    url: str
    ids: Ids = field(default_factory=Ids)
    code: int = 0

    def edit(self, edit: Edit) -> None:
        path = self.shop / edit.file
        text = path.read_text("utf-8") if path.exists() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(edit.applied(text), "utf-8")

    def run(self, command: Command) -> str:
        """What a command prints, as a terminal shows it."""
        if command.words == CODE:
            code, self.code = self.code, 0
            return str(code)
        assert self.code == 0, f"{command.place}: the command before ended with {self.code}"
        words = [self.ids.here(word.replace(SANDBOX, self.url)) for word in command.words]
        if words[0] == "offerwright":
            own = environment({"COLUMNS": "100"})
            self.code, out, err = in_process.run(tuple(words[1:]), self.shop, own)
            said = [line for line in err.splitlines() if not ASIDE.match(line)]
            return "\n".join([*out.splitlines(), *said]).replace(self.url, SANDBOX)
        assert words[0] == "git", f"{command.place}: {words[0]} is not run"
        return self._git(words)

    def _git(self, words: list[str]) -> str:
        """Git with no settings but those that the text names, and at the time of the story."""
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), WHEN)
        done = subprocess.run(
            words, cwd=self.shop, env={"PATH": os.environ["PATH"], **own, **dates},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        self.code = done.returncode
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """The folder that the index tells the reader to make."""
    shop = tmp_path_factory.mktemp("tutorial") / "casa-aurora"
    copied = re.search(r"^cp -r (.+) (\S+)$", INDEX, re.MULTILINE)
    assert copied is not None
    shop.mkdir()
    for name in copied[1].split():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, shop / name)
        else:
            shutil.copy(source, shop)
    folders = [p.parent for p in sorted(MARKETPLACES.glob("*/sandbox.yaml"))]
    with serve(folders) as running:
        yield Walk(shop, running.url)


def test_every_page_says_what_happens(walk: Walk) -> None:
    for page in PAGES:
        name = page.parent.name
        for step in steps_of(page.read_text("utf-8"), name):
            if isinstance(step, Edit):
                walk.edit(step)
            else:
                printed = walk.run(step)
                wrong = missed(step.says, printed.splitlines(), walk.ids)
                assert wrong is None, f"{step.place}: the page says {wrong}; printed:\n{printed}"
        assert walk.code == 0, f"{name}: the last command ended with {walk.code}"
