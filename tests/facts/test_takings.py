"""Which snapshot stands for a day before."""

from __future__ import annotations

from offerwright.facts.takings import DAY, Taking, day_before


def taken(at: int, id_: str) -> Taking:
    return Taking(at, id_, {})


def test_of_two_in_one_second_the_first_line_was_taken_first() -> None:
    every = [taken(100, "a"), taken(100, "b")]

    assert day_before(every, every[1]) == every[0]
    assert day_before(every, every[0]) is None


def test_the_newest_that_is_a_day_older_counts_and_else_the_oldest() -> None:
    every = [taken(0, "a"), taken(DAY, "b"), taken(2 * DAY, "c"), taken(2 * DAY + 9, "d")]

    assert day_before(every, every[3]) == every[1]
    assert day_before(every, every[1]) == every[0]
    assert day_before([every[2], every[3]], every[3]) == every[2]


def test_a_snapshot_that_comes_again_is_held_against_what_was_before_it() -> None:
    every = [taken(0, "a"), taken(2 * DAY, "b"), taken(4 * DAY, "a")]

    assert day_before(every, every[2]) == every[1]
