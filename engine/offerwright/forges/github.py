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

from offerwright.errors import CredentialsRefused, ForgeRefused
from offerwright.forges.answers import NEEDS, Gone
from offerwright.forges.client import Call, ForgeClient
from offerwright.forges.comment import Comment
from offerwright.forges.mark import read_mark
from offerwright.forges.place import Branch, Place

HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
PER_PAGE = 100
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
        return _comment(self.client.call(Call("comment", "POST", url, {"body": text}, False)), text)

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
                yield replace(comment, is_hidden=told["isMinimized"] is True)

    def _whose(self, comments: Sequence[Comment]) -> Mapping[str, Any]:
        """Node -> what GraphQL tells of it, of those that our token wrote."""
        found: dict[str, Any] = {}
        for start in range(0, len(comments), PER_PAGE):
            ids = [comment.node for comment in comments[start : start + PER_PAGE]]
            data = self._ask("say whose the comments are", _WHOSE, {"ids": ids})
            me = _login(data.get("viewer"))
            nodes = [node for node in data.get("nodes") or () if isinstance(node, dict)]
            found |= {
                node["id"]: node
                for node in nodes
                if node.get("viewerDidAuthor") or (me and _login(node.get("author")) == me)
            }
        return found

    def _ask(self, what: str, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        body = {"query": query, "variables": variables}
        answer = self.client.call(Call(what, "POST", graphql_url(self.place.api_url), body))
        told = answer if isinstance(answer, dict) else {}
        errors = [one for one in told.get("errors") or () if isinstance(one, dict)]
        if errors:
            raise _graphql_refusal(what, errors)
        data = told.get("data")
        return data if isinstance(data, dict) else {}


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
    here = [int(one["number"]) for one in mine if one["head"].get("sha") == branch.commit]
    return here[0] if here else None


def _head(pull: Mapping[str, Any]) -> tuple[str, str]:
    head = pull.get("head") or {}
    return _login(head.get("user")), str(head.get("ref"))


def graphql_url(api_url: str) -> str:
    """GitHub has GraphQL beside REST, GitHub Enterprise Server one folder above it."""
    return f"{api_url.removesuffix('/v3')}/graphql"


def _marked(entry: Any, name: str) -> tuple[Comment, bool] | None:
    """A comment with our mark and this name, and whether a bot wrote it."""
    text = str(entry.get("body") or "")
    mark = read_mark(text)
    if mark is None or mark.name != name:
        return None
    return _comment(entry, text), (entry.get("user") or {}).get("type") == "Bot"


def _comment(entry: Any, text: str) -> Comment:
    mark = read_mark(text)
    assert mark is not None, "every comment of ours begins with its mark"
    told = entry if isinstance(entry, dict) else {}
    url, node = (str(told.get(key) or "") for key in ("html_url", "node_id"))
    return Comment(int(told.get("id") or 0), text, mark, url, node)


def _login(user: Any) -> str:
    """A name as REST and GraphQL both may write it: one of them leaves out `[bot]`."""
    login = user.get("login") if isinstance(user, dict) else None
    return str(login or "").removesuffix("[bot]").lower()


def _graphql_refusal(what: str, errors: Sequence[Mapping[str, Any]]) -> Exception:
    kinds = {str(one.get("type")) for one in errors}
    said = "; ".join(str(one.get("message")) for one in errors)[:300]
    if "NOT_FOUND" in kinds:
        return Gone(said)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return CredentialsRefused(f"GitHub refuses to {what}: {said}; {NEEDS['github']}")
    return ForgeRefused(f"GitHub refuses to {what}: {said}")
