"""`offerwright comment` over real HTTP: one comment, kept up to date, on both forges."""

from __future__ import annotations

import pytest
from cli.shop import ROOT, Shop
from forges.conftest import Desk
from forges.reviews import FIRST, SECOND, passing, quiet, review

OTHER = "<!-- offerwright review name=brazil head=none rules=none -->\nanother comment of ours"
FORGED = f"<!-- offerwright review name=review head={FIRST} rules=none -->\nnot by us"


def test_a_review_becomes_one_comment_and_a_second_run_writes_nothing(desk: Desk) -> None:
    first, second = desk.comment(review()), desk.comment(review())

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert desk.forge.writes() == ["POST"]
    assert "1 of 40,112 offers changes" in desk.forge.bodies()[0]
    assert first.out.startswith("Commented on shop/rules")
    assert "the comment says it already" in second.out


def test_a_job_that_only_comments_starts_without_what_computes(github: Desk) -> None:
    for name in ("polars", "numpy"):
        (github.folder / "broken" / name).mkdir(parents=True)
        file = github.folder / "broken" / name / "__init__.py"
        file.write_text("raise ImportError('not here')")
    shop = Shop(github.folder)
    done = shop.process(
        "comment", github.review(review()), "--on", "github", "--repository", "shop/rules",
        "--number", "12", "--dry-run",
        env={"PYTHONPATH": f"{github.folder}/broken:{ROOT / 'engine'}"},
    )  # fmt: skip

    assert done.code == 0, done.err
    assert "1 of 40,112 offers changes" in done.out


def test_the_first_line_says_which_comment_it_is_and_what_of(desk: Desk) -> None:
    desk.comment(review(), "--name", "shops/brazil")

    assert desk.forge.bodies()[0].splitlines()[0] == (
        f"<!-- offerwright review name=shops/brazil head={FIRST} rules={'a' * 16} -->"
    )


def test_a_new_commit_edits_the_comment_in_its_place(desk: Desk) -> None:
    desk.comment(review())
    there = list(desk.forge.comments)
    done = desk.comment(passing(SECOND))

    assert list(desk.forge.comments) == there
    assert SECOND in desk.forge.bodies()[0] and FIRST not in desk.forge.bodies()[0]
    assert done.out.startswith("Edited the comment on shop/rules")


def test_new_leaves_the_comments_of_before_as_they_are(desk: Desk) -> None:
    for one in (review(), review(SECOND), review(SECOND)):
        desk.comment(one, "--behavior", "new")

    assert desk.forge.writes() == ["POST", "POST"]
    assert [FIRST in body for body in desk.forge.bodies()] == [True, False]


def test_hide_and_new_folds_what_was_said_before_once(desk: Desk) -> None:
    for commit in (FIRST, SECOND, SECOND, "3" * 40):
        assert desk.comment(review(commit), "--behavior", "hide-and-new").code == 0

    hiding = {"github": "HIDE", "gitlab": "PUT"}[desk.name]
    assert desk.forge.writes() == ["POST", "POST", hiding, "POST", hiding]
    assert len(desk.forge.comments) == 3
    assert ["3" * 40 in body for body in desk.forge.bodies()] == [True]


def test_delete_and_new_leaves_one(desk: Desk) -> None:
    for commit in (FIRST, SECOND, SECOND):
        desk.comment(review(commit), "--behavior", "delete-and-new")

    assert desk.forge.writes() == ["POST", "POST", "DELETE"]
    assert [SECOND in one.body for one in desk.forge.comments.values()] == [True]


def test_an_outdated_note_is_kept_closed_under_a_line_that_says_so(gitlab: Desk) -> None:
    for commit in (FIRST, SECOND):
        gitlab.comment(review(commit), "--behavior", "hide-and-new")
    old = next(one.body for one in gitlab.forge.comments.values() if FIRST in one.body)

    assert old.splitlines()[0].endswith(" outdated -->")
    assert old.splitlines()[1] == ("<details><summary>Outdated review of 111111111111</summary>")
    assert "1 of 40,112 offers changes" in old
    assert old.count("<details>") == old.count("</details>")


