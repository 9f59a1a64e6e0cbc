"""`comment`: a review as one comment of a pull request, kept up to date."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args
from urllib.parse import urlsplit

import click

from offerwright.cli.outputs import links_options
from offerwright.cli.report import echo, number_of, put, tell
from offerwright.errors import OfferwrightError
from offerwright.forges.mark import DEFAULT, LONGEST_NAME, NAME
from offerwright.forges.place import FORGES, ForgeName

if TYPE_CHECKING:
    from offerwright.forges.place import Place
    from offerwright.forges.post import Asked, Posted

When = Literal["always", "changed", "blocked"]
BEHAVIORS = ("update", "new", "hide-and-new", "delete-and-new")
_FORK = (
    "> Computed by the fork's own job, which its author can change: run the review yourself before "
    "you trust it.\n\n"
)
_BYTES = 64 * 1024 * 1024


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="REVIEW.json")
@click.option("--on", "forge", type=click.Choice(tuple(FORGES)), default=None,
              help="Where the repository is; in a job of theirs, known.")  # fmt: skip
@click.option("--repository", default=None, metavar="OWNER/NAME",
              help="Whose pull request; GitLab also takes the number of the project.")  # fmt: skip
@click.option("--number", type=click.IntRange(1), default=None,
              help="Of the pull request or merge request.")  # fmt: skip
@click.option("--name", default=DEFAULT, show_default=True,
              help="Tells this comment from others of ours on the same pull request.")  # fmt: skip
@click.option("--behavior", type=click.Choice(BEHAVIORS), default="update", show_default=True,
              help="What becomes of the comment of before.")  # fmt: skip
@click.option("--when", type=click.Choice(get_args(When)), default="changed", show_default=True,
              help="When there is something to tell.")  # fmt: skip
@links_options
@click.option("--report", default=None, metavar="URL",
              help="Where the whole report lies; the comment links to it.")  # fmt: skip
@click.option("--api-url", default=None, metavar="URL",
              help="The API of a server of your own: https://git.example/api/v3.")  # fmt: skip
@click.option(
    "--dry-run", is_flag=True, help="Say what would be done, print the text, send nothing."
)
def comment(
    file: Path,
    forge: str | None,
    repository: str | None,
    number: int | None,
    name: str,
    behavior: str,
    when: str,
    folder: str,
    links: str | None,
    report: str | None,
    api_url: str | None,
    dry_run: bool,
) -> None:
    """Put a review on a pull request of GitHub or a merge request of GitLab.

    REVIEW.json is what `offerwright diff BASE..HEAD -o json` wrote; `-` reads stdin. The token
    comes from OFFERWRIGHT_FORGE_TOKEN, or a file that OFFERWRIGHT_FORGE_TOKEN_FILE names, else
    from GITHUB_TOKEN or GITLAB_TOKEN. Run twice, it comments once.
    """
    from offerwright.forges.place import Wanted, place_of, repository_url
    from offerwright.forges.post import BUDGETS, Asked
    from offerwright.forges.token import forge_token, has_token
    from offerwright.review.read import read_record

    _check_name(name)
    link = _checked(report)
    record = read_record(_read(file), "stdin" if str(file) == "-" else str(file))
    wanted = Wanted(cast("ForgeName | None", forge), repository, number, api_url)
    place = place_of(wanted, os.environ)
    looked_at = _with_links(record, place, links or repository_url(place, os.environ), folder)
    text = _Text(looked_at, name, link, place.is_fork)
    asked = Asked(name, cast(Any, behavior), _is_wanted(record, cast(When, when)), text)
    if dry_run and not has_token(place, os.environ):
        tell("There is no token, so the comments that are there are not known; this is the text:")
        put(text(BUDGETS[0]))
        return
    _comment(place, asked, forge_token(place, os.environ), dry_run)


class _Text:
    """The text of the comment, by how long it may be."""

    def __init__(
        self, record: Mapping[str, Any], name: str, report: str | None, is_fork: bool
    ) -> None:
        from offerwright.forges.mark import mark_of

        head = record["head"]
        self._record = record
        self._first = f"{mark_of(name, head['commit'], head['rules'])}\n{_FORK if is_fork else ''}"
        self._last = "" if report is None else f"\n[The whole report]({report})\n"

    def __call__(self, budget: int) -> str:
        from offerwright.forges.mark import without_mark
        from offerwright.review.markdown import comment as written

        room = budget - len(self._first) - len(self._last)
        return f"{self._first}{without_mark(written(self._record, room))}{self._last}"


def _with_links(
    record: Mapping[str, Any], place: Place, repository: str | None, folder: str
) -> Mapping[str, Any]:
    """The review with the address of every line, where it is known whose files they are."""
    from offerwright.review.links import addressed, links

    if repository is None:
        return record
    found = links(repository, record["head"]["commit"], folder)
    # A server of one's own need not have the forge in its name.
    return addressed(record, replace(found, host=place.forge))


def _comment(place: Place, asked: Asked, token: Any, dry_run: bool) -> None:
    from offerwright.forges.connection import connected
    from offerwright.forges.post import look, post

    with connected(place, token) as (forge, here):
        if forge is None:
            tell("The pull request has moved on to another commit; its own job comments on that.")
            return
        posted = look(forge, here, asked) if dry_run else post(forge, here, asked)
    for line in _said(posted, here, asked.is_wanted, dry_run):
        (tell if dry_run else echo)(line)
    if dry_run:
        put(posted.text)


def _said(posted: Posted, place: Place, is_wanted: bool, dry_run: bool) -> Iterator[str]:
    """What was done, a line each; of many the number."""
    would = "Would have " if dry_run else ""
    counts = {deed: sum(step.deed == deed for step in posted.steps)
              for deed in ("create", "edit", "hide", "delete")}  # fmt: skip
    url = f": {posted.comment.url}" if posted.comment and posted.comment.url else ""
    words = {"create": ("commented on", url), "edit": ("edited the comment on", url)}
    for deed, (verb, end) in words.items():
        if counts[deed]:
            yield f"{_capital(would, verb)} {place}{end}"
    for deed, verb in (("hide", "hidden"), ("delete", "deleted")):
        if counts[deed]:
            older = number_of(counts[deed], "older comment")
            yield f"{_capital(would, verb)} {older} on {place}"
    if not posted.steps:
        why = "the comment says it already" if is_wanted or posted.comment else "no need to comment"
        yield f"Nothing to do on {place}: {why}"


def _capital(would: str, verb: str) -> str:
    return f"{would}{verb}" if would else verb.capitalize()


def _is_wanted(record: Mapping[str, Any], when: When) -> bool:
    """Whether the review is worth a comment of its own."""
    asked = {
        "always": True,
        "changed": record["differs"] or record["blocks"],
        "blocked": record["blocks"],
    }
    return bool(asked[when])


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise click.BadParameter(
            f"{name!r} is no name; write letters, digits, `.`, `_`, single `-` and `/`, at most "
            f"{LONGEST_NAME}",
            param_hint="--name",
        )


def _checked(report: str | None) -> str | None:
    if report is None:
        return None
    parts = urlsplit(report)
    plain = report.isascii() and report.isprintable() and not set(report) & set(" ()<>[]\\\"'`|")
    if parts.scheme not in ("http", "https") or not parts.netloc or not plain or len(report) > 2000:
        raise click.BadParameter(
            "is no https:// address that a link can hold", param_hint="--report"
        )
    return report


def _read(file: Path) -> bytes:
    if str(file) == "-":
        data = sys.stdin.buffer.read(_BYTES + 1)
    elif file.is_dir():
        raise OfferwrightError(f"{file} is a folder; give the file that `diff -o json` wrote")
    else:
        with file.open("rb") as opened:
            data = opened.read(_BYTES + 1)
    if len(data) > _BYTES:
        raise OfferwrightError(f"{file} is larger than 64 MiB; write it with fewer `--offers`")
    return data
