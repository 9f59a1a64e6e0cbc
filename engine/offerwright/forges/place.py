"""
Where the comment goes: the command line first, then what GitHub Actions and GitLab CI say.

In a `workflow_run` the event knows no number where the pull request comes from a fork; then its
branch and commit are told instead, and the number is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from offerwright.errors import OfferwrightError

ForgeName = Literal["github", "gitlab"]
FORGES: Mapping[ForgeName, str] = {"github": "GitHub", "gitlab": "GitLab"}
_API: Mapping[ForgeName, tuple[str, str]] = {
    "github": ("GITHUB_API_URL", "https://api.github.com"),
    "gitlab": ("CI_API_V4_URL", "https://gitlab.com/api/v4"),
}
_GITHUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_GITLAB_NAME = re.compile(r"[0-9]+|[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)+")
_EVENT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says of the place."""

    forge: ForgeName | None = None
    repository: str | None = None
    number: int | None = None
    api_url: str | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """The head of a pull request whose number nobody has said: `owner:name` at a commit."""

    owner: str
    name: str
    commit: str


@dataclass(frozen=True, slots=True)
class Place:
    """
    One pull request (GitHub) or merge request (GitLab).

    `repository` is `owner/name`, or GitLab's number of the project; `number` is None where it must
    be asked for by `branch`; `is_fork` says that the job runs for a fork.
    """

    forge: ForgeName
    api_url: str
    repository: str
    number: int | None
    branch: Branch | None = None
    is_fork: bool = False

    def __str__(self) -> str:
        sign = "#" if self.forge == "github" else "!"
        return f"{self.repository}{sign}{self.number}"


def place_of(wanted: Wanted, environ: Mapping[str, str]) -> Place:
    """
    The place that the command line and the environment of the job name together.

    Raises:
        OfferwrightError: something is missing, or is no name of a repository or address.
    """
    forge = wanted.forge or _forge(environ)
    api_url = _address(wanted.api_url or environ.get(_API[forge][0]) or _API[forge][1])
    found = _of_github(environ) if forge == "github" else _of_gitlab(environ)
    repository = wanted.repository or found.repository
    number = wanted.number or found.number
    if not repository:
        raise OfferwrightError("no repository is known here; write --repository owner/name")
    if not (_GITHUB_NAME if forge == "github" else _GITLAB_NAME).fullmatch(repository):
        raise OfferwrightError(f"{repository!r} is no repository; write --repository owner/name")
    branch = None if number else found.branch
    if number is None and branch is None:
        raise OfferwrightError(
            "this job runs for no pull request, so there is nothing to comment on; "
            "write --number, or run it on `pull_request` or on `merge_request_event`"
        )
    return Place(forge, api_url, repository, number, branch, found.is_fork)


def repository_url(place: Place, environ: Mapping[str, str]) -> str | None:
    """Where the files of the head can be looked at, as the job tells it; None outside of one."""
    if place.forge == "gitlab":
        # The head of a fork is not in the project that it leads to.
        return environ.get("CI_PROJECT_URL") or None
    server = environ.get("GITHUB_SERVER_URL")
    is_here = place.repository == environ.get("GITHUB_REPOSITORY")
    return f"{server}/{place.repository}" if server and is_here else None


@dataclass(frozen=True, slots=True)
class _Found:
    repository: str = ""
    number: int | None = None
    branch: Branch | None = None
    is_fork: bool = False


def _forge(environ: Mapping[str, str]) -> ForgeName:
    if environ.get("GITHUB_ACTIONS") == "true":
        return "github"
    if environ.get("GITLAB_CI") == "true":
        return "gitlab"
    raise OfferwrightError("this is no job of GitHub or GitLab; write --on github or --on gitlab")


def _address(url: str) -> str:
    """The address of the API. The token goes there, so it must be encrypted or this machine."""
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise OfferwrightError("the address of the API is no https://host/path; see --api-url")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise OfferwrightError(
            f"the address of the API, {parts.hostname}, is not encrypted, so the token would be "
            "read on its way; write https://"
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _of_github(environ: Mapping[str, str]) -> _Found:
    repository = environ.get("GITHUB_REPOSITORY", "")
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    run = _map(event, "workflow_run")
    pull = _map(event, "issue") or _map(event, "pull_request") or event
    number = _number(pull.get("number"))
    if run:
        pulls = run.get("pull_requests")
        pulls = pulls if isinstance(pulls, list) else []
        number = _number(pulls[0].get("number")) if len(pulls) == 1 else None
        own = _map(run, "head_repository")
        is_fork = bool(own) and own.get("full_name") != repository
        return _Found(repository, None if is_fork else number, _branch(run), is_fork)
    names = [_map(_map(pull, side), "repo").get("full_name") for side in ("head", "base")]
    return _Found(repository, number, None, "head" in pull and names[0] != names[1])


def _branch(run: Mapping[str, Any]) -> Branch | None:
    owner = _map(_map(run, "head_repository"), "owner").get("login")
    words = [owner, run.get("head_branch"), run.get("head_sha")]
    if not all(isinstance(word, str) and word for word in words):
        return None
    return Branch(*map(str, words))


def _of_gitlab(environ: Mapping[str, str]) -> _Found:
    # A pipeline of a fork runs in the fork's project; the comment belongs to the other.
    target = environ.get("CI_MERGE_REQUEST_PROJECT_ID", "")
    project = target or environ.get("CI_PROJECT_ID", "")
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    source = environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", target)
    return _Found(project, _number(number), None, bool(target) and source != target)


def _event(path: str) -> Mapping[str, Any]:
    """What GitHub says of the event; nothing where there is none."""
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            read = json.loads(file.read(_EVENT_BYTES))
    except (OSError, ValueError, RecursionError):
        raise OfferwrightError("the event of this job (GITHUB_EVENT_PATH) cannot be read") from None
    return read if isinstance(read, dict) else {}


def _map(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:12])
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
