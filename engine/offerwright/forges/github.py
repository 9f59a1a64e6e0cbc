"""
GitHub: comments of the issue that every pull request is; hidden ones through GraphQL.

REST has no way to hide a comment, and tells nobody whether one is hidden or whose token wrote it;
one GraphQL query about the comments with our mark tells both. Where a token may not ask that, a
comment counts as ours when a bot wrote it.
(Documentation of the REST API, "issue comments", and of GraphQL, `minimizeComment`, November 2026.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from offerwright.errors import CredentialsRefused, ForgeAway, ForgeRefused
from offerwright.forges.answers import NEEDS, Gone, Unsure, part
from offerwright.forges.client import Call, ForgeClient
from offerwright.forges.comment import Comment, number_in
from offerwright.forges.mark import read_mark
from offerwright.forges.place import Branch, Place

HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
PER_PAGE = 100
_BROKEN = "Something went wrong"
"""How GitHub's GraphQL begins to say that a query took too long, with a status of 200."""
_WHOSE = """\
query($ids: [ID!]!) {
  viewer { login }
  nodes(ids: $ids) { ... on IssueComment { id isMinimized viewerDidAuthor author { login } } }
}"""
_HIDE = """\
mutation($id: ID!) {
  minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
    minimizedComment { isMinimized }
  }
}"""


