"""Which of the plans that `sync` wrote stay, and how counts are said."""

from __future__ import annotations

import os
from pathlib import Path

from offerwright.cli.kept_plans import drop_old_plans
from offerwright.cli.report import number_of


def plan_of(folder: Path, number: int, age: int) -> Path:
    """A plan under an id as `sync` names it, written so many seconds before the newest."""
    path = folder / f"{number:016x}.jsonl"
    path.write_text("")
    os.utime(path, (10**9 - age, 10**9 - age))
    return path


def test_the_newest_plans_stay(tmp_path: Path) -> None:
    plans = [plan_of(tmp_path, number, age) for age, number in enumerate((4, 1, 3, 2))]
    drop_old_plans(tmp_path, 2)

    assert sorted(tmp_path.iterdir()) == sorted(plans[:2])


def test_as_many_plans_as_are_kept_all_stay(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 1, 0)
    drop_old_plans(tmp_path, 1)

    assert plan.exists()


def test_what_sync_has_not_named_stays_however_old_it_is(tmp_path: Path) -> None:
    held = plan_of(tmp_path, 1, 9)
    others = ["mine.jsonl", "new-7.jsonl", "new-7.jsonl.part", f"{'A' * 16}.jsonl", "0.jsonl"]
    for name in others:
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / f"{2:016x}.jsonl").mkdir()
    (tmp_path / f"{3:016x}.jsonl").symlink_to("nowhere")
    newest = plan_of(tmp_path, 4, 0)
    drop_old_plans(tmp_path, 1)

    assert not held.exists()
    assert {path.name for path in tmp_path.iterdir()} == {
        *others, newest.name, f"{2:016x}.jsonl", f"{3:016x}.jsonl",
    }  # fmt: skip


def test_one_is_said_in_the_singular() -> None:
    assert [number_of(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
