"""Where a comment goes: the command line, then GitHub Actions and GitLab CI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forges.conftest import Desk
from forges.reviews import FIRST, SECOND, review
from forges.stand_in import TOKEN

from offerwright.errors import CredentialsRefused, OfferwrightError
from offerwright.forges.mark import Mark, mark_of, read_mark, without_mark
from offerwright.forges.place import Branch, Place, Wanted, place_of
from offerwright.forges.token import forge_token

OURS = {"full_name": "shop/rules"}
FORK = {"full_name": "ana/rules", "owner": {"login": "ana"}}


def actions(folder: Path, event: Any) -> dict[str, str]:
    """The environment of a job of GitHub."""
    (folder / "event.json").write_text(json.dumps(event))
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "shop/rules",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_API_URL": "https://git.example/api/v3",
    }  # fmt: skip


def pull(head: Any) -> dict[str, Any]:
    sides = {"head": {"repo": head, "sha": FIRST}, "base": {"repo": OURS}}
    return {"number": 12, "pull_request": {"number": 12, **sides}}


def run_of(repository: Any, pulls: list[Any]) -> dict[str, Any]:
    return {"workflow_run": {"head_repository": repository, "head_branch": "cheaper",
                             "head_sha": FIRST, "pull_requests": pulls}}  # fmt: skip


def test_a_pull_request_of_github_actions(tmp_path: Path) -> None:
    found = place_of(Wanted(), actions(tmp_path, pull(OURS)))

    assert found == Place("github", "https://git.example/api/v3", "shop/rules", 12)
    assert str(found) == "shop/rules#12"


@pytest.mark.parametrize(("head", "is_fork"), [(OURS, False), (FORK, True), (None, True)])
def test_a_pull_request_from_a_fork_is_known_as_such(
    tmp_path: Path, head: Any, is_fork: bool
) -> None:
    assert place_of(Wanted(), actions(tmp_path, pull(head))).is_fork is is_fork


def test_a_comment_on_a_pull_request_names_its_number(tmp_path: Path) -> None:
    assert place_of(Wanted(), actions(tmp_path, {"issue": {"number": 7}})).number == 7


def test_a_second_job_for_a_fork_asks_for_the_number(tmp_path: Path) -> None:
    found = place_of(Wanted(), actions(tmp_path, run_of(FORK, [])))

    assert (found.number, found.is_fork) == (None, True)
    assert found.branch == Branch("ana", "cheaper", FIRST)


def test_a_second_job_for_a_branch_of_our_own_knows_the_number(tmp_path: Path) -> None:
    own = {**OURS, "owner": {"login": "shop"}}
    found = place_of(Wanted(), actions(tmp_path, run_of(own, [{"number": 5}])))

    assert (found.number, found.is_fork) == (5, False)


def gitlab_ci(**more: str) -> dict[str, str]:
    return {"GITLAB_CI": "true", "CI_API_V4_URL": "https://git.example/api/v4",
            "CI_PROJECT_ID": "31", "CI_MERGE_REQUEST_IID": "4", **more}  # fmt: skip


def test_a_merge_request_of_gitlab() -> None:
    found = place_of(Wanted(), gitlab_ci())

    assert found == Place("gitlab", "https://git.example/api/v4", "31", 4)
    assert str(found) == "31!4"


def test_a_merge_request_from_a_fork_is_commented_where_it_leads() -> None:
    found = place_of(Wanted(), gitlab_ci(
        CI_MERGE_REQUEST_PROJECT_ID="30", CI_MERGE_REQUEST_SOURCE_PROJECT_ID="31"
    ))  # fmt: skip

    assert (found.repository, found.is_fork) == ("30", True)


def test_the_command_line_counts_before_the_job(tmp_path: Path) -> None:
    wanted = Wanted("github", "other/rules", 3, "https://git.example/api/v3/")
    found = place_of(wanted, actions(tmp_path, pull(OURS)))

    assert found == Place("github", "https://git.example/api/v3", "other/rules", 3)


@pytest.mark.parametrize(
    ("wanted", "environ", "says"),
    [
        (Wanted(), {}, "--on github or --on gitlab"),
        (Wanted("github"), {}, "--repository owner/name"),
        (Wanted("github", "rules", 1), {}, "'rules' is no repository"),
        (Wanted("github", "a/b/../../c", 1), {}, "is no repository"),
        (Wanted("github", "a/..", 1), {}, "is no repository"),
        (Wanted("github", "a/b", 1, "https://git.example/#v3"), {}, "is no https://host/path"),
        (Wanted("gitlab", "a/../b", 1), {}, "is no repository"),
        (Wanted("github", "a/b"), {}, "this job runs for no pull request"),
        (Wanted("github", "a/b", 1, "http://git.example/api"), {}, "is not encrypted"),
        (Wanted("github", "a/b", 1, "https://me:pw@git.example"), {}, "is no https://host/path"),
        (Wanted("github", "a/b", 1, "ftp://git.example"), {}, "is no https://host/path"),
        (Wanted("github", "a/b"), {"GITHUB_EVENT_PATH": "/nowhere.json"}, "cannot be read"),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    wanted: Wanted, environ: dict[str, str], says: str
) -> None:
    with pytest.raises(OfferwrightError) as problem:
        place_of(wanted, environ)

    assert says in str(problem.value)
    assert "pw" not in str(problem.value)


def workflow_run(github: Desk, pulls: list[dict[str, Any]], commit: str = FIRST) -> Any:
    github.forge.pulls = pulls
    event = {"workflow_run": {**run_of(FORK, [])["workflow_run"], "head_sha": commit}}
    env = {**actions(github.folder, event), "GITHUB_API_URL": github.forge.url,
           "GITHUB_TOKEN": TOKEN}  # fmt: skip
    return github.run(github.review(review()), env=env)


def branch(number: int, owner: str, commit: str) -> dict[str, Any]:
    return {"number": number, "head": {"ref": "cheaper", "sha": commit, "user": {"login": owner}}}


def test_the_second_job_finds_the_pull_request_of_a_fork_and_says_who_computed(
    github: Desk,
) -> None:
    done = workflow_run(github, [branch(9, "eve", FIRST), branch(12, "Ana", FIRST)])

    assert done.code == 0, done.err
    assert "> Computed by the fork's own job" in github.forge.bodies()[0]


def test_a_pull_request_that_has_moved_on_is_left_to_its_own_job(github: Desk) -> None:
    done = workflow_run(github, [branch(12, "ana", SECOND)])

    assert (done.code, github.forge.writes()) == (0, [])
    assert "moved on" in done.err


def test_a_branch_without_a_pull_request_is_refused(github: Desk) -> None:
    done = workflow_run(github, [branch(9, "eve", FIRST)])

    assert (done.code, github.forge.writes()) == (2, [])
    assert "no open pull request from ana:cheaper" in done.err


def test_a_fork_without_secrets_is_told_of_the_second_job(github: Desk) -> None:
    env = {**actions(github.folder, pull(FORK)), "GITHUB_API_URL": github.forge.url}
    done = github.run(github.review(review()), env=env)

    assert (done.code, github.forge.asked) == (8, [])
    assert "a pull request from a fork" in done.err and "workflow_run" in done.err


def test_a_fork_with_a_token_that_only_reads_is_told_of_the_second_job(github: Desk) -> None:
    github.forge.right = "read"
    env = {**actions(github.folder, pull(FORK)), "GITHUB_API_URL": github.forge.url,
           "GITHUB_TOKEN": TOKEN}  # fmt: skip
    done = github.run(github.review(review()), "--repository", "shop/rules", env=env)

    assert done.code == 8
    assert "workflow_run" in done.err and "docs/ci.md" in done.err


GITHUB = Place("github", "https://git.example", "a/b", 1)
GITLAB = Place("gitlab", "https://git.example", "a/b", 1)


def test_the_tokens_of_the_jobs_are_used_where_there_is_no_own() -> None:
    assert forge_token(GITHUB, {"GITHUB_TOKEN": "one"}).reveal() == "one"
    assert forge_token(GITLAB, {"GITLAB_TOKEN": "two", "GITHUB_TOKEN": "one"}).reveal() == "two"
    both = {"GITHUB_TOKEN": "one", "OFFERWRIGHT_FORGE_TOKEN": "own"}
    assert forge_token(GITHUB, both).reveal() == "own"


def test_a_token_in_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-a-file\n")
    file.chmod(0o600)
    environ = {"OFFERWRIGHT_FORGE_TOKEN_FILE": str(file)}

    assert forge_token(GITHUB, environ).reveal() == "from-a-file"
    file.chmod(0o644)
    with pytest.raises(CredentialsRefused, match="others may read"):
        forge_token(GITHUB, environ)


def test_the_token_of_a_gitlab_job_is_said_to_be_not_enough() -> None:
    with pytest.raises(CredentialsRefused) as problem:
        forge_token(GITLAB, {"CI_JOB_TOKEN": "secret-of-the-job"})

    assert "CI_JOB_TOKEN is set, but it cannot write comments" in str(problem.value)
    assert "secret-of-the-job" not in str(problem.value)


def test_a_mark_is_read_as_it_is_written() -> None:
    for mark in (Mark("shop/a", FIRST, "b" * 16), Mark("x", "none", "none", is_outdated=True)):
        assert read_mark(f"{mark}\nrest") == mark
        assert read_mark(f"{mark}\r\nrest") == mark
        assert without_mark(f"{mark}\r\nrest") == "rest"


@pytest.mark.parametrize(
    "text",
    ["", "text", "> <!-- offerwright review -->\n", " <!-- offerwright review -->\n",
     "<!-- offerwright review --> text", "<!-- offerwright review name=a -->\n",
     "<!-- offerwright review name=a b head=x rules=y -->\n"],
)  # fmt: skip
def test_what_only_looks_like_a_mark_is_none(text: str) -> None:
    assert read_mark(text) is None


def test_a_mark_takes_nothing_from_a_review_that_could_end_it() -> None:
    assert str(mark_of("a", "x --> <script>", None)) == (
        "<!-- offerwright review name=a head=none rules=none -->"
    )
