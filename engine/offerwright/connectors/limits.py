"""Token buckets per rate class: how long to wait before a request, learned from the answers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from offerwright.connectors.document import Bucket
from offerwright.connectors.exchange import Answered, Reply

RETRY_AFTER_CAP_S = 900.0
FIRST_PAUSE_S = 1.0
PAUSE_CAP_S = 60.0
RISE = 1.05
"""A rate grows by this factor at most once a second; it falls at once."""
LEAST_RATE = 0.001


@dataclass(frozen=True, slots=True)
class BucketState:
    """One bucket at the moment `at` (the connector's monotonic clock, seconds)."""

    tokens: float
    rate: float
    at: float
    paused_until: float = 0.0
    throttled: int = 0
    """429 answers in a row."""
    raised_at: float = 0.0


class Limits:
    """The buckets of one account; safe to share between threads."""

    def __init__(self, buckets: Mapping[str, Bucket], now: float) -> None:
        self._buckets = dict(buckets)
        self._lock = threading.Lock()
        self._states = {
            name: BucketState(float(b.burst), float(b.per_second), now, raised_at=now)
            for name, b in buckets.items()
        }

    def reserve(self, name: str, now: float, patience_s: float) -> float:
        """
        Take one request of the bucket and return the seconds to wait before sending it.

        If that is more than `patience_s` nothing is taken: send nothing and come back later.
        """
        with self._lock:
            state = _refilled(self._states[name], self._buckets[name], now)
            empty_s = max(0.0, (1.0 - state.tokens) / state.rate)
            wait = max(empty_s, state.paused_until - now)
            if wait <= patience_s:
                state = replace(state, tokens=state.tokens - 1.0)
            self._states[name] = state
            return wait

    def learn(self, name: str, answered: Answered, now: float, wall: datetime) -> float:
        """Follow what an answer says about the limit; returns the seconds of pause after a 429."""
        if not isinstance(answered, Reply):
            return 0.0
        with self._lock:
            bucket = self._buckets[name]
            state = _refilled(self._states[name], bucket, now)
            state = _follow_rate(state, bucket, answered, now)
            state = _follow_remaining(state, bucket, answered, now)
            state, pause = _follow_throttle(state, answered, now, wall)
            self._states[name] = state
            return pause

    def export(self, now: float) -> dict[str, dict[str, float]]:
        """The state as plain numbers relative to now, to be kept over a restart."""
        with self._lock:
            return {
                name: {
                    "tokens": s.tokens,
                    "rate": s.rate,
                    "paused_s": max(0.0, s.paused_until - now),
                }
                for name, b in self._buckets.items()
                for s in (_refilled(self._states[name], b, now),)
            }

    def restore(
        self, exported: Mapping[str, Mapping[str, float]], elapsed_s: float, now: float
    ) -> None:
        """Take up an exported state that is `elapsed_s` old; unknown buckets are ignored."""
        with self._lock:
            for name, kept in exported.items():
                bucket = self._buckets.get(name)
                if bucket is None:
                    continue
                tokens = min(
                    float(bucket.burst), kept["tokens"] + max(0.0, elapsed_s) * kept["rate"]
                )
                paused_until = now + max(0.0, kept["paused_s"] - max(0.0, elapsed_s))
                self._states[name] = BucketState(
                    tokens, max(LEAST_RATE, kept["rate"]), now, paused_until, raised_at=now
                )

    def snapshot(self) -> dict[str, dict[str, float]]:
        """The raw states, for tests and diagnostics."""
        with self._lock:
            return {name: asdict(state) for name, state in self._states.items()}


def retry_after_s(value: str | None, wall: datetime) -> float | None:
    """
    Seconds that a `Retry-After` asks for: delay or HTTP date, at most 900 s, at least 0.

    None when it is absent, negative or unreadable: then the caller's own pause counts.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:12]), RETRY_AFTER_CAP_S)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - wall).total_seconds()
    return min(seconds, RETRY_AFTER_CAP_S) if seconds > 0 else None


def _refilled(state: BucketState, bucket: Bucket, now: float) -> BucketState:
    gained = max(0.0, now - state.at) * state.rate
    return replace(state, tokens=min(float(bucket.burst), state.tokens + gained), at=now)


def _follow_rate(state: BucketState, bucket: Bucket, reply: Reply, now: float) -> BucketState:
    told = _number(reply, bucket.limit_header)
    goal = max(LEAST_RATE, told) if told is not None else state.rate
    if goal < state.rate:
        return replace(state, rate=goal, tokens=min(state.tokens, goal), raised_at=now)
    if goal > state.rate and now - state.raised_at >= 1.0:
        return replace(state, rate=min(goal, state.rate * RISE), raised_at=now)
    return state


def _follow_remaining(state: BucketState, bucket: Bucket, reply: Reply, now: float) -> BucketState:
    left, reset_s = (_number(reply, h) for h in (bucket.remaining_header, bucket.reset_header))
    if left is None:
        return state
    state = replace(state, tokens=min(state.tokens, left))
    if left > 0 or not reset_s:
        return state
    until = now + min(reset_s, RETRY_AFTER_CAP_S)
    return replace(state, paused_until=max(state.paused_until, until))


def _follow_throttle(
    state: BucketState, reply: Reply, now: float, wall: datetime
) -> tuple[BucketState, float]:
    if reply.status != 429:
        return replace(state, throttled=0), 0.0
    own = min(PAUSE_CAP_S, FIRST_PAUSE_S * 2.0 ** min(state.throttled, 10))
    asked = retry_after_s(reply.headers.get("retry-after"), wall)
    # `Retry-After: 0` does not lift our own pause, else a confused limiter would be hammered.
    pause = own if not asked else max(asked, FIRST_PAUSE_S)
    until = max(state.paused_until, now + pause)
    return replace(state, paused_until=until, throttled=state.throttled + 1, tokens=0.0), pause


def _number(reply: Reply, header: str | None) -> float | None:
    text = reply.headers.get(header.lower(), "").strip() if header else ""
    if not text or len(text) > 12 or not text.isascii() or not text.replace(".", "", 1).isdecimal():
        return None
    return float(text)
