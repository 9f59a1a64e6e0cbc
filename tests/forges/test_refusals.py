"""A forge that says no, later, or nothing: what the command says then, and with which exit code."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from forges.conftest import Desk
from forges.reviews import SECOND, review
from forges.stand_in import TOKEN, Told

from offerwright.connectors.secrets import Secret
from offerwright.errors import ForgeAway
from offerwright.forges.client import Timing
from offerwright.forges.connection import connected
from offerwright.forges.place import Place
from offerwright.forges.post import Asked, Posted, post

TEXT = "<!-- offerwright review -->\n### a review"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


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


class Clock:
    """A time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def timing(self, total_s: float = 120.0) -> Timing:
        return Timing(total_s, lambda: sum(self.waits), lambda: NOON, self.waits.append)


def posted(desk: Desk, clock: Clock, total_s: float = 120.0) -> Posted:
    place = Place(desk.name, desk.forge.url, "shop/rules", 12)  # type: ignore[arg-type]
    asked = Asked("review", "update", True, lambda _: TEXT)
    with connected(place, Secret(TOKEN), clock.timing(total_s)) as (forge, here):
        assert forge is not None
        return post(forge, here, asked)


@pytest.mark.parametrize("status", [0, 500, 502])
def test_a_comment_whose_answer_is_lost_is_not_written_twice(desk: Desk, status: int) -> None:
    clock = Clock()

    def kept() -> None:
        desk.forge.handle(desk.forge.asked[-1])

    desk.forge.next("POST", Told(status, {}), does=kept)
    posted(desk, clock)

    assert (desk.forge.writes(), desk.forge.bodies()) == (["POST"], [TEXT])
    assert clock.waits == [0.5]


def test_a_comment_that_was_not_written_when_its_answer_was_lost_is_written(desk: Desk) -> None:
    desk.forge.next("POST", Told(503, {"message": "try later"}))
    posted(desk, Clock())

    assert (desk.forge.writes(), desk.forge.bodies()) == (["POST", "POST"], [TEXT])


@pytest.mark.parametrize("body", [None, [], {"id": "x"}, {"message": "done"}])
def test_an_answer_that_names_no_comment_makes_us_look(desk: Desk, body: Any) -> None:
    def kept() -> None:
        desk.forge.handle(desk.forge.asked[-1])

    desk.forge.next("POST", Told(201, body), does=kept)
    posted(desk, Clock())

    assert (desk.forge.writes(), desk.forge.bodies()) == (["POST"], [TEXT])


def test_nobody_listens(desk: Desk) -> None:
    clock = Clock()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        desk.forge.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    with pytest.raises(ForgeAway, match=r"does not answer at 127\.0\.0\.1"):
        posted(desk, clock)
    assert clock.waits == [0.5, 1.0, 2.0]


RESET = str(int(NOON.timestamp()) + 40)
LIMITS = [
    (Told(429, {}, {"Retry-After": "7"}), 7.0),
    (Told(403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "9"}), 9.0),
    (Told(403, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}), 40.0),
    (Told(403, {"message": "You have exceeded a secondary rate limit."}), 60.0),
    (Told(429, {}, {"Retry-After": "0"}), 0.5),
    (Told(429, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}), 60.0),
]  # fmt: skip


@pytest.mark.parametrize(("told", "wait_s"), LIMITS)
def test_a_limit_of_the_rate_is_waited_for_as_long_as_it_says(
    desk: Desk, told: Told, wait_s: float
) -> None:
    clock = Clock()
    desk.forge.next("POST", told)
    posted(desk, clock)

    assert clock.waits == [wait_s]
    assert desk.forge.bodies() == [TEXT]


def test_a_limit_that_lasts_longer_than_we_wait_ends_the_run(desk: Desk) -> None:
    clock = Clock()
    desk.forge.next("POST", Told(429, {}, {"Retry-After": "600"}))

    with pytest.raises(ForgeAway, match="wants a pause of 600 s"):
        posted(desk, clock)
    assert (clock.waits, desk.forge.comments) == ([], {})
    assert ForgeAway.exit_code == 7


def test_limits_again_and_again_end_within_the_time(desk: Desk) -> None:
    clock = Clock()
    for _ in range(50):
        desk.forge.next("GET", Told(429, {}, {"Retry-After": "10"}))

    with pytest.raises(ForgeAway):
        posted(desk, clock, 45.0)
    assert clock.waits == [10.0] * 4


def test_a_forge_out_of_order_is_asked_again_a_few_times(desk: Desk) -> None:
    clock = Clock()
    for _ in range(2):
        desk.forge.next("GET", Told(502))
    posted(desk, clock)
    for _ in range(4):
        desk.forge.next("GET", Told(500))

    assert clock.waits == [0.5, 1.0]
    with pytest.raises(ForgeAway, match="out of order"):
        posted(desk, clock)
    assert clock.waits == [0.5, 1.0, 0.5, 1.0, 2.0]


def test_answers_that_are_lost_every_time_do_not_make_a_crowd(desk: Desk) -> None:
    for _ in range(9):
        desk.forge.next("POST", Told(0))

    with pytest.raises(ForgeAway, match="5 times"):
        posted(desk, Clock())
    assert desk.forge.comments == {}


def test_a_forge_that_drips_meets_the_deadline(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = Place("github", f"http://127.0.0.1:{listening.getsockname()[1]}", "a/b", 1)
        began = time.monotonic()
        asked = Asked("review", "update", True, lambda _: TEXT)

        with (
            pytest.raises(ForgeAway, match="does not answer"),
            connected(place, Secret(TOKEN), Timing(total_s=0.3)) as (forge, here),
        ):
            assert forge is not None
            post(forge, here, asked)
    assert time.monotonic() - began < 5


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
