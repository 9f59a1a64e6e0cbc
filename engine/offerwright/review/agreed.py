"""The approvals of a change as records of the review, what does not count first."""

from __future__ import annotations

from collections import Counter
from typing import Any

from offerwright.review.four_eyes import Agreement
from offerwright.review.leaning import approval_key
from offerwright.review.review import Review
from offerwright.source.authors import Commit


def approvals(found: Review) -> list[dict[str, Any]]:
    """New approvals, and those that let an offer pass that is told otherwise now."""
    counts = _passing(found)
    records = [_record(one, counts.get(_key(one), 0), found) for one in found.approvals]
    shown = [one for one in records if one["change"] == "new" or one["offers"] or one["accounts"]]
    return sorted(shown, key=lambda one: (one["result"] != "refused", one["file"], one["line"]))


def _key(one: Agreement) -> str:
    return approval_key(one.entry.document, one.entry.span)


def _passing(found: Review) -> dict[str, int]:
    """How many offers pass because of each approval."""
    return Counter(key for one in found.guards for key in one.leans["approval"].to_list())


def _accounts(one: Agreement, found: Review) -> list[str]:
    """The accounts whose whole run passes because of it."""
    said = one.entry.approval
    if one.refused or said.select:
        return []
    return sorted({
        account
        for guard in found.guards if guard.guard.id == said.guard
        for account, verdict in guard.runs if verdict.approved_by == said.approver
    })  # fmt: skip


def _record(one: Agreement, offers: int, found: Review) -> dict[str, Any]:
    said = one.entry.approval.model_dump(mode="json", by_alias=True, exclude_none=True)
    bounds = {name: said[name] for name in ("down", "up", "at_most", "bound") if name in said}
    return {
        "guard": said["guard"],
        "document": one.entry.document,
        "file": one.entry.span.file,
        "line": one.entry.span.line,
        "for": said.get("for"),
        "select": said.get("select"),
        "bounds": bounds,
        "reason": said["reason"],
        "approver": said["approver"],
        "expires": said["expires"],
        "change": "new" if one.is_new else "as before",
        "result": "refused" if one.refused else "counts",
        "why": one.refused or None,
        "offers": offers,
        "accounts": _accounts(one, found),
        "commits": [_commit(commit) for commit in one.commits],
    }


def _commit(commit: Commit) -> dict[str, Any]:
    return {
        "commit": commit.id,
        "author": str(commit.author),
        "committer": str(commit.committer),
        "co_authors": [str(one) for one in commit.co_authors],
    }
