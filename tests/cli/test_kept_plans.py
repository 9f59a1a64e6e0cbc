"""Which of the plans that `sync` wrote stay, and how counts are said."""

from __future__ import annotations

import os
from pathlib import Path

from offerwright.cli.kept_plans import drop_old_plans
from offerwright.cli.report import number_of


def test_the_newest_plans_stay_and_what_is_being_written(tmp_path: Path) -> None:
    for age, name in enumerate(("d.jsonl", "a.jsonl", "c.jsonl", "b.jsonl", "new-7.jsonl")):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, ns=(10**18 - age, 10**18 - age))
    drop_old_plans(tmp_path, 2)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.jsonl", "d.jsonl", "new-7.jsonl",
    ]  # fmt: skip


def test_as_many_plans_as_are_kept_all_stay(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    drop_old_plans(tmp_path, 1)

    assert (tmp_path / "a.jsonl").exists()


def test_one_is_said_in_the_singular() -> None:
    assert [number_of(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
