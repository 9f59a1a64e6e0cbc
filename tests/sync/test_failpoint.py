"""Failpoints are nothing without the variable, and refuse names that do not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from offerwright.store.failpoint import FAILPOINTS, failpoint, parse_failpoints

PACKAGE = Path(__file__).parents[2] / "engine/offerwright"


def test_entries_name_place_action_and_pass() -> None:
    text = "outbox.after_send=kill@3, enqueue.after_commit=sleep:250,record.after_commit=raise"

    assert parse_failpoints(text) == {
        "outbox.after_send": ("kill", 3),
        "enqueue.after_commit": ("sleep:250", 1),
        "record.after_commit": ("raise", 1),
    }


@pytest.mark.parametrize("text", ["nowhere=kill", "outbox.after_send", "outbox.after_send=explode"])
def test_an_unknown_place_or_action_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a failpoint"):
        parse_failpoints(text)


def test_without_the_variable_nothing_happens() -> None:
    for name in FAILPOINTS:
        failpoint(name)

    assert (failpoint.__code__.co_names, failpoint.__code__.co_nlocals) == ((), 1)


def test_the_table_names_every_place_in_the_code_and_no_other() -> None:
    files = [*PACKAGE.glob("store/**/*.py"), *PACKAGE.glob("sync/**/*.py")]
    called = {
        name
        for file in files
        for name in re.findall(r'failpoint\("([a-z_.]+)"\)', file.read_text())
    }

    assert called == set(FAILPOINTS)
