"""`check --base`: documents that changed under the same `version`, against a commit of Git."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.shop import Done, Shop, small_shop
from git_commands import git

HEAD = "name: shop\nversion: 4\n"


def commit(shop: Shop, folder: Path | None = None) -> str:
    git(folder or shop.root, "add", "-A")
    git(folder or shop.root, "commit", "-q", "-m", "a day's work")
    return git(folder or shop.root, "rev-parse", "HEAD")


@pytest.fixture
def labelled(tmp_path: Path) -> Shop:
    """A shop in Git whose pricing has a label."""
    shop = small_shop(tmp_path / "shop")
    shop.change("rules/pricing.yaml", "name: shop\n", HEAD)
    git(shop.root, "init", "-q")
    commit(shop)
    return shop


def versions(done: Done) -> list[tuple[str, int, str]]:
    found = [d for d in done.json["diagnostics"] if d["code"] == "VERSION_NOT_RAISED"]
    return [(d["severity"], d["line"], d["hint"]) for d in found]


def test_a_changed_document_with_its_old_label_is_told_which_to_write(labelled: Shop) -> None:
    labelled.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")
    done = labelled("check", "--base", "HEAD", "-o", "json")

    assert versions(done) == [("warning", 3, "write `version: 5`")]
    assert done.code == 0
    assert labelled("check", "--base", "HEAD", "--fail-on", "warning").code == 1


def test_a_comment_or_a_raised_label_is_no_matter(labelled: Shop) -> None:
    labelled.change("rules/pricing.yaml", "steps:", "# as agreed\nsteps:")
    commented = labelled("check", "--base", "HEAD", "-o", "json")
    labelled.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")
    labelled.change("rules/pricing.yaml", "version: 4", "version: 5")

    assert versions(commented) == []
    assert versions(labelled("check", "--base", "HEAD", "-o", "json")) == []


def test_a_document_that_moved_to_another_file_is_the_same(labelled: Shop) -> None:
    labelled.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")
    (labelled.root / "rules/pricing.yaml").rename(labelled.root / "rules/prices.yaml")

    assert len(versions(labelled("check", "--base", "HEAD", "-o", "json"))) == 1


def test_a_changed_csv_table_changes_the_document_that_names_it(labelled: Shop) -> None:
    labelled.write("rules/rows.csv", "id,when.tag,then.units\na,x,1\n".replace("tag", "category"))
    labelled.change("rules/inventory.yaml", "name: stock\n", "name: stock\nversion: 1\n")
    labelled.change("rules/inventory.yaml", "{on_hand: stock}",
                    "{on_hand: stock, safety_stock: {file: rows.csv, otherwise: {units: 0}}}")  # fmt: skip
    commit(labelled)
    labelled.change("rules/rows.csv", "a,x,1", "a,x,2")

    assert versions(labelled("check", "--base", "HEAD", "-o", "json")) == [
        ("warning", 3, "write `version: 2`")
    ]


def test_what_others_did_since_the_branch_began_is_not_blamed_on_it(labelled: Shop) -> None:
    git(labelled.root, "checkout", "-q", "-b", "mine")
    git(labelled.root, "checkout", "-q", "main")
    labelled.change("rules/pricing.yaml", "markup: 40%", "markup: 45%")
    commit(labelled)
    git(labelled.root, "checkout", "-q", "mine")

    assert versions(labelled("check", "--base", "main", "-o", "json")) == []


def test_a_repository_deep_in_git_is_compared_with_itself(tmp_path: Path) -> None:
    shop = small_shop(tmp_path / "deep" / "shop")
    shop.change("rules/pricing.yaml", "name: shop\n", HEAD)
    git(tmp_path, "init", "-q")
    commit(shop, tmp_path)
    shop.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")

    assert len(versions(shop("check", "--base", "HEAD", "-o", "json"))) == 1


def test_a_commit_without_rules_compares_nothing(tmp_path: Path) -> None:
    shop = small_shop(tmp_path / "shop")
    git(shop.root, "init", "-q")
    git(shop.root, "commit", "-q", "--allow-empty", "-m", "nothing yet")
    done = shop("check", "--base", "HEAD")

    assert "HEAD has no rules in this folder" in done.err
    assert done.code == 0


@pytest.mark.parametrize(("ref", "said"), [
    ("--upload-pack=touch x", "is no name of a commit"),
    ("no-such-branch", "this clone has no commit no-such-branch"),
    ("origin/main", "git fetch origin main"),
    ("", "is no name of a commit"),
])  # fmt: skip
def test_names_that_are_no_commit_are_refused(labelled: Shop, ref: str, said: str) -> None:
    done = labelled("check", f"--base={ref}")

    assert done.code == 2
    assert said in done.err


def test_a_shallow_clone_is_told_how_to_get_the_rest(labelled: Shop, tmp_path: Path) -> None:
    first = git(labelled.root, "rev-parse", "HEAD")
    labelled.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")
    commit(labelled)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{labelled.root}", "shallow")
    done = Shop(tmp_path / "shallow")("check", "--base", first)

    assert done.code == 2
    assert "fetch-depth: 0" in done.err


def test_a_folder_without_git_and_a_machine_without_git_say_so(shop: Shop, labelled: Shop) -> None:
    outside = shop("check", "--base", "HEAD", env={"GIT_CEILING_DIRECTORIES": "/"})
    without = labelled("check", "--base", "HEAD", env={"PATH": "/nowhere"})

    assert "lies in no Git repository" in outside.err
    assert "git is not installed" in without.err


def test_no_filter_of_the_repository_is_run(labelled: Shop, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    labelled.write(".gitattributes", "*.yaml filter=planted diff=planted\n")
    git(labelled.root, "config", "filter.planted.smudge", f"touch {ran}; cat")
    git(labelled.root, "config", "filter.planted.clean", "cat")
    git(labelled.root, "config", "core.fsmonitor", f"touch {ran}")
    git(labelled.root, "config", "diff.planted.textconv", f"touch {ran}; cat")
    labelled.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")
    git(labelled.root, "-c", "core.fsmonitor=false", "commit", "-q", "--allow-empty", "-m", "more")
    ran.unlink(missing_ok=True)
    done = labelled("check", "--base", "HEAD", "-o", "json")

    assert len(versions(done)) == 1
    assert not ran.exists()


def test_fix_raises_the_label_and_shows_the_line(labelled: Shop) -> None:
    labelled.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")
    done = labelled("check", "--base", "HEAD", "--fix")

    assert "-version: 4\n+version: 5\n" in done.out
    assert "version: 5\n" in (labelled.root / "rules/pricing.yaml").read_text("utf-8")
    assert "VERSION_NOT_RAISED" not in done.out
