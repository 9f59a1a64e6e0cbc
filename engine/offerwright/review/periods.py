"""A review of one moment → of a stretch of time: what a change does, and when it does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.review.master import master
from offerwright.review.review import Asked, Review, review
from offerwright.review.side import Side
from offerwright.rules.changes import Change, merged
from offerwright.timeline.moments import Moment, Span, moment_of, moments

_COUNTS = (
    "changed_offers", "new", "gone", "blocked", "unblocked", "up", "down", "from_zero", "to_zero",
    "price", "stock", "mean_share", "margin_before", "margin_after",
)  # fmt: skip


@dataclass(frozen=True)
class PeriodReview:
    """What a change does from a moment on to another, and what begins or ends on either side."""

    start: datetime
    end: datetime
    changes: tuple[Change, ...]
    review: Review

    @property
    def blocks(self) -> bool:
        return self.review.blocks


def period_reviews(
    base: Side, head: Side, asked: Asked, end: datetime, most: int
) -> tuple[tuple[PeriodReview, ...], int]:
    """
    Review a change at `asked.as_of` and at every moment before `end` at which a side changes.

    Returns:
        At most `most` reviews, each of the time to the next one; and how many moments were left
        out after them, which the last one then stands for.
    """
    zone = ZoneInfo(head.loadout.rules.time_zone)
    time = Span(asked.as_of, end)
    found = [Moment(0, ()), *_moments(base, head, time)]
    looked, left = found[:most], len(found[most:])
    starts = [asked.as_of.astimezone(zone), *(moment_of(one.at, zone) for one in looked[1:])]
    ends = [*starts[1:], end.astimezone(zone)]
    reviews = tuple(
        PeriodReview(start, stop, one.changes, review(base, head, replace(asked, as_of=start)))
        for one, start, stop in zip(looked, starts, ends, strict=True)
    )
    return reviews, left


def _moments(base: Side, head: Side, time: Span) -> Iterator[Moment]:
    """Every moment at which something begins or ends on one side or both."""
    both = sorted(
        (one for side in (base, head) for one in moments(side.loadout, time)),
        key=lambda one: one.at,
    )
    for at, group in groupby(both, key=lambda one: one.at):
        yield Moment(at, merged(change for one in group for change in one.changes))


def period_records(found: tuple[PeriodReview, ...]) -> list[dict[str, Any]]:
    """The periods as `review.schema.json` has them: counts, and the guards that object."""
    return [
        {
            "as_of": one.start.isoformat(),
            "before": one.end.isoformat(),
            "because": [_change(change) for change in one.changes],
            **_brief(master(one.review, 0)),
        }
        for one in found
    ]


def _brief(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "differs": record["differs"],
        "blocks": record["blocks"],
        "totals": {name: record["totals"][name] for name in _COUNTS},
        "accounts": [
            {"account": one["account"], **{name: one[name] for name in _COUNTS}}
            for one in record["accounts"]
        ],
        "guards": [
            {name: one[name] for name in ("guard", "document", "owner", "result")}
            for one in record["guards"]
            if one["result"] != "passes"
        ],
    }


def _change(one: Change) -> dict[str, Any]:
    return {
        "what": one.what, "happens": one.happens, "accounts": list(one.accounts),
        "file": one.span.file, "line": one.span.line,
    }  # fmt: skip
