"""A review of one moment → of a stretch of time: what a change does, and when it does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.incremental.footing import Tables, footings
from offerwright.review.master import master
from offerwright.review.review import Asked, Review, review
from offerwright.review.side import Side
from offerwright.rules.changes import Change
from offerwright.timeline.moments import Moment, TimeSpan, moment_of, moments

_COUNTS = (
    "changed_offers", "new", "gone", "blocked", "unblocked", "up", "down", "from_zero", "to_zero",
    "price", "stock", "mean_share", "margin_before", "margin_after",
)  # fmt: skip

_GUARD = ("guard", "document", "check", "owner", "file", "line", "result", "fails", "missing")


@dataclass(frozen=True)
class PeriodReview:
    """What a change does from a moment on to another, and what begins or ends on either side."""

    start: datetime
    end: datetime
    changes: tuple[Change, ...]
    review: Review


def period_reviews(
    base: Side, head: Side, asked: Asked, end: datetime, most: int
) -> tuple[tuple[PeriodReview, ...], int]:
    """
    Review a change at `asked.as_of` and at every moment before `end` at which a side changes.

    Where only accounts change that are the same on both sides, nothing is evaluated again.

    Returns:
        At most `most` reviews, each of the time to the next moment; and how many moments after
        them were left out.
    """
    zone = ZoneInfo(head.loadout.rules.time_zone)
    time = TimeSpan(asked.as_of, end)
    found = [Moment(0, ()), *_moments(base, head, time)]
    starts = [asked.as_of.astimezone(zone), *(moment_of(one.at, zone) for one in found[1:])]
    ends = [*starts[1:], end.astimezone(zone)]
    looked = list(zip(found, starts, ends, strict=True))[:most]
    reviews: list[PeriodReview] = []
    for one, start, stop in looked:
        last = reviews[-1] if reviews else None
        if last is not None and _says_the_same(last.review, one.changes, start):
            now = replace(last.review, as_of=start)
        else:
            now = review(base, head, replace(asked, as_of=start))
        reviews.append(PeriodReview(start, stop, one.changes, now))
    return tuple(reviews), len(found) - len(looked)


def _says_the_same(last: Review, changes: Sequence[Change], as_of: datetime) -> bool:
    """
    Whether a review at a moment is the last one, for nothing of what differs begins or ends then.

    What begins or ends there is of other accounts, and these stay the same on both sides.
    """
    differing = {one.account for one in last.accounts}
    if any(not one.accounts or not differing.isdisjoint(one.accounts) for one in changes):
        return False
    base, head = ((_clocks(s, last.as_of), _clocks(s, as_of)) for s in (last.base, last.head))
    return all(
        base[0].get(a) == base[1].get(a) and head[0].get(a) == head[1].get(a)
        if a in differing
        else base[1][a] == head[1][a]
        for a in head[1]
    )


def _clocks(side: Side, as_of: datetime) -> Mapping[str, tuple[str, ...]]:
    """What a moment says to the rules of each account."""
    rules, tables = side.loadout.rules, Tables()
    return {
        name: tuple(one.clock for one in footings(rules, name, as_of, tables, same=True).values())
        for name in side.accounts
    }


def _moments(base: Side, head: Side, time: TimeSpan) -> Iterator[Moment]:
    """Every moment at which something begins or ends on one side or both."""
    old, new = ({one.at: one.changes for one in moments(s.loadout, time)} for s in (base, head))
    for at in sorted(old.keys() | new.keys()):
        yield Moment(at, tuple(_of_both(old.get(at, ()), new.get(at, ()))))


def _of_both(old: Sequence[Change], new: Sequence[Change]) -> Iterator[Change]:
    """What only one side has comes first; what both have stands where the head has it."""
    before, after = {_named(one) for one in old}, {_named(one) for one in new}
    yield from (one for one in new if _named(one) not in before)
    yield from (one for one in old if _named(one) not in after)
    yield from (one for one in new if _named(one) in before)


def _named(one: Change) -> tuple[str, str]:
    return one.what, one.happens


def with_periods(
    record: Mapping[str, Any], found: tuple[PeriodReview, ...], left: int = 0
) -> dict[str, Any]:
    """
    The document of the first moment with what comes later; `left` moments were not looked at.

    What blocks then blocks now. A document moves the most offers that it moves at any moment.
    """
    records = [master(one.review, 0) for one in found]
    together = zip(*(one["documents"] for one in (record, *records)), strict=True)
    return {
        **record,
        "differs": record["differs"] or any(one["differs"] for one in records),
        "blocks": record["blocks"] or any(one["blocks"] for one in records),
        "documents": [{**one[0], "offers": _most(one)} for one in together],
        "periods": [_period(one, brief) for one, brief in zip(found, records, strict=True)],
        "periods_left": left,
    }


def _most(found: Sequence[Mapping[str, Any]]) -> int | None:
    """The most offers that one document moves at a moment; None where a moment cannot tell."""
    counts = [one["offers"] for one in found]
    return None if None in counts else max(counts)


def _period(one: PeriodReview, record: Mapping[str, Any]) -> dict[str, Any]:
    """A period as `review.schema.json` has it: counts, and the guards that object."""
    return {
        "as_of": one.start.isoformat(),
        "before": one.end.isoformat(),
        "because": [_change(change) for change in one.changes],
        **_brief(record),
    }


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
            {name: one[name] for name in _GUARD}
            for one in record["guards"]
            if one["result"] != "passes"
        ],
    }


def _change(one: Change) -> dict[str, Any]:
    return {
        "what": one.what, "happens": one.happens, "accounts": list(one.accounts),
        "file": one.span.file, "line": one.span.line,
    }  # fmt: skip
