"""Commits of Git → ranges to compare and the configuration as it was, in real clones."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_commands import git

from offerwright.errors import OfferwrightError
from offerwright.source.history import CommitRange, commit_range, files_at, repository_at
from offerwright.source.repository import read_repository


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


def link(folder: Path, name: str, target: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """Rules that are partly links: to files and folders inside, and out of the repository."""
    git(tmp_path, "init", "-q")
    (tmp_path / "offerwright.yaml").write_text("kind: shop\n")
    (tmp_path / "shared/deep").mkdir(parents=True)
    (tmp_path / "shared/table.csv").write_text("id\n")
    (tmp_path / "shared/deep/b.yaml").write_text("b\n")
    link(tmp_path, "rules/table.csv", "../shared/table.csv")
    link(tmp_path, "rules/more", "../shared/deep")
    link(tmp_path, "rules/twice.yaml", "more/b.yaml")
    return tmp_path


def test_links_inside_are_followed_as_on_disk(linked: Path) -> None:
    commit(linked, "rules/a.yaml", "a\n")
    found, problems = files_at(linked, "HEAD")
    on_disk, _ = read_repository(linked)

    assert problems == []
    assert found.files == on_disk.files
    assert found.files["rules/more/b.yaml"] == found.files["rules/twice.yaml"] == b"b\n"


@pytest.mark.parametrize(
    ("name", "target", "code"),
    [
        ("rules/out.yaml", "../../elsewhere.yaml", "LINK_OUTSIDE"),
        ("rules/nowhere.yaml", "../shared/none.yaml", "UNREADABLE"),
        ("rules/again", "../shared/deep", "LINK_LOOP"),
    ],
)
def test_links_that_are_not_followed_are_said_as_on_disk(
    linked: Path, name: str, target: str, code: str
) -> None:
    (linked.parent / "elsewhere.yaml").write_text("x\n")
    link(linked, name, target)
    commit(linked, "rules/a.yaml")
    found, problems = files_at(linked, "HEAD")
    on_disk, said = read_repository(linked)

    assert [one.code for one in problems] == [one.code for one in said] == [code]
    assert sorted(found.files) == sorted(on_disk.files)


def test_a_file_of_a_commit_that_is_too_large_is_said(parted: Path) -> None:
    at = commit(parted, "rules/large.yaml", "#" * ((1 << 20) + 1))
    found, problems = files_at(parted, at)

    assert "rules/large.yaml" not in found.files
    assert [(one.code, one.span and one.span.file) for one in problems] == [
        ("FILE_TOO_LARGE", "rules/large.yaml")
    ]


def test_names_with_blanks_umlauts_and_quotes(tmp_path: Path) -> None:
    home = tmp_path / 'Läden "Süd" [1]'
    home.mkdir()
    git(tmp_path, "init", "-q")
    at = commit(home, "rules/größe 'x'.yaml", "x")

    assert list(files_at(home, at)[0].files) == ["rules/größe 'x'.yaml"]


def test_a_submodule_of_rules_cannot_be_read_from_a_commit(parted: Path, tmp_path: Path) -> None:
    git(parted, "update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},rules/shared")
    git(parted, "commit", "-q", "-m", "shares rules")

    with pytest.raises(OfferwrightError, match=r"rules/shared is a submodule.*diff BEFORE AFTER"):
        files_at(parted, "HEAD")


def test_a_clone_without_contents_says_so(parted: Path, tmp_path: Path) -> None:
    commit(parted, "rules/a.yaml", "twice\n")
    git(parted, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", parted.as_uri(), str(clone))

    with pytest.raises(OfferwrightError, match=r"not have all files of HEAD.*--no-filter"):
        files_at(clone, "HEAD")


def test_a_bare_repository_has_commits_too(parted: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(parted), str(bare))

    assert sorted(files_at(bare, "main")[0].files) == ["rules/a.yaml", "rules/c.yaml"]
