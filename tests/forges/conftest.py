"""Both forges, one after the other, and the command that comments on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli import in_process
from cli.shop import Done, environment
from forges.stand_in import TOKEN, GitHubStandIn, GitLabStandIn, StandIn, running

KINDS = {"github": GitHubStandIn, "gitlab": GitLabStandIn}


@dataclass(frozen=True)
class Desk:
    """A folder with reviews, a forge, and the command between them."""

    folder: Path
    name: str
    forge: Any

    def review(self, record: dict[str, Any], file: str = "review.json") -> str:
        (self.folder / file).write_text(json.dumps(record), encoding="utf-8")
        return file

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Done:
        """`offerwright comment` with exactly this environment."""
        done = in_process.run(("comment", *arguments), self.folder, environment(env or {}))
        return Done(*done)

    def comment(self, record: dict[str, Any], *options: str, token: str = TOKEN) -> Done:
        where = ("--on", self.name, "--repository", "shop/rules", "--number", "12",
                 "--api-url", self.forge.url)  # fmt: skip
        return self.run(
            self.review(record), *where, *options, env={"OFFERWRIGHT_FORGE_TOKEN": token}
        )


def desk_of(name: str, folder: Path) -> Iterator[Desk]:
    stand_in: StandIn = KINDS[name]()
    with running(stand_in) as forge:
        yield Desk(folder, name, forge)


@pytest.fixture(params=sorted(KINDS))
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """The same test on both forges."""
    yield from desk_of(request.param, tmp_path)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of("github", tmp_path)


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of("gitlab", tmp_path)
