"""A forge that says no, or nonsense: what the command says then, and with which exit code."""

from __future__ import annotations

from typing import Any

import pytest
from forges.conftest import Desk
from forges.reviews import SECOND, review
from forges.stand_in import TOKEN, Told


def test_a_wrong_token_is_refused_and_never_shown(desk: Desk) -> None:
    wrong = "ghp_" + "wrong" * 8
    done = desk.comment(review(), token=wrong)

    assert (done.code, desk.forge.writes()) == (8, [])
    assert "the token is wrong, or has expired" in done.err
    assert wrong not in done.out + done.err


def test_a_token_that_a_forge_repeats_is_not_repeated_by_us(desk: Desk) -> None:
    desk.forge.next("GET", Told(403, {"message": f"the token {TOKEN} may not"}))
    done = desk.comment(review())

    assert done.code == 8
    assert "the token *** may not" in done.err
    assert TOKEN not in done.out + done.err


@pytest.mark.parametrize(
    ("name", "permission"), [("github", "pull-requests: write"), ("gitlab", "the scope `api`")]
)
def test_a_token_that_only_reads_is_told_which_permission_is_missing(
    request: pytest.FixtureRequest, name: str, permission: str
) -> None:
    desk: Desk = request.getfixturevalue(name)
    desk.forge.right = "read"
    done = desk.comment(review())

    assert (done.code, desk.forge.comments) == (8, {})
    assert permission in done.err
    assert desk.forge.writes() == ["POST"]


def test_a_token_that_may_not_hide_says_so_and_the_new_comment_is_there(github: Desk) -> None:
    github.comment(review())
    forbidden = {"data": None, "errors": [{"type": "FORBIDDEN", "message": "no"}]}
    for told in (None, None, Told(200, forbidden)):
        github.forge.next("POST", told)
    done = github.comment(review(SECOND), "--behavior", "hide-and-new")

    assert done.code == 8
    assert "refuses to hide a comment: no; the token needs `pull-requests: write`" in done.err
    assert SECOND in github.forge.bodies()[-1]


def test_a_locked_conversation_is_no_question_of_rights(github: Desk) -> None:
    github.forge.next(
        "POST", Told(403, {"message": "Unable to create comment because issue is locked."})
    )
    done = github.comment(review())

    assert done.code == 2
    assert "issue is locked" in done.err and "permissions" not in done.err


def test_a_pull_request_that_is_not_there(desk: Desk) -> None:
    where = ("--on", desk.name, "--repository", "shop/other", "--number", "4")
    done = desk.run(desk.review(review()), *where, "--api-url", desk.forge.url,
                    env={"OFFERWRIGHT_FORGE_TOKEN": TOKEN})  # fmt: skip

    assert done.code == 2
    assert "shop/other" in done.err and "or the token may not see it" in done.err


def test_a_repository_that_moved_is_not_followed(desk: Desk) -> None:
    desk.forge.next("GET", Told(301, {"message": "Moved"}, {"Location": "https://evil.example/"}))
    done = desk.comment(review())

    assert (done.code, len(desk.forge.asked)) == (2, 1)
    assert "has moved" in done.err


def test_a_next_page_on_another_host_does_not_get_the_token(desk: Desk) -> None:
    link = {"Link": '<http://127.0.0.2:9/comments?page=2>; rel="next"'}
    if desk.name == "gitlab":
        desk.forge.next("GET", Told(200, {"id": 7}))
    desk.forge.next("GET", Told(200, [], link))
    done = desk.comment(review())

    assert (done.code, desk.forge.writes()) == (2, [])
    assert "another host" in done.err


@pytest.mark.parametrize("body", ["<html>a page</html>", {"items": []}, ["x"], 5])
def test_what_is_no_forge_is_named_as_such_and_gets_no_comment(desk: Desk, body: Any) -> None:
    if desk.name == "gitlab":
        desk.forge.next("GET", Told(200, {"id": 7}))
    desk.forge.next("GET", Told(200, body))
    done = desk.comment(review())

    assert (done.code, desk.forge.writes()) == (2, [])
    assert "is not Git" in done.err and "look at --api-url" in done.err


