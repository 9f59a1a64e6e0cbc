"""The moments of a period at which something changes by itself, with what changes then."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.guards.changes import all_changes
from offerwright.incremental.footing import SIDES, Tables, footings
from offerwright.incremental.reads import CLOCK
from offerwright.loadout import Loadout
from offerwright.rules.changes import Change


@dataclass(frozen=True)
class TimeSpan:
    """A stretch of time, both ends with a zone; the end is not included."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Moment:
    """A moment, in microseconds, and what begins or ends then."""

    at: int
    changes: tuple[Change, ...]


def moments(
    loadout: Loadout, span: TimeSpan, accounts: Collection[str] | None = None
) -> tuple[Moment, ...]:
    """
    Every moment after the start of a span at which something begins or ends, in order.

    Of some accounts only what touches one of them, and the rates, which touch all.
    """
    found = all_changes(
        loadout.rules, loadout.guards, microseconds(span.start) + 1, microseconds(span.end)
    )
    own = [
        one
        for one in found
        if accounts is None or not one.accounts or not set(accounts).isdisjoint(one.accounts)
    ]
    return tuple(Moment(at, tuple(group)) for at, group in groupby(own, key=lambda one: one.at))


def midnights(zone: ZoneInfo, span: TimeSpan) -> Iterator[int]:
    """The first moment of every day of a zone that begins within a span."""
    day = span.start.astimezone(zone).date() + timedelta(days=1)
    while (begins := datetime.combine(day, datetime.min.time(), zone)) < span.end:
        yield microseconds(begins)
        day += timedelta(days=1)


def drifts(loadout: Loadout, account: str, as_of: datetime) -> bool:
    """
    Whether offers of an account become others between the moments that are listed.

    They do where a rule computes from the clock (`days(as_of - since)`), by itself or in a derived
    fact, and where orders must have been read lately.
    """
    found = footings(loadout.rules, account, as_of, Tables(), same=True)
    return any(
        one.timed or one.reads.fresh or one.reads.names & CLOCK
        for side in SIDES
        for one in found[side].needs
    )


def moment_of(at: int, zone: ZoneInfo) -> datetime:
    """A moment in microseconds as the shop's clock has it."""
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone)
