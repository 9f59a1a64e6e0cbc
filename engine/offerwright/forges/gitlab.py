"""
GitLab: notes of a merge request. It cannot hide one, so an outdated note is folded in place.

(Documentation of the REST API, "notes", November 2026: lists are paged with a Link header, and
`system` notes are GitLab's own.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from offerwright.errors import ForgeRefused
from offerwright.forges.answers import Unsure
from offerwright.forges.client import Call, ForgeClient
from offerwright.forges.comment import Comment, number_in
from offerwright.forges.mark import read_mark, without_mark
from offerwright.forges.place import Place

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class GitLab:
    """The notes of one merge request."""

    client: ForgeClient
    place: Place

    def own(self, name: str) -> Sequence[Comment]:
        """See `Forge`."""
        asked = Call("say whose the token is", "GET", f"{self.place.api_url}/user")
        me = number_in(self.client.call(asked))
        if not me:
            raise ForgeRefused("GitLab does not say whose the token is")
        order = f"sort=asc&order_by=created_at&per_page={PER_PAGE}"
        listed = self.client.pages(Call("list the comments", "GET", f"{self._notes()}?{order}"))
        mine = [n for n in listed if not n.get("system") and number_in(n.get("author")) == me]
        found = [one for note in mine if (one := _comment(note, str(note.get("body") or "")))]
        return [one for one in found if one.mark.name == name]

    def create(self, text: str) -> Comment:
        told = self.client.call(Call("comment", "POST", self._notes(), {"body": text}, False))
        if not number_in(told):
            raise Unsure("GitLab does not say which comment it has written")
        return _own(_comment(told, text))

    def edit(self, comment: Comment, text: str) -> Comment:
        call = Call("edit a comment", "PUT", f"{self._notes()}/{comment.id}", {"body": text})
        return _own(_comment(self.client.call(call), text))

    def hide(self, comment: Comment) -> None:
        self.edit(comment, folded(comment))

    def delete(self, comment: Comment) -> None:
        self.client.call(Call("delete a comment", "DELETE", f"{self._notes()}/{comment.id}"))

    def _notes(self) -> str:
        project = quote(self.place.repository, safe="")
        return f"{self.place.api_url}/projects/{project}/merge_requests/{self.place.number}/notes"


def folded(comment: Comment) -> str:
    """The note as outdated: its text stays, closed, under a line that says so."""
    mark = replace(comment.mark, is_outdated=True)
    title = f"Outdated review of {comment.mark.head[:12]}"
    inner = without_mark(comment.text).strip()
    return f"{mark}\n<details><summary>{title}</summary>\n\n{inner}\n\n</details>\n"


def _comment(note: Any, text: str) -> Comment | None:
    mark = read_mark(text)
    if mark is None:
        return None
    return Comment(number_in(note), text, mark, is_hidden=mark.is_outdated)


def _own(comment: Comment | None) -> Comment:
    assert comment is not None, "every comment of ours begins with its mark"
    return comment