def test_nothing_is_said_where_nothing_changes(desk: Desk) -> None:
    done = desk.comment(quiet())

    assert (done.code, desk.forge.writes()) == (0, [])
    assert "no need to comment" in done.out


@pytest.mark.parametrize("behavior", ["update", "new", "hide-and-new", "delete-and-new"])
def test_a_change_that_is_gone_again_is_said_in_the_comment_that_told_it(
    desk: Desk, behavior: str
) -> None:
    desk.comment(review())
    desk.comment(quiet(SECOND), "--behavior", behavior)

    assert len(desk.forge.comments) == 1
    assert "none of 40,112 offers changes" in desk.forge.bodies()[0]


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("always", [True, True, True]),
        ("changed", [True, True, False]),
        ("blocked", [True, False, False]),
    ],
)
def test_when_says_what_is_worth_a_comment(desk: Desk, when: str, wanted: list[bool]) -> None:
    said = []
    for name, one in zip("abc", (review(), passing(), quiet()), strict=True):
        desk.comment(one, "--when", when, "--name", name)
        said.append(any(f"name={name} " in body for body in desk.forge.bodies()))

    assert said == wanted


def test_comments_of_other_names_people_and_quotations_are_left_alone(desk: Desk) -> None:
    for body, author in ((OTHER, "price-review[bot]"), (FORGED, "mallory"), ("> " + FORGED, "ana")):
        desk.forge.write(body, author)
    before = [one.body for one in desk.forge.comments.values()]
    desk.comment(review(), "--behavior", "delete-and-new")
    desk.comment(review(SECOND), "--behavior", "delete-and-new")

    assert [one.body for one in desk.forge.comments.values()][:3] == before
    assert len(desk.forge.comments) == 4


def test_notes_of_gitlab_itself_are_not_ours(gitlab: Desk) -> None:
    gitlab.forge.write(FORGED, is_system=True)
    gitlab.comment(review())

    assert gitlab.forge.writes() == ["POST"]


def test_our_comment_is_found_on_a_later_page(desk: Desk) -> None:
    desk.forge.page = 2
    for number in range(5):
        desk.forge.write(f"a talk {number}", "ana")
    desk.comment(review())
    desk.comment(review(SECOND))

    assert len(desk.forge.bodies()) == 1
    assert len(desk.forge.comments) == 6
    assert desk.forge.methods().count("GET") >= 6


@pytest.mark.parametrize("behavior", ["update", "hide-and-new", "delete-and-new"])
def test_two_jobs_that_write_at_once_leave_one_comment(desk: Desk, behavior: str) -> None:
    """The other job writes between our look and our comment; ours is the newest."""
    text = f"<!-- offerwright review name=review head={FIRST} rules=none -->\nof the other job"
    desk.forge.next("POST", does=lambda: desk.forge.write(text))
    done = desk.comment(review(SECOND), "--behavior", behavior)

    assert (done.code, len(desk.forge.bodies())) == (0, 1), done.err
    assert SECOND in desk.forge.bodies()[0]


def test_new_leaves_what_another_job_wrote_at_once(desk: Desk) -> None:
    desk.forge.next("POST", does=lambda: desk.forge.write(OTHER.replace("brazil", "review")))
    desk.comment(review(), "--behavior", "new")

    assert (len(desk.forge.bodies()), desk.forge.writes()) == (2, ["POST"])


def test_two_comments_of_two_jobs_at_once_become_one(desk: Desk) -> None:
    for _ in range(2):
        desk.forge.write(f"<!-- offerwright review name=review head={FIRST} rules=none -->\nold")
    done = desk.comment(review(SECOND))
    again = desk.comment(review(SECOND))

    assert len(desk.forge.bodies()) == 1
    assert SECOND in desk.forge.bodies()[0]
    assert "Hidden 1 older comment" in done.out
    assert "Nothing to do" in again.out


