"""Lines of shadow runs: what is kept of them, and what they come to."""

from __future__ import annotations

from typing import Any

from offerwright.whatif.shadow import (
    KEPT_LINES,
    KEPT_REVIEWS,
    Beside,
    failed,
    kept_reviews,
    summed,
    with_line,
)


def run(number: int, **more: Any) -> dict[str, Any]:
    """A run that came to its end, one of so many."""
    moment = f"2026-11-01T{number // 60 % 24:02}:{number % 60:02}:00+00:00"
    line = failed(Beside("spring", f"plan-{number}", "rules", "snapshot", moment), "late", "")
    done = {"outcome": "done", "offers": 100, "changed": 0, "blocks": False}
    return {**line, **done, **more}


def test_a_run_again_takes_its_own_place() -> None:
    lines = [run(1), run(2)]

    assert with_line(lines, run(1, changed=7)) == [run(2), run(1, changed=7)]


def test_the_oldest_lines_and_reviews_go() -> None:
    lines: list[Any] = []
    for number in range(KEPT_LINES + 3):
        lines = with_line(lines, run(number))

    assert len(lines) == KEPT_LINES
    assert lines[0]["plan"] == "plan-3"
    assert kept_reviews(lines) == {one["id"] for one in lines[-KEPT_REVIEWS:]}


def test_only_what_came_to_its_end_has_a_review() -> None:
    assert kept_reviews([run(1), run(2, outcome="late")]) == {run(1)["id"]}


def test_runs_are_summed_by_candidate() -> None:
    floor = {"guard": "floor", "document": "money"}
    lines = [
        run(1, changed=10, mean_share="0.02", guards=[{**floor, "result": "warns", "fails": 1}]),
        run(2, changed=21, mean_share="0.05", blocks=True,
            guards=[{**floor, "result": "blocks", "fails": 4}]),
        run(3, outcome="broken", changed=None, blocks=None),
        run(4, changed=0),
    ]  # fmt: skip
    (found,) = summed(lines)

    assert (found["runs"], found["done"], found["broken"]) == (4, 3, 1)
    assert (found["differing_runs"], found["blocked_runs"]) == (2, 1)
    # (10 + 21 + 0) / 3 = 10.33…; (2 % + 5 %) / 2
    assert (found["changed_mean"], found["changed_most"]) == ("10.3", 21)
    assert found["mean_share"] == "0.035000"
    assert found["guards"] == [{**floor, "runs": 2, "blocks": 1, "fails_most": 4}]


def test_nothing_that_came_to_its_end_has_no_mean() -> None:
    (found,) = summed([run(1, outcome="failed", changed=None)])

    assert (found["changed_mean"], found["changed_most"], found["failed"]) == (None, None, 1)
