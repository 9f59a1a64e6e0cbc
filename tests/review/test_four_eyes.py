"""Who agreed to an approval: told from commits, with people who are named as they like."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from cli.shop import AS_OF
from cli.test_output_schemas import faults
from git_commands import git, people
from review.desk import ANA, APPROVAL, BEA, FILE, FORGE, KINDS, Desk

from offerwright.cli.review_sides import states_of_range
from offerwright.review.agreement import Terms, agreements
from offerwright.source.load import load_documents


def test_who_changes_rules_cannot_approve(desk: Desk) -> None:
    desk.cheaper(ANA)
    rules = git(desk.shop.root, "rev-parse", "HEAD")[:7]
    desk.approve(ANA)
    own = git(desk.shop.root, "rev-parse", "HEAD")[:7]
    refused = desk.refusal()

    assert f"commit {own} by {ANA} adds it" in refused
    assert f"commit {rules} by {ANA} changes rules" in refused


def test_somebody_else_can(desk: Desk) -> None:
    desk.cheaper(ANA)
    desk.approve(BEA)
    (found,) = desk.agreed()

    assert (found.is_new, found.refused) == (True, "")
    assert [str(one.author) for one in found.commits] == [BEA]


def test_one_commit_with_both_is_refused(desk: Desk) -> None:
    desk.shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    desk.approve(ANA)

    assert "both adds it and changes rules" in desk.refusal()


@pytest.mark.parametrize(
    ("author", "committer"),
    [
        ("Ana Souza <ANA@Shop.Example>", ""),
        ("ana <ana@elsewhere.example>", ""),
        (BEA, ANA),
        (ANA, BEA),
    ],
    ids=["e-mail in other letters", "name with another e-mail", "committer", "author"],
)
def test_the_same_person_is_known_again(desk: Desk, author: str, committer: str) -> None:
    desk.cheaper(ANA)
    desk.approve(author, committer)

    assert "somebody else must commit the approval" in desk.refusal()


def test_a_co_author_is_an_author(desk: Desk) -> None:
    desk.shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    desk.commit(ANA, message=f"both of us\n\nCo-authored-by: {BEA}")
    desk.approve(BEA)

    assert f"by {BEA} changes rules" in desk.refusal()


def test_a_forge_that_commits_for_people_is_nobody(desk: Desk) -> None:
    desk.cheaper(ANA, FORGE)
    desk.approve(BEA, FORGE)

    assert desk.refusal() == ""


def test_a_program_cannot_agree(desk: Desk) -> None:
    desk.cheaper(ANA)
    desk.approve("helper[bot] <helper@shop.example>", FORGE)

    assert "who is no person" in desk.refusal()


def test_an_approval_that_its_author_widens_later_is_refused(desk: Desk) -> None:
    desk.approve(BEA)
    desk.cheaper(ANA)
    desk.approve(ANA, text=APPROVAL.replace("60%", "90%"))

    assert f"by {ANA} adds it" in desk.refusal()


def test_an_approval_of_the_base_that_is_moved_stays_agreed(desk: Desk) -> None:
    desk.approve(BEA)
    git(desk.shop.root, "branch", "-f", "base")
    desk.cheaper(ANA)
    (desk.shop.root / FILE).unlink()
    desk.shop.write("rules/approvals/all.yaml", "# moved\n" + APPROVAL)
    desk.commit(ANA)

    assert [(one.is_new, one.refused) for one in desk.agreed()] == [(False, "")]


def test_an_approval_of_the_base_that_is_widened_is_a_new_one(desk: Desk) -> None:
    desk.approve(BEA)
    git(desk.shop.root, "branch", "-f", "base")
    desk.cheaper(ANA)
    desk.approve(ANA, text=APPROVAL.replace("2026-12-31", "2027-12-31"))

    assert f"by {ANA} adds it" in desk.refusal()


def test_a_file_that_is_renamed_keeps_who_added_it(desk: Desk) -> None:
    desk.approve(BEA)
    desk.cheaper(ANA)
    git(desk.shop.root, "mv", FILE, "rules/agreed.yaml")
    desk.commit(ANA)

    assert desk.refusal() == ""


def test_an_approval_that_was_taken_back_needs_a_new_word(desk: Desk) -> None:
    desk.cheaper(ANA)
    desk.approve(BEA)
    (desk.shop.root / FILE).unlink()
    desk.commit(BEA)
    desk.approve(ANA)

    assert f"by {ANA} adds it" in desk.refusal()


def test_a_merge_brings_what_its_branch_agreed_to(desk: Desk) -> None:
    root = desk.shop.root
    git(root, "checkout", "-q", "-b", "agreed")
    desk.approve(BEA)
    git(root, "checkout", "-q", "main")
    desk.cheaper(ANA)
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "agreed", who=people(ANA))
    (found,) = desk.agreed()

    assert found.refused == ""
    assert [str(one.author) for one in found.commits] == [BEA]


def test_a_merge_that_slips_an_approval_in_is_its_author(desk: Desk) -> None:
    root = desk.shop.root
    git(root, "checkout", "-q", "-b", "other")
    desk.shop.write("rules/words.yaml", "kind: lists\nname: words\nvalues: [X]\n")
    desk.commit(BEA)
    git(root, "checkout", "-q", "main")
    desk.cheaper(ANA)
    git(root, "merge", "-q", "--no-ff", "--no-commit", "other", who=people(ANA))
    desk.approve(ANA)

    assert f"by {ANA} adds it" in desk.refusal()


def test_tests_and_other_approvals_are_no_rules(desk: Desk) -> None:
    desk.cheaper(ANA)
    desk.shop.write(
        "rules/a.test.yaml",
        "kind: test\nname: a\nof: shop\ncases: []\n",
    )
    desk.shop.write("rules/more.yaml", APPROVAL.replace("agreed", "more").replace("60%", "65%"))
    desk.commit(BEA)
    desk.approve(BEA)

    assert [one.refused for one in desk.agreed()] == ["", ""]


def test_what_is_not_committed_is_not_agreed(desk: Desk) -> None:
    desk.cheaper(ANA)
    desk.shop.write(FILE, APPROVAL)

    assert desk.refusal("base") == "it is not committed yet, so nobody else has agreed to it"


def test_what_is_committed_counts_for_the_working_tree(desk: Desk) -> None:
    desk.approve(BEA)
    desk.shop.change("rules/pricing.yaml", "markup: 18%", "markup: -50%")

    assert desk.refusal("base") == ""


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs ssh-keygen, to sign commits")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ana", "bea", "nobody"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    known = [
        f"{name}@shop.example {(folder / f'{name}.pub').read_text(encoding='utf-8')}"
        for name in ("ana", "bea")
    ]
    (folder / "known").write_text("".join(known), encoding="utf-8")
    return folder


@pytest.fixture
def keys(desk: Desk, made_keys: Path) -> Path:
    """A key for Ana and one for Bea, both known to this clone, and one of nobody."""
    git(desk.shop.root, "config", "gpg.format", "ssh")
    git(desk.shop.root, "config", "gpg.ssh.allowedSignersFile", str(made_keys / "known"))
    return made_keys


def sign(desk: Desk, key: Path, who: str) -> None:
    """Give the newest commit a signature."""
    git(
        desk.shop.root, "-c", f"user.signingkey={key}", "commit", "-q", "--amend", "--no-edit",
        "-S", who=people(who),
    )  # fmt: skip


def test_signed_commits_of_two_people_count(desk: Desk, keys: Path) -> None:
    desk.cheaper(ANA)
    sign(desk, keys / "ana", ANA)
    desk.approve(BEA)
    sign(desk, keys / "bea", BEA)

    assert desk.refusal(signed=True) == ""


@pytest.mark.parametrize(
    ("rules", "approval", "said"),
    [
        ("ana", None, f"by {BEA} is not signed by anybody known here"),
        ("ana", "nobody", f"by {BEA} is not signed by anybody known here"),
        ("ana", "ana", f"by {BEA} is signed by ana@shop.example"),
        (None, "bea", f"by {ANA} is not signed by anybody known here"),
    ],
    ids=["unsigned", "an unknown key", "the key of somebody else", "unsigned rules"],
)
def test_signatures_must_vouch_for_who_wrote(
    desk: Desk, keys: Path, rules: str | None, approval: str | None, said: str
) -> None:
    desk.cheaper(ANA)
    if rules is not None:
        sign(desk, keys / rules, ANA)
    desk.approve(BEA)
    if approval is not None:
        sign(desk, keys / approval, BEA)

    assert said in desk.refusal(signed=True)
    assert desk.refusal(signed=False) == ""


def test_a_change_cannot_let_itself_off_signatures(desk: Desk) -> None:
    desk.shop.change("offerwright.yaml", "sources:", "approvals: {require_signed: true}\nsources:")
    desk.commit(ANA)
    git(desk.shop.root, "branch", "-f", "base")
    desk.shop.change("offerwright.yaml", "require_signed: true", "require_signed: false")
    desk.commit(ANA)
    desk.approve(BEA)
    done = desk.shop("diff", "base..HEAD", "--as-of", AS_OF)

    assert done.code == 1
    assert f"by {BEA} is not signed by anybody known here" in done.out


@pytest.mark.parametrize(
    ("expires", "said"), [("2026-11-26", "it ended on 2026-11-26"), ("2026-11-27", "")]
)
def test_a_new_approval_that_is_over_does_not_count(desk: Desk, expires: str, said: str) -> None:
    desk.approve(BEA, text=APPROVAL.replace("2026-12-31", expires))

    assert desk.refusal() == said


def test_a_reason_of_several_lines_stays_on_one(desk: Desk) -> None:
    desk.approve(BEA, text=APPROVAL.replace("reason: clearance", 'reason: "all\\nblocks  nothing"'))
    done = desk.shop("diff", "base..HEAD", "--as-of", AS_OF)

    assert r"until 2026-12-31: all\x0ablocks nothing (bea)" in done.out


def test_two_folders_do_not_say_who_agreed(desk: Desk) -> None:
    before, _ = states_of_range(desk.shop.root, "base..HEAD")
    desk.approve(BEA)
    _, after = states_of_range(desk.shop.root, "base..HEAD")
    base, head = (load_documents(one.repository, KINDS)[0] for one in (before, after))
    (found,) = agreements(base, head, None, Terms(date(2026, 11, 27), False))

    assert found.refused == "two folders do not say who wrote what; compare commits"


def test_the_guard_objects_again_and_the_review_says_who(desk: Desk) -> None:
    """Three offers fall by 57.6 %: 118.00 → 50.00, 236.00 → 100.00, 59.00 → 25.00."""
    root = desk.shop.root
    desk.shop.change(
        "rules/guards.yaml",
        "  - {id: floor, check: price_at_least, bound: lowest, else: block}\n",
        "",
    )
    desk.commit(BEA)
    git(root, "branch", "-f", "base")
    desk.cheaper(ANA)
    desk.approve(ANA)
    own = desk.shop("diff", "base..HEAD", "--as-of", AS_OF)
    git(root, "reset", "-q", "--hard", "HEAD~1")
    desk.approve(BEA)
    other = desk.shop("diff", "base..HEAD", "--as-of", AS_OF)

    assert (own.code, other.code) == (1, 0)
    assert "\nblocks   step" in own.out
    assert "does not count: commit" in own.out and ANA in own.out
    assert "\napproved step" in other.out
    assert f"lets 3 offers pass; agreed by {BEA}" in other.out


def test_every_rendering_says_what_does_not_count(desk: Desk) -> None:
    """At the line of the approval, with names that format nothing."""
    strange = "Ana `|` @team <ana@shop.example>"
    desk.cheaper(strange)
    desk.approve(strange)
    outputs = [part for form in ("json", "markdown", "sarif", "github", "html")
               for part in ("-o", f"{form}=out.{form}")]  # fmt: skip
    done = desk.shop("diff", "base..HEAD", "--as-of", AS_OF, *outputs)
    said = {
        form: (desk.shop.root / f"out.{form}").read_text(encoding="utf-8")
        for form in ("json", "markdown", "sarif", "github", "html")
    }
    (record,) = json.loads(said["json"])["approvals"]
    results = json.loads(said["sarif"])["runs"][0]["results"]
    (remark,) = [one for one in results if one["ruleId"] == "approval"]

    assert done.code == 1
    assert (record["result"], record["file"], record["line"]) == ("refused", FILE, 4)
    assert faults("review", json.loads(said["json"])) == []
    assert remark["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    assert f"::error file={FILE},line=4" in said["github"]
    assert "does not count" in said["markdown"]
    assert "Does not count" in said["html"]
