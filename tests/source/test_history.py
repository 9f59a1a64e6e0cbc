"""Commits of Git → ranges to compare and the configuration as it was, in real clones."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_commands import git

from offerwright.errors import OfferwrightError
from offerwright.source.history import CommitRange, commit_range, repository_at


def commit(folder: Path, name: str, text: str = "") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", f"writes {name}")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    """`main` went on after `work` left it."""
    git(tmp_path, "init", "-q")
    commit(tmp_path, "rules/a.yaml")
    git(tmp_path, "tag", "left")
    git(tmp_path, "checkout", "-q", "-b", "work")
    commit(tmp_path, "rules/b.yaml")
    git(tmp_path, "checkout", "-q", "main")
    commit(tmp_path, "rules/c.yaml")
    git(tmp_path, "checkout", "-q", "work")
    return tmp_path


def revision(folder: Path, name: str) -> str:
    return git(folder, "rev-parse", name)


@pytest.mark.parametrize(
    ("written", "base", "head"),
    [
        ("main..work", "main", "work"),
        ("main..", "main", "work"),
        ("main...work", "left", "work"),
        ("main...", "left", "work"),
        ("left..main", "left", "main"),
        ("..main", "work", "main"),
    ],
)
def test_a_range_means_what_it_means_to_git(
    parted: Path, written: str, base: str, head: str
) -> None:
    assert commit_range(parted, written) == CommitRange(
        revision(parted, base), revision(parted, head)
    )


def test_one_name_alone_is_where_the_working_tree_left_it(parted: Path) -> None:
    assert commit_range(parted, "main") == CommitRange(revision(parted, "left"), None)


def test_a_name_that_is_not_there_is_said_with_how_to_fetch_it(parted: Path) -> None:
    with pytest.raises(OfferwrightError, match=r"no commit origin/main.*git fetch origin main"):
        commit_range(parted, "origin/main..HEAD")


def test_unrelated_histories_can_be_compared_only_as_they_are(parted: Path) -> None:
    git(parted, "checkout", "-q", "--orphan", "elsewhere")
    commit(parted, "rules/d.yaml")

    with pytest.raises(OfferwrightError, match=r"main and HEAD.*write main\.\.HEAD to compare"):
        commit_range(parted, "main...HEAD")
    assert commit_range(parted, "main..HEAD").base == revision(parted, "main")


def test_a_shallow_clone_says_how_to_get_the_rest(parted: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", parted.as_uri(), str(clone))

    with pytest.raises(OfferwrightError, match=r"does not reach back.*fetch-depth: 0"):
        commit_range(clone, "origin/main...origin/work")
    with pytest.raises(OfferwrightError, match=r"newest history only.*fetch-depth: 0"):
        commit_range(clone, "HEAD~1..HEAD")


def test_options_and_blanks_are_no_names(parted: Path) -> None:
    for strange in ("--output=x..HEAD", "a b..HEAD", "main..-n"):
        with pytest.raises(OfferwrightError, match="is no name of a commit"):
            commit_range(parted, strange)


def test_a_whole_commit_has_its_marketplaces_and_no_hidden_files(parted: Path) -> None:
    commit(parted, "marketplaces/plaza/contract/price.json", "{}")
    commit(parted, "marketplaces/plaza/.cache/x", "x")
    commit(parted, "rules/notes.txt", "x")
    at = commit(parted, "offerwright.yaml", "kind: shop\n")

    whole = repository_at(parted, at, whole=True)
    assert sorted(whole.files) == [
        "marketplaces/plaza/contract/price.json", "offerwright.yaml", "rules/a.yaml", "rules/b.yaml",
    ]  # fmt: skip
    assert "marketplaces/plaza/contract/price.json" not in repository_at(parted, at).files
