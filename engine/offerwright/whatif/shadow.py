"""
Shadow runs: what a candidate would have done beside the live rules, one line a run, and their sum.

A line is what `.offerwright/shadow/log.jsonl` holds and `schemas/output/shadow.schema.json`
describes; the review behind it lies beside, as `diff -o json` writes one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, TypeGuard

Line = Mapping[str, Any]
Outcome = Literal["done", "broken", "failed", "late"]
"""Evaluated; the candidate has errors; it could not be read or raised; it took too long."""
KEPT_LINES, KEPT_REVIEWS = 500, 50
_COUNTS = ("new", "gone", "blocked", "unblocked", "up", "down", "price", "stock")
_TOLD = (
    "commit", "candidate_rules", "offers", "changed", *_COUNTS, "mean_share", "margin_live",
    "margin_candidate", "blocks",
)  # fmt: skip
"""What only a run that came to its end has."""
_SHARE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Beside:
    """What a shadow run stands on: the live plan, and the candidate as it was named."""

    candidate: str
    plan: str
    rules: str
    snapshot: str
    as_of: str

    @property
    def id(self) -> str:
        """One name for one candidate beside one plan: run again, it takes the same place."""
        text = "\n".join(asdict(self).values())
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def line_of(beside: Beside, record: Line) -> dict[str, Any]:
    """The line of a run that came to its end; `record` is the review, or that of a broken head."""
    totals = record["totals"]
    if totals is None:
        first = record["findings"][0]
        place = f"{first['file']}:{first['line']}: " if first["file"] else ""
        more = len(record["findings"]) - 1
        reason = f"{place}{first['message']}" + (f" (and {more} more)" if more else "")
        commit = record["head"]["commit"]
        return {**failed(beside, "broken", reason), "commit": commit}
    return {
        **_empty(beside, "done", ""),
        "commit": record["head"]["commit"],
        "candidate_rules": record["head"]["rules"],
        "offers": totals["offers"],
        "changed": totals["changed_offers"],
        **{name: totals[name] for name in _COUNTS},
        "mean_share": totals["mean_share"],
        "margin_live": totals["margin_before"],
        "margin_candidate": totals["margin_after"],
        "blocks": record["blocks"],
        "guards": [
            {"guard": g["guard"], "document": g["document"], "result": g["result"],
             "fails": g["fails"]}
            for g in record["guards"] if g["result"] in ("blocks", "warns")
        ],
    }  # fmt: skip


def failed(beside: Beside, outcome: Outcome, reason: str) -> dict[str, Any]:
    """The line of a run that gave no review, and why."""
    return _empty(beside, outcome, reason)


def _empty(beside: Beside, outcome: Outcome, reason: str) -> dict[str, Any]:
    return {
        "version": 1, "id": beside.id, **asdict(beside), "outcome": outcome, "reason": reason,
        **dict.fromkeys(_TOLD), "guards": [],
    }  # fmt: skip


def is_line(said: object) -> TypeGuard[Line]:
    """Whether what stands in a log has all that a line has."""
    wanted = _empty(Beside("", "", "", "", ""), "done", "")
    return isinstance(said, dict) and said.keys() == wanted.keys()


def with_line(lines: Sequence[Line], line: Line) -> list[Line]:
    """The log with one more line at its end, in place of that of the same run; the oldest go."""
    kept = [one for one in lines if one["id"] != line["id"]]
    return [*kept, line][-KEPT_LINES:]


def kept_reviews(lines: Sequence[Line]) -> frozenset[str]:
    """The ids of the runs whose reviews stay: the newest that came to their end."""
    done = [str(one["id"]) for one in lines if one["outcome"] == "done"]
    return frozenset(done[-KEPT_REVIEWS:])


def summed(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """By candidate, in the order of their last runs: how often, how much, which guards."""
    by_name: dict[str, list[Line]] = {}
    for one in lines:
        held = by_name.pop(one["candidate"], [])
        by_name[one["candidate"]] = [*held, one]
    return [_sum(name, runs) for name, runs in by_name.items()]


def _sum(candidate: str, runs: Sequence[Line]) -> dict[str, Any]:
    done = [one for one in runs if one["outcome"] == "done"]
    changed = [one["changed"] for one in done]
    guards: dict[tuple[str, str], list[Line]] = {}
    for run in done:
        for one in run["guards"]:
            guards.setdefault((one["document"], one["guard"]), []).append(one)
    return {
        "candidate": candidate,
        "first": runs[0]["as_of"],
        "last": runs[-1]["as_of"],
        "runs": len(runs),
        "done": len(done),
        **{word: sum(o["outcome"] == word for o in runs) for word in ("broken", "failed", "late")},
        "differing_runs": sum(count > 0 for count in changed),
        "blocked_runs": sum(bool(one["blocks"]) for one in done),
        "changed_mean": _mean([Decimal(count) for count in changed], Decimal("0.1")),
        "changed_most": max(changed, default=None),
        "mean_share": _mean([Decimal(o["mean_share"]) for o in done if o["mean_share"]], _SHARE),
        "guards": [
            {
                "guard": guard, "document": document, "runs": len(found),
                "blocks": sum(one["result"] == "blocks" for one in found),
                "fails_most": max(one["fails"] for one in found),
            }
            for (document, guard), found in sorted(guards.items())
        ],
    }  # fmt: skip


def _mean(values: Sequence[Decimal], step: Decimal) -> str | None:
    if not values:
        return None
    mean = sum(values, Decimal(0)) / len(values)
    return f"{mean.quantize(step, ROUND_HALF_UP):f}"
