"""The approvals of a change as records of the review, what does not count first."""

from __future__ import annotations

from typing import Any

from offerwright.review.four_eyes import Agreement
from offerwright.review.review import Review
from offerwright.source.authors import Commit


def approvals(found: Review) -> list[dict[str, Any]]:
    """New approvals and those that do not count first, each with who agreed and what it allows."""
    shown = [_record(one) for one in found.approvals if one.is_new]
    return sorted(shown, key=lambda one: (one["result"] != "refused", one["file"], one["line"]))


def _record(one: Agreement) -> dict[str, Any]:
    said = one.entry.approval.model_dump(mode="json", by_alias=True, exclude_none=True)
    bounds = {name: said[name] for name in ("down", "up", "at_most", "bound") if name in said}
    return {
        "guard": said["guard"],
        "document": one.entry.document,
        "file": one.entry.span.file,
        "line": one.entry.span.line,
        "select": said.get("select"),
        "bounds": bounds,
        "reason": said["reason"],
        "approver": said["approver"],
        "expires": said["expires"],
        "change": "new" if one.is_new else "as before",
        "result": "refused" if one.refused else "counts",
        "why": one.refused or None,
        "commits": [_commit(commit) for commit in one.commits],
    }


def _commit(commit: Commit) -> dict[str, Any]:
    return {
        "commit": commit.id,
        "author": str(commit.author),
        "committer": str(commit.committer),
        "co_authors": [str(one) for one in commit.co_authors],
    }