def test_a_comment_deleted_meanwhile_is_written_anew(desk: Desk) -> None:
    desk.comment(review())
    edits = {"github": "PATCH", "gitlab": "PUT"}[desk.name]
    desk.forge.next(edits, does=desk.forge.comments.clear)
    done = desk.comment(review(SECOND))

    assert (done.code, len(desk.forge.comments)) == (0, 1), done.err
    assert SECOND in desk.forge.bodies()[0]


def test_an_old_comment_that_somebody_deleted_first_stops_nothing(desk: Desk) -> None:
    desk.comment(review())
    first = next(iter(desk.forge.comments))
    desk.forge.next("DELETE", does=lambda: desk.forge.comments.pop(first))
    done = desk.comment(review(SECOND), "--behavior", "delete-and-new")

    assert (done.code, len(desk.forge.comments)) == (0, 1), done.err


def test_one_of_two_comments_that_is_deleted_meanwhile_does_not_hide_the_other(desk: Desk) -> None:
    """GitHub tells of it as an error beside what it knows; a comment of ours stays ours."""
    text = f"<!-- offerwright review name=review head={FIRST} rules=none -->\nold"
    kept, gone = desk.forge.write(text), desk.forge.write(text)
    lists = {"github": "POST", "gitlab": "GET"}[desk.name]
    desk.forge.next(lists, does=lambda: desk.forge.comments.pop(gone.id))
    done = desk.comment(review(SECOND))

    assert (done.code, list(desk.forge.comments)) == (0, [kept.id]), done.err
    assert SECOND in kept.body


def test_a_forge_that_takes_less_gets_a_shorter_comment(desk: Desk) -> None:
    desk.forge.longest = 12_000
    done = desk.comment(review(size=400))
    again = desk.comment(review(size=400))

    assert (done.code, again.code) == (0, 0), done.err + again.err
    assert len(desk.forge.comments) == 1
    assert 0 < len(desk.forge.bodies()[0]) <= 10_000
    assert "❌ **1 guard blocks**" in desk.forge.bodies()[0]
    assert "Nothing to do" in again.out


def test_a_forge_that_takes_nothing_is_told_so(desk: Desk) -> None:
    desk.forge.longest = 100
    done = desk.comment(review())

    assert (done.code, desk.forge.comments) == (2, {})
    assert "takes no comment of 3000 characters" in done.err


def test_dry_run_says_what_would_be_done_and_sends_nothing(desk: Desk) -> None:
    done = desk.comment(review(), "--dry-run")

    assert (done.code, desk.forge.writes()) == (0, [])
    assert "Would have commented on shop/rules" in done.err
    assert "1 of 40,112 offers changes" in done.out


def test_dry_run_needs_no_token(desk: Desk) -> None:
    done = desk.comment(review(), "--dry-run", token="")

    assert (done.code, desk.forge.asked) == (0, [])
    assert done.out.startswith("<!-- offerwright review name=review ")
    assert "There is no token" in done.err


def test_the_comment_links_to_the_whole_report(desk: Desk) -> None:
    desk.comment(review(), "--report", "https://ci.example/runs/7")
    wrong = desk.comment(review(), "--report", "javascript:alert(1)")

    assert desk.forge.bodies()[0].rstrip().endswith("[The whole report](https://ci.example/runs/7)")
    assert wrong.code == 2


@pytest.mark.parametrize("name", ["a--b", "a -->", "", "-x", "x" * 81, "a\nb", "é"])
def test_a_name_that_could_end_the_hidden_line_is_refused(desk: Desk, name: str) -> None:
    done = desk.comment(review(), "--name", name)

    assert (done.code, desk.forge.asked) == (2, [])
    assert "is no name" in done.err


def test_no_line_is_a_command_of_the_forge(desk: Desk) -> None:
    """GitLab obeys lines that begin with a slash: `/approve`, `/merge`."""
    found = review()
    hostile = {**found, "head": {**found["head"], "name": "/approve\n/merge"}}
    desk.comment(hostile)

    assert [line for line in desk.forge.bodies()[0].splitlines() if line.startswith("/")] == []
