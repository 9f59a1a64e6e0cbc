"""Which two states `offerwright diff` compares, and what it says of those that it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.git_shop import commit, diff, git_shop, record
from cli.shop import AS_OF, Shop, small_shop
from git_commands import git


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return git_shop(tmp_path / "shop")


def test_a_head_with_errors_says_them_and_blocks(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")
    found = record(shop, "HEAD~1..HEAD")

    assert done.code == 1
    assert [one["code"] for one in found["findings"]] == ["UNKNOWN_NAME"]
    assert "rules/pricing.yaml" in done.out and "UNKNOWN_NAME" in done.out


def test_what_a_base_has_wrong_is_compared_as_the_head_has_it(shop: Shop) -> None:
    """A change that repairs the base is no change that blocks; the others are shown."""
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    commit(shop)
    shop.change("rules/pricing.yaml", "csot *", "cost *")
    shop.change("rules/mapping.yaml", "shelf-1", "shelf-2")
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")
    found = record(shop, "HEAD~1..HEAD")

    assert (done.code, found["totals"]["changed_offers"]) == (0, 6)
    assert [one["code"] for one in found["base_findings"]] == ["UNKNOWN_NAME"]
    assert found["stand_ins"] == [{"side": "base", "file": "rules/pricing.yaml", "from": "head"}]
    assert "rules/pricing.yaml of HEAD~1 has errors; it is computed as HEAD has it" in done.out


def test_a_base_and_a_head_with_the_same_error_cannot_be_compared(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    commit(shop)
    shop.change("rules/mapping.yaml", "shelf-1", "shelf-2")
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")

    assert done.code == 1
    assert "HEAD~1 has errors itself" in done.err


def test_of_a_head_with_errors_everything_else_is_shown(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    shop.change("rules/mapping.yaml", "shelf-1", "shelf-2")
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")
    found = record(shop, "HEAD~1..HEAD")

    assert (done.code, found["blocks"]) == (1, True)
    assert found["stand_ins"] == [{"side": "head", "file": "rules/pricing.yaml", "from": "base"}]
    assert [one["file"] for one in found["files"]] == ["rules/mapping.yaml", "rules/pricing.yaml"]
    assert (found["totals"]["changed_offers"], found["totals"]["price"]) == (6, 0)
    assert "the head has errors; without them 6 of 6 offers would change" in done.out


def test_a_head_without_a_shop_is_not_computed_and_its_files_are_shown(shop: Shop) -> None:
    """The shop of the base would be another shop: what it names is gone as well."""
    for name in ("offerwright.yaml", "rules/facts.yaml", "rules/pricing.yaml"):
        shop.write(name, "kind: [\n")
    shop.write("rules/inventory.yaml", "kind: [\n")
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")

    assert {one["file"] for one in found["findings"]} >= {"offerwright.yaml", "rules/facts.yaml"}
    assert found["blocks"] is True
    assert len(found["files"]) == 4


def test_a_deleted_file_that_others_need_is_taken_from_the_base(shop: Shop) -> None:
    shop.write("rules/hot.yaml", "kind: lists\nname: hot\nvalues: [AU-1]\n")
    shop.change("rules/pricing.yaml", "{category: {under: audio}}",
                "{category: {under: audio}, sku: {not: {in: hot}}}")  # fmt: skip
    commit(shop)
    (shop.root / "rules/hot.yaml").unlink()
    shop.change("rules/mapping.yaml", "shelf-1", "shelf-2")
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")

    assert found["stand_ins"] == [{"side": "head", "file": "rules/hot.yaml", "from": "base"}]
    assert (found["blocks"], found["totals"]["changed_offers"]) == (True, 6)


def test_a_renamed_file_is_one_file_and_changes_no_offer(shop: Shop) -> None:
    (shop.root / "rules/pricing.yaml").rename(shop.root / "rules/prices.yaml")
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")

    assert found["differs"] is False
    assert [(one["file"], one["was"]) for one in found["files"]] == [
        ("rules/prices.yaml", "rules/pricing.yaml")
    ]
    assert [(one["change"], one["offers"]) for one in found["documents"]] == [("moved", 0)]


def test_a_renamed_file_that_changes_names_its_line_at_the_head(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    (shop.root / "rules/pricing.yaml").rename(shop.root / "rules/prices.yaml")
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")

    assert [(one["file"], one["was"]) for one in found["files"]] == [
        ("rules/prices.yaml", "rules/pricing.yaml")
    ]
    assert [(one["file"], one["line"]) for one in found["rules"]] == [("rules/prices.yaml", 7)]


def test_a_range_does_not_look_at_what_is_not_committed_and_says_so(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    shop.write("rules/new.yaml", "kind: lists\nname: unused\nvalues: [X]\n")
    done = diff(shop, "HEAD..HEAD")

    assert "none of 6 offers changes" in done.out
    assert "rules/new.yaml and 1 more are not committed, and HEAD..HEAD does not" in done.err
    assert "not committed" not in diff(shop, "HEAD").err


def test_linked_rules_are_the_same_in_a_commit_and_on_disk(shop: Shop) -> None:
    (shop.root / "shared").mkdir()
    (shop.root / "rules/pricing.yaml").rename(shop.root / "shared/pricing.yaml")
    (shop.root / "rules/pricing.yaml").symlink_to("../shared/pricing.yaml")
    git(shop.root, "add", "shared")
    commit(shop)
    done = diff(shop, "HEAD")

    assert (done.code, "none of 6 offers changes" in done.out) == (0, True)


def test_a_link_out_of_the_repository_is_said_and_does_not_block(
    shop: Shop, tmp_path: Path
) -> None:
    """Neither side reads it, so it changes nothing."""
    (tmp_path / "elsewhere.yaml").write_text("kind: lists\nname: x\nvalues: [X]\n")
    (shop.root / "rules/x.yaml").symlink_to("../../elsewhere.yaml")
    commit(shop)
    found = record(shop, "HEAD")

    assert (found["differs"], found["blocks"]) == (False, False)
    assert [(one["side"], one["file"], one["code"]) for one in found["unread"]] == [
        ("base", "rules/x.yaml", "LINK_OUTSIDE"), ("head", "rules/x.yaml", "LINK_OUTSIDE"),
    ]  # fmt: skip
    assert "rules/x.yaml of the working tree is not read" in diff(shop, "HEAD").out


def test_a_file_too_large_that_comes_in_blocks_and_names_it(shop: Shop) -> None:
    shop.write("rules/large.yaml", "#" * ((1 << 20) + 1))
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")

    assert done.code == 1
    assert "rules/large.yaml:1: error[FILE_TOO_LARGE]" in done.out


def test_a_file_called_like_the_branch_is_no_reason_to_refuse(shop: Shop) -> None:
    shop.write("main", "not an output of `offers`")

    assert "none of 6 offers changes" in diff(shop, "main").out


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        (("a.parquet",), "a.parquet is one file; give two saved outputs"),
        (("main", "HEAD"), "no file or folder is called 'main'; two commits are written main..HEAD"),
        (("a", "b", "c"), "3 names are given: write BASE..HEAD"),
        (("nothing",), "no commit nothing"),
        (("main..nothing",), "no commit nothing"),
    ],
)  # fmt: skip
def test_names_of_nothing_are_refused_with_what_to_write(
    shop: Shop, sides: tuple[str, ...], said: str
) -> None:
    shop.write("a.parquet", "x")
    done = diff(shop, *sides)

    assert (done.code, said in done.err) == (2, True), done.err


def test_histories_without_a_common_commit(shop: Shop) -> None:
    git(shop.root, "checkout", "-q", "--orphan", "elsewhere")
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    commit(shop)

    assert diff(shop, "main...elsewhere").code == 2
    assert "write main..elsewhere to compare" in diff(shop, "main...elsewhere").err
    assert record(shop, "main..elsewhere")["totals"]["up"] == 3


def test_a_shallow_clone_says_what_to_fetch(shop: Shop, tmp_path: Path) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    commit(shop)
    git(tmp_path, "clone", "-q", "--depth=1", shop.root.as_uri(), str(tmp_path / "clone"))
    done = diff(Shop(tmp_path / "clone"), "HEAD~1..HEAD")

    assert (done.code, "fetch-depth: 0" in done.err) == (2, True)


def test_a_folder_without_git(tmp_path: Path) -> None:
    alone = small_shop(tmp_path / "alone")
    done = diff(alone, "main..HEAD")

    assert (done.code, "lies in no Git repository" in done.err) == (2, True)


def test_without_git_two_folders_are_compared_and_no_commits(shop: Shop, tmp_path: Path) -> None:
    other = small_shop(tmp_path / "other")
    (tmp_path / "bin").mkdir()
    nothing = {"PATH": str(tmp_path / "bin")}

    done = shop("diff", "HEAD..HEAD", "--as-of", AS_OF, env=nothing)
    assert (done.code, "git is not installed" in done.err) == (2, True)
    assert shop("diff", ".", str(other.root), "--as-of", AS_OF, env=nothing).code == 0


def test_a_bare_repository_has_no_data(shop: Shop, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(shop.root), "bare.git")
    done = Shop(tmp_path / "bare.git")("diff", "HEAD..HEAD", "--as-of", AS_OF)

    assert (done.code, "no offerwright.yaml" in done.err) == (2, True)


def test_folders_with_blanks_umlauts_and_quotes(tmp_path: Path) -> None:
    found = small_shop(tmp_path / "Läden 'Süd' \"1\" [a]")
    git(found.root, "init", "-q")
    found.write("rules/größe 'x'.yaml", "kind: lists\nname: groesse\nvalues: [X]\n")
    commit(found)
    found.change("rules/größe 'x'.yaml", "[X]", "[Y]")
    commit(found)

    assert [one["file"] for one in record(found, "HEAD~1..HEAD")["files"]] == [
        "rules/größe 'x'.yaml"
    ]


def test_two_folders_are_compared_over_the_rows_of_the_second(shop: Shop, tmp_path: Path) -> None:
    other = small_shop(tmp_path / "other")
    other.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")
    found = record(shop, str(shop.root), str(other.root))

    assert [one["rule"] for one in found["rules"]] == ["markups/cables"]


def test_what_is_no_state_is_refused_in_words(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert "no commit origin/main" in diff(shop, "origin/main..HEAD").err
    assert "has no offerwright.yaml" in diff(shop, str(tmp_path / "empty"), str(shop.root)).err