@pytest.mark.parametrize("body", [None, {"username": "me"}, ["x"]])
def test_a_gitlab_that_does_not_say_who_we_are_gets_no_comment(gitlab: Desk, body: Any) -> None:
    gitlab.forge.next("GET", Told(200, body))
    done = gitlab.comment(review())

    assert (done.code, gitlab.forge.writes()) == (2, [])
    assert "does not say whose the token is" in done.err


GRAPHQL: list[Any] = [
    None, {"data": None}, {"data": {"nodes": 5}}, {"data": {"viewer": [], "nodes": []}},
    {"errors": 5}, {"errors": [{"extensions": {"code": "undefinedField"}, "message": "none"}]},
]  # fmt: skip


@pytest.mark.parametrize("body", GRAPHQL)
def test_a_graphql_that_tells_nothing_brings_no_second_comment(github: Desk, body: Any) -> None:
    github.comment(review())
    github.forge.next("POST", Told(200, body))
    done = github.comment(review(SECOND))

    assert (done.code, github.forge.writes()) == (0, ["POST", "PATCH"]), done.err


LATER = [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"},
         {"message": "Something went wrong while executing your query"}]  # fmt: skip


@pytest.mark.parametrize("error", LATER)
def test_a_graphql_that_cannot_now_is_for_later(github: Desk, error: dict[str, str]) -> None:
    github.comment(review())
    github.forge.next("POST", Told(200, {"data": None, "errors": [error]}))
    done = github.comment(review(SECOND))

    assert (done.code, github.forge.writes()) == (7, ["POST"])
    assert error["message"] in done.err and "run the job again later" in done.err


def test_what_graphql_repeats_of_a_token_or_to_a_terminal_is_not_repeated(github: Desk) -> None:
    github.comment(review())
    said = {"type": "FORBIDDEN", "message": f"no: {TOKEN} \x1b[31m\n::error::x"}
    for told in (None, None, Told(200, {"errors": [said]})):
        github.forge.next("POST", told)
    done = github.comment(review(SECOND), "--behavior", "hide-and-new")

    assert done.code == 8
    assert r"no: *** \x1b[31m\x0a::error::x" in done.err


def test_without_graphql_a_comment_of_a_bot_counts_as_ours(github: Desk) -> None:
    github.forge.has_graphql = False
    github.forge.write("<!-- offerwright review -->\nforged", "mallory")
    github.comment(review())
    github.comment(review(SECOND))

    assert github.forge.writes() == ["POST", "PATCH"]
    assert len(github.forge.comments) == 2


HOSTILE: list[tuple[str, Any]] = [
    ("an amount that is markup", {"paid": {"before": "<img src=x>", "after": "@everyone"}}),
    ("a margin that is no number", {"margin": {"before": "NaN", "after": "1e999999"}}),
    ("a share that never ends", {"margin": {"before": "9" * 4000, "after": "1"}}),
]


@pytest.mark.parametrize(("why", "values"), HOSTILE, ids=[one[0] for one in HOSTILE])
def test_a_review_of_somebody_elses_making_is_refused(
    desk: Desk, why: str, values: dict[str, Any]
) -> None:
    found = review()
    found["movers"]["down"][0]["values"] = values
    done = desk.comment(found)

    assert (done.code, desk.forge.asked) == (2, []), why
    assert "is no whole review" in done.err


@pytest.mark.parametrize(
    ("key", "changed"),
    [("documents", {"before": [], "after": []}), ("spread", {"from": None, "to": None})],
)
def test_a_review_without_what_a_comment_needs_is_refused(
    github: Desk, key: str, changed: dict[str, Any]
) -> None:
    found = review()
    found[key][0] |= changed
    done = github.comment(found)

    assert (done.code, github.forge.asked) == (2, [])
    assert "is no whole review" in done.err


@pytest.mark.parametrize(
    "text", ["", "[1", "{}", "[" * 100_000, '{"version": 99}', "\x00", "9" * 9000]
)
def test_a_file_that_is_no_review_is_refused_before_anybody_is_asked(desk: Desk, text: str) -> None:
    (desk.folder / "bad.json").write_text(text)
    done = desk.run("bad.json", "--on", desk.name, "--repository", "shop/rules", "--number", "12",
                    "--api-url", desk.forge.url, env={"OFFERWRIGHT_FORGE_TOKEN": TOKEN})  # fmt: skip

    assert (done.code, desk.forge.asked) == (2, [])
    assert "Traceback" not in done.err