@dataclass(frozen=True, slots=True)
class GitHub:
    """The comments of one pull request."""

    client: ForgeClient
    place: Place

    def own(self, name: str) -> Sequence[Comment]:
        """See `Forge`."""
        url = self._url(f"issues/{self.place.number}/comments?per_page={PER_PAGE}")
        listed = self.client.pages(Call("list the comments", "GET", url))
        marked = [pair for entry in listed if (pair := _marked(entry, name))]
        return [one for one in self._ours(marked)] if marked else []

    def create(self, text: str) -> Comment:
        url = self._url(f"issues/{self.place.number}/comments")
        told = self.client.call(Call("comment", "POST", url, {"body": text}, False))
        if not number_in(told):
            raise Unsure("GitHub does not say which comment it has written")
        return _comment(told, text)

    def edit(self, comment: Comment, text: str) -> Comment:
        url = self._url(f"issues/comments/{comment.id}")
        return _comment(
            self.client.call(Call("edit a comment", "PATCH", url, {"body": text})), text
        )

    def hide(self, comment: Comment) -> None:
        self._ask("hide a comment", _HIDE, {"id": comment.node})

    def delete(self, comment: Comment) -> None:
        url = self._url(f"issues/comments/{comment.id}")
        self.client.call(Call("delete a comment", "DELETE", url))

    def _url(self, rest: str) -> str:
        return f"{self.place.api_url}/repos/{self.place.repository}/{rest}"

    def _ours(self, marked: Sequence[tuple[Comment, bool]]) -> Iterator[Comment]:
        try:
            known = self._whose([comment for comment, _ in marked])
        except (Gone, ForgeRefused, CredentialsRefused):
            yield from (comment for comment, is_bots in marked if is_bots)
            return
        for comment, _ in marked:
            told = known.get(comment.node)
            if told is not None:
                yield replace(comment, is_hidden=told.get("isMinimized") is True)

    def _whose(self, comments: Sequence[Comment]) -> Mapping[str, Any]:
        """Node -> what GraphQL tells of it, of those that our token wrote."""
        found: dict[str, Any] = {}
        for start in range(0, len(comments), PER_PAGE):
            ids = [comment.node for comment in comments[start : start + PER_PAGE]]
            data = self._ask("say whose the comments are", _WHOSE, {"ids": ids})
            nodes, me = data.get("nodes"), _login(data.get("viewer"))
            if not isinstance(nodes, list) or len(nodes) != len(ids):
                raise ForgeRefused("GitHub does not say whose the comments are")
            found |= {
                node: told
                for node, told in zip(ids, nodes, strict=True)
                if isinstance(told, dict) and _is_by(me, told)
            }
        return found

    def _ask(self, what: str, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """
        The data of an answer.

        A list of nodes comes with an error for each one that is gone, and with the others: then
        the others count. Raises `Gone` where nothing came.
        """
        body = {"query": query, "variables": variables}
        answer = self.client.call(Call(what, "POST", graphql_url(self.place.api_url), body))
        data, errors = part(answer, "data"), _errors(answer)
        is_only_gone = {str(one.get("type")) for one in errors} == {"NOT_FOUND"}
        if errors and not (is_only_gone and isinstance(data.get("nodes"), list)):
            said = self.client.quoted("; ".join(str(one.get("message")) for one in errors))
            raise _graphql_refusal(what, errors, said)
        return data


def find_number(client: ForgeClient, place: Place, branch: Branch) -> int | None:
    """
    The number of the open pull request from a branch; None where it is at another commit by now.

    Raises:
        ForgeRefused: there is none from this branch.
    """
    head = quote(f"{branch.owner}:{branch.name}", safe="")
    url = f"{place.api_url}/repos/{place.repository}/pulls?state=open&head={head}&per_page=100"
    pulls = list(client.pages(Call("list the pull requests", "GET", url)))
    # A filter that it does not understand makes GitHub list all: look at each one.
    mine = [one for one in pulls if _head(one) == (branch.owner.lower(), branch.name)]
    if not mine:
        raise ForgeRefused(
            f"{place.repository} has no open pull request from {branch.owner}:{branch.name}"
        )
    here = [one for one in mine if part(one, "head").get("sha") == branch.commit]
    return number_in(here[0], "number") if here else None


def _head(pull: Mapping[str, Any]) -> tuple[str, str]:
    head = part(pull, "head")
    return _login(head.get("user")), str(head.get("ref"))


def graphql_url(api_url: str) -> str:
    """GitHub has GraphQL beside REST, GitHub Enterprise Server one folder above it."""
    return f"{api_url.removesuffix('/v3')}/graphql"


def _marked(entry: Mapping[str, Any], name: str) -> tuple[Comment, bool] | None:
    """A comment with our mark and this name, and whether a bot wrote it."""
    text = str(entry.get("body") or "")
    mark = read_mark(text)
    if mark is None or mark.name != name:
        return None
    return _comment(entry, text), part(entry, "user").get("type") == "Bot"


def _comment(entry: Any, text: str) -> Comment:
    mark = read_mark(text)
    assert mark is not None, "every comment of ours begins with its mark"
    told = entry if isinstance(entry, dict) else {}
    url, node = (str(told.get(key) or "") for key in ("html_url", "node_id"))
    return Comment(number_in(told), text, mark, url, node)


def _login(user: Any) -> str:
    """A name as REST and GraphQL both may write it: one of them leaves out `[bot]`."""
    login = user.get("login") if isinstance(user, dict) else None
    return str(login or "").removesuffix("[bot]").lower()


def _is_by(me: str, told: Mapping[str, Any]) -> bool:
    return told.get("viewerDidAuthor") is True or _login(told.get("author")) == me != ""


def _errors(answer: Any) -> list[Mapping[str, Any]]:
    found = answer.get("errors") if isinstance(answer, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _graphql_refusal(what: str, errors: Sequence[Mapping[str, Any]], said: str) -> Exception:
    kinds = {str(one.get("type")) for one in errors}
    if "RATE_LIMITED" in kinds or said.startswith(_BROKEN):
        # Whoever went on without knowing which comments are ours would write a second one.
        return ForgeAway(f"GitHub cannot {what} now: {said}; run the job again later")
    if "NOT_FOUND" in kinds:
        return Gone(said)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return CredentialsRefused(f"GitHub refuses to {what}: {said}; {NEEDS['github']}")
    return ForgeRefused(f"GitHub refuses to {what}: {said}")
