"""Token buckets: never faster than told, down at once, up slowly, and kept over a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pytest import approx

from offerwright.connectors.document import Bucket
from offerwright.connectors.exchange import Reply
from offerwright.connectors.limits import Limits, retry_after_s

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def bucket(per_second: str = "5", burst: int = 10, **headers: str) -> Bucket:
    return Bucket(per_second=Decimal(per_second), burst=burst, **headers)


def limits(one: Bucket | None = None) -> Limits:
    return Limits({"write": one or bucket()}, now=0.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", 3.0), ("120", 120.0), ("0", 0.0), ("86400", 900.0), ("99999999999999999999", 900.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0), ("Tue, 24 Nov 2026 11:59:00 GMT", None),
        ("Wed, 25 Nov 2026 12:00:00 GMT", 900.0), ("Tue, 24 Nov 2026 12:00:30 -0000", 30.0),
        (None, None), ("", None), ("-5", None), ("soon", None), ("1.5", None), ("\u0663", None),
        ("Tue, 99 Nov 2026 12:00:30 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_with_sense(value: str | None, expected: float | None) -> None:
    assert retry_after_s(value, NOON) == expected


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    kept = limits(bucket("5", 10))

    waits = [kept.reserve("write", 0.0, 60.0) for _ in range(13)]

    assert waits == approx([0.0] * 10 + [0.2, 0.4, 0.6])


def test_no_window_sees_more_than_the_limit_allows() -> None:
    kept, now, sent = limits(bucket("5", 10)), 0.0, []
    for _ in range(200):
        now += kept.reserve("write", now, 60.0)
        sent.append(now)

    most = max(sum(start <= t < start + 10 for t in sent) for start in sent)

    assert most <= 10 + 5 * 10
    assert sent[-1] == approx((200 - 10) / 5)


def test_an_impatient_caller_takes_nothing() -> None:
    kept = limits(bucket("0.1", 1))
    kept.reserve("write", 0.0, 5.0)

    waits = [kept.reserve("write", 0.0, 5.0) for _ in range(3)]

    assert waits == approx([10.0, 10.0, 10.0])


@pytest.mark.parametrize(
    ("header", "pause"),
    [(None, 1.0), ("garbage", 1.0), ("-1", 1.0), ("0", 1.0), ("7", 7.0), ("86400", 900.0)],
)
def test_a_429_pauses_the_bucket(header: str | None, pause: float) -> None:
    kept = limits()
    headers = {} if header is None else {"retry-after": header}

    told = kept.learn("write", Reply(429, headers), 0.0, NOON)

    assert told == pause
    assert kept.reserve("write", 0.0, 0.0) == approx(pause)


def test_429_after_429_waits_longer_up_to_a_minute() -> None:
    kept = limits()

    pauses = [kept.learn("write", Reply(429, {}), 0.0, NOON) for _ in range(8)]

    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_a_good_answer_ends_the_series() -> None:
    kept = limits()
    kept.learn("write", Reply(429, {}), 0.0, NOON)
    kept.learn("write", Reply(200, {}), 2.0, NOON)

    assert kept.learn("write", Reply(429, {}), 2.0, NOON) == 1.0


def test_only_the_throttled_bucket_pauses() -> None:
    kept = Limits({"write": bucket(), "read": bucket()}, now=0.0)
    kept.learn("write", Reply(429, {}), 0.0, NOON)

    assert kept.reserve("read", 0.0, 0.0) == 0.0


def test_a_limit_that_shrinks_is_followed_at_once_and_one_that_grows_slowly() -> None:
    kept = limits(bucket("40", 40, limit_header="X-Rate"))

    kept.learn("write", Reply(200, {"x-rate": "5"}), 0.0, NOON)
    shrunk = kept.snapshot()["write"]["rate"]
    for second in range(1, 11):
        for _ in range(20):
            kept.learn("write", Reply(200, {"x-rate": "40"}), float(second), NOON)
    grown = kept.snapshot()["write"]["rate"]
    for second in range(11, 100):
        kept.learn("write", Reply(200, {"x-rate": "40"}), float(second), NOON)

    assert shrunk == 5.0
    assert grown == approx(5.0 * 1.05**10)
    assert kept.snapshot()["write"]["rate"] == 40.0


@pytest.mark.parametrize("header", ["", "many", "-3", "1e9", "1.2.3", "9" * 40, "nan", "inf"])
def test_a_limit_header_that_is_no_number_changes_nothing(header: str) -> None:
    kept = limits(bucket("5", 10, limit_header="X-Rate"))

    kept.learn("write", Reply(200, {"x-rate": header}), 0.0, NOON)

    assert kept.snapshot()["write"]["rate"] == 5.0


def test_a_limit_of_nought_does_not_stop_for_ever() -> None:
    kept = limits(bucket("5", 1, limit_header="X-Rate"))

    kept.learn("write", Reply(200, {"x-rate": "0"}), 0.0, NOON)

    assert kept.snapshot()["write"]["rate"] == 0.001


def test_nothing_left_waits_for_the_reset() -> None:
    kept = limits(bucket(remaining_header="R-Left", reset_header="R-Reset"))

    kept.learn("write", Reply(200, {"r-left": "0", "r-reset": "30"}), 0.0, NOON)

    assert kept.reserve("write", 0.0, 0.0) == approx(30.0)


def test_the_state_is_kept_over_a_restart() -> None:
    before = limits(bucket("1", 10))
    for _ in range(10):
        before.reserve("write", 0.0, 0.0)
    before.learn("write", Reply(429, {"retry-after": "20"}), 0.0, NOON)
    kept = before.export(now=5.0)

    after = limits(bucket("1", 10))
    after.restore(kept, elapsed_s=3.0, now=1000.0)

    assert kept["write"]["paused_s"] == approx(15.0)
    assert after.reserve("write", 1000.0, 0.0) == approx(12.0)


def test_a_clock_that_went_back_gives_no_credit() -> None:
    kept = limits(bucket("1", 1))
    kept.reserve("write", 0.0, 0.0)
    exported = kept.export(now=0.0)

    after = limits(bucket("1", 1))
    after.restore(exported, elapsed_s=-3600.0, now=0.0)

    assert after.reserve("write", 0.0, 0.0) == approx(1.0)
