"""The comparison behind test_tutorial.py: a page that says something wrong does not pass."""

from __future__ import annotations

import pytest
from story import Command, Edit, Ids, missed, steps_of

PRINTED = ["account  sent", "meli       32", "vtex       34", "Plan 0a1b2c3d4e5f: 66 operations"]


@pytest.mark.parametrize(
    "says",
    [
        PRINTED,
        ["account  sent", "…"],
        ["…", "vtex       34", "…"],
        ["…", "Plan fedcba987654: 66 operations"],
        ["account  …", "meli       32", "vtex       34", "Plan …: 66 operations"],
        ["…"],
    ],
)
def test_what_is_printed_is_found(says: list[str]) -> None:
    assert missed(says, PRINTED, Ids()) is None


@pytest.mark.parametrize(
    "says",
    [
        [],
        PRINTED[:-1],
        [*PRINTED, "and more"],
        ["account  sent", "meli       33", "vtex       34", "Plan 0a1b2c3d4e5f: 66 operations"],
        ["account  sent", "vtex       34", "…"],
        ["…", "vtex       34", "…", "meli       32", "…"],
        ["…", "vtex       35", "…"],
        ["…", "vtex 3…", "…"],
        ["…", "Plan 0a1b2c3d4e5f: 65 operations"],
        ["…", "Plan 0a1b2c3d: 66 operations"],
    ],
)
def test_what_is_not_printed_so_is_missed(says: list[str]) -> None:
    assert missed(says, PRINTED, Ids()) is not None


def test_an_id_of_the_text_is_one_id_of_the_run() -> None:
    ids = Ids()
    first = missed(["commit 5cd2ff5"], ["commit 1234567"], ids)
    longer = missed(["by 5cd2ff554d"], ["by 1234567890"], ids)
    other = missed(["by 5cd2ff554d"], ["by 7654321890"], ids)

    cut = missed(["…run 5cd2ff554d1… it"], ["a run 1234567890f is it"], ids)

    assert (first, longer, cut) == (None, None, None)
    assert other is not None
    assert missed(["5cd2ff5 5cd2ff5"], ["1234567 7654321"], Ids()) is not None
    assert ids.here("replay 5cd2ff55 of 99aabbcc") == "replay 12345678 of 99aabbcc"


def test_words_and_amounts_are_no_ids() -> None:
    assert missed(["defaced 52.99"], ["effaced 52.99"], Ids()) is not None
    assert missed(["41.99 → 42.99"], ["41.99 → 43.99"], Ids()) is not None


def test_a_page_is_edits_and_commands_in_order() -> None:
    page = (
        '# One\n\n```diff a.csv\n-x,1\n+x,2\n```\n\n```console\n$ git log -m "a b"\nx\n$ ls\n```\n'
    )

    assert steps_of(page, "01") == (
        Edit("a.csv", ("x,1",), ("x,2",), "01:4"),
        Command(("git", "log", "-m", "a b"), ("x",), "01:9"),
        Command(("ls",), (), "01:11"),
    )


def test_an_edit_replaces_whole_lines_that_are_there_once() -> None:
    edit = Edit("a.csv", ("x,1",), ("x,2", "y,3"), "01:4")

    assert edit.applied("x,1\nz\n") == "x,2\ny,3\nz\n"
    assert edit.applied("ax,1\nx,1\n") == "ax,1\nx,2\ny,3\n"
    for text in ("ax,1\n", "x,1\nx,1\n", "x,10\n"):
        with pytest.raises(AssertionError, match="not there once"):
            edit.applied(text)


def test_lines_without_old_ones_come_at_the_end() -> None:
    assert Edit("a.csv", (), ("y",), "01:4").applied("x\n") == "x\ny\n"
    assert Edit("a.csv", (), ("y",), "01:4").applied("") == "y\n"
