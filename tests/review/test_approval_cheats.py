"""Ways round the second pair of eyes, most of them taken by mistake: each in a repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.shop import AS_OF, Shop
from git_commands import git, people
from review.desk import ANA, APPROVAL, BEA, FILE, FORGE, Desk

CID = "Cid <cid@shop.example>"


def test_a_merge_that_drops_a_change_of_the_base_changes_rules(desk: Desk) -> None:
    """Ana merges the base and keeps her side of all: its new markup is gone."""
    root = desk.shop.root
    desk.approve(ANA)
    git(root, "checkout", "-q", "base")
    desk.cheaper(CID, to="25%")
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "-s", "ours", "-m", "merge", "base", who=people(ANA))

    assert f"by {ANA} changes rules" in desk.refusal()


def test_a_merge_that_settles_a_conflict_for_one_side_changes_rules(desk: Desk) -> None:
    root = desk.shop.root
    desk.cheaper(BEA, to="25%")
    git(root, "checkout", "-q", "-b", "other", "base")
    desk.cheaper(CID, to="12%")
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "-X", "ours", "-m", "merge", "other", who=people(ANA))
    desk.approve(ANA)

    assert f"by {ANA} changes rules" in desk.refusal()


def test_a_merge_that_only_joins_both_sides_changes_no_rules(desk: Desk) -> None:
    """Both changed one file at different lines; Bea merges, and agrees."""
    root = desk.shop.root
    desk.shop.change("rules/guards.yaml", "name: money", "name: money\nowner: finance")
    desk.commit(ANA)
    git(root, "checkout", "-q", "-b", "other", "base")
    desk.shop.change("rules/guards.yaml", "down: 30%", "down: 29%")
    desk.commit(CID)
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "-m", "merge", "other", who=people(BEA))
    desk.approve(BEA)

    assert desk.refusal() == ""


def test_a_merge_that_adds_a_change_of_its_own_changes_rules(desk: Desk) -> None:
    root = desk.shop.root
    git(root, "checkout", "-q", "-b", "other", "base")
    desk.approve(CID)
    git(root, "checkout", "-q", "main")
    desk.shop.write("rules/words.yaml", "kind: lists\nname: words\nvalues: [X]\n")
    desk.commit(BEA)
    git(root, "merge", "-q", "--no-ff", "--no-commit", "other", who=people(CID))
    desk.cheaper(CID)

    assert f"by {CID} changes rules" in desk.refusal()


def test_a_robot_with_the_address_of_a_person_is_that_person(desk: Desk) -> None:
    desk.cheaper("prices[bot] <ana@shop.example>")
    desk.approve(ANA)

    assert "who is the same by name or e-mail" in desk.refusal()


def test_a_robot_that_signs_with_the_address_of_a_person_is_that_person(desk: Desk) -> None:
    """Her signature would vouch for the committer, and the author is somebody else's name."""
    desk.cheaper(ANA)
    desk.approve(BEA, "signs[bot] <ana@shop.example>")

    assert "who is the same by name or e-mail" in desk.refusal()


def test_a_robot_that_commits_for_others_stays_nobody(desk: Desk) -> None:
    robot = "merges[bot] <merges@shop.example>"
    desk.cheaper(ANA, robot)
    desk.approve(BEA, robot)

    assert desk.refusal() == ""


@pytest.mark.parametrize("other", ["Jose\u0301  Lima", "JOS\u00c9 LIMA"])
def test_a_name_is_known_however_it_is_stored(desk: Desk, other: str) -> None:
    desk.cheaper("Jos\u00e9 Lima <jose@shop.example>")
    desk.approve(f"{other} <other@shop.example>")

    assert "who is the same by name or e-mail" in desk.refusal()


def test_a_mailmap_makes_nobody_somebody_else(desk: Desk) -> None:
    desk.cheaper(ANA)
    desk.shop.write(".mailmap", f"{BEA} {ANA}\n")
    git(desk.shop.root, "add", ".mailmap")
    desk.approve(ANA)

    assert f"by {ANA} adds it" in desk.refusal()


def test_rules_that_pass_for_a_test_in_a_text_are_rules(desk: Desk) -> None:
    """`kind: test` stands at the beginning of a line, and in a text."""
    desk.shop.write(
        "rules/words.yaml",
        '{"kind": lists, name: words, note: "no\nkind: test\nat all", values: [X]}\n',
    )
    desk.commit(ANA)
    desk.approve(ANA)

    assert f"by {ANA} changes rules" in desk.refusal()


def test_rules_behind_a_link_are_rules(desk: Desk) -> None:
    root = desk.shop.root
    (root / "shared").mkdir()
    (root / "rules/pricing.yaml").rename(root / "shared/pricing.yaml")
    (root / "rules/pricing.yaml").symlink_to("../shared/pricing.yaml")
    git(root, "add", "shared")
    desk.commit(CID)
    git(root, "branch", "-f", "base")
    desk.shop.change("shared/pricing.yaml", "markup: 18%", "markup: -50%")
    git(root, "add", "shared")
    desk.commit(ANA)
    desk.approve(ANA)

    assert f"by {ANA} changes rules" in desk.refusal()


def test_a_shallow_clone_does_not_say_who_agreed(desk: Desk, tmp_path: Path) -> None:
    """Ana's change of rules is the commit that the clone has not."""
    desk.cheaper(ANA)
    desk.shop.change("rules/pricing.yaml", "name: shop", "name: shop\nowner: prices")
    desk.commit(BEA)
    desk.approve(ANA)
    source = f"file://{desk.shop.root}"
    git(tmp_path, "clone", "-q", "--depth=2", "--no-single-branch", source, "clone")
    shallow = Desk(Shop(tmp_path / "clone"))

    assert "this clone is shallow" in shallow.refusal("origin/base..HEAD")
    assert "git fetch --unshallow" in shallow.refusal("origin/base..HEAD")


def test_a_squashed_change_has_one_author_for_all(desk: Desk) -> None:
    """As a forge writes it: the author of the request, and the others as co-authors."""
    desk.shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    desk.shop.write(FILE, APPROVAL)
    desk.commit(ANA, FORGE, message=f"all at once\n\nCo-authored-by: {BEA}")

    assert "both adds it and changes rules" in desk.refusal()


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            FILE,
            APPROVAL.replace("guard: step", "guard: st\u0435p"),
            "is the letter 'Cyrillic small letter ie'",
        ),
        ("rules/approvals.csv", "guard,down\nstep,60%\n", "blocks   step"),
        ("rules/agreed.test.yaml", APPROVAL, "blocks   step"),
        ("approvals.yaml", APPROVAL, "blocks   step"),
    ],
    ids=["a letter that looks alike", "a table", "a file of tests", "outside of rules"],
)
def test_what_is_no_approval_of_this_guard_lets_nothing_pass(
    desk: Desk, file: str, text: str, said: str
) -> None:
    desk.cheaper(ANA)
    desk.shop.write(file, text)
    git(desk.shop.root, "add", file)
    desk.commit(BEA)
    done = desk.shop("diff", "base..HEAD", "--as-of", AS_OF)

    assert done.code == 1
    assert said in done.out


LISTED = APPROVAL.replace("guard: step,", "guard: step, select: {sku: {in: agreed_skus}},")
WORDS = "kind: lists\nname: agreed_skus\nvalues: [CA-1, CA-2]\n"


@pytest.mark.parametrize("whose", ["an older approval", "an approval of the change"])
def test_who_widens_a_list_that_an_approval_reads_needs_another_word(
    desk: Desk, whose: str
) -> None:
    desk.shop.write("rules/words.yaml", WORDS)
    desk.commit(CID)
    git(desk.shop.root, "branch", "-f", "base")
    desk.approve(BEA, text=LISTED)
    if whose == "an older approval":
        git(desk.shop.root, "branch", "-f", "base")
    desk.shop.change("rules/words.yaml", "[CA-1, CA-2]", "[CA-1, CA-2, AU-1]")
    desk.commit(ANA)
    refused = desk.refusal()
    desk.approve(BEA, text=LISTED.replace("clearance", "clearance with AU-1"))

    assert "a list that it reads is another one than when it was agreed to" in refused
    assert f"by {ANA} both adds it and changes rules" in refused
    assert desk.refusal() == ""


@pytest.mark.parametrize("new", ["[CA-2, CA-1]", "[CA-1, CA-2]   # both cables"])
def test_a_list_that_holds_the_same_asks_for_no_new_word(desk: Desk, new: str) -> None:
    desk.shop.write("rules/words.yaml", WORDS)
    desk.approve(BEA, text=LISTED)
    git(desk.shop.root, "branch", "-f", "base")
    desk.shop.change("rules/words.yaml", "[CA-1, CA-2]", new)
    desk.cheaper(ANA)

    assert desk.refusal() == ""


def test_an_approval_that_the_base_gets_later_counts_once_it_is_merged(desk: Desk) -> None:
    root = desk.shop.root
    git(root, "checkout", "-q", "base")
    desk.approve(BEA)
    git(root, "checkout", "-q", "main")
    desk.cheaper(ANA)
    before = desk.agreed("base...HEAD")
    git(root, "merge", "-q", "-m", "merge", "base", who=people(ANA))

    assert before == ()
    assert [(one.is_new, one.refused) for one in desk.agreed("base...HEAD")] == [(False, "")]


def test_a_day_ends_where_the_shop_is(desk: Desk) -> None:
    """02:00 of the 28th at Greenwich is 23:00 of the 27th in the shop."""
    desk.approve(BEA, text=APPROVAL.replace("2026-12-31", "2026-11-27"))
    last = desk.shop("diff", "base..HEAD", "--as-of", "2026-11-28T02:00:00+00:00")
    over = desk.shop("diff", "base..HEAD", "--as-of", "2026-11-28T03:00:00+00:00")

    assert "does not count" not in last.out
    assert "does not count: it ended on 2026-11-27" in over.out
