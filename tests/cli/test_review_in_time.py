"""`offerwright diff --as-of-end`: what a change does when nobody changes anything any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.shop import Shop, small_shop
from cli.test_output_schemas import faults
from git_commands import git


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A small shop in Git."""
    found = small_shop(tmp_path / "shop")
    git(found.root, "init", "-q")
    git(found.root, "add", "-A")
    git(found.root, "commit", "-q", "-m", "a day's work")
    return found


SALE_OF_JUNE = """\
kind: pricing
name: june
valid: {from: 2027-06-10, before: 2027-06-20}
steps:
  - {id: june, phase: adjust, set: {price: price * 0.5}}
"""


def test_a_campaign_that_a_guard_stops_next_month_is_stopped_now(shop: Shop) -> None:
    shop.write("rules/june.yaml", SALE_OF_JUNE)
    now = shop("diff", "HEAD", "--as-of", "2027-06-01", "-o", "json")
    then = shop(
        "diff", "HEAD", "--as-of", "2027-06-01", "--as-of-end", "2027-07-01",
        "-o", "json", "-o", "text=then.txt", "-o", "html=then.html",
        "-o", "github-comment=then.md", "-o", "github=then.log", "-o", "sarif=then.sarif",
    )  # fmt: skip

    assert (now.code, now.json["periods"]) == (0, [])
    assert (then.code, faults("review", then.json)) == (1, [])
    assert [(p["as_of"][:10], p["blocks"]) for p in then.json["periods"]] == [
        ("2027-06-01", False), ("2027-06-10", True), ("2027-06-20", False),
    ]  # fmt: skip
    for name in ("then.txt", "then.html", "then.md"):
        assert "floor (no owner) from 2027-06-10 00:00 on" in (shop.root / name).read_text("utf-8")
    log = (shop.root / "then.log").read_text("utf-8")
    assert "::error file=rules/guards.yaml" in log and "floor stops this change later" in log


def test_moments_that_are_left_out_are_said_in_every_output(shop: Shop) -> None:
    shop.write("rules/june.yaml", SALE_OF_JUNE)
    done = shop(
        "diff", "HEAD", "--as-of", "2027-06-01", "--as-of-end", "2027-07-01", "--moments", "2",
        "-o", "json", "-o", "text=then.txt", "-o", "html=then.html", "-o", "github-comment=then.md",
    )  # fmt: skip

    assert (faults("review", done.json), done.json["periods_left"]) == ([], 1)
    assert "note: 1 moment from 2027-06-20T00:00:00-03:00 on not looked at" in done.err
    for name in ("then.txt", "then.html", "then.md"):
        said = (shop.root / name).read_text("utf-8")
        assert "1 moment from 2027-06-20 00:00 on not looked at (--moments)" in said


def test_a_stretch_of_time_ends_after_it_begins(shop: Shop) -> None:
    done = shop("diff", "HEAD", "--as-of", "2027-06-01", "--as-of-end", "2027-06-01")

    assert done.code == 2
    assert "2027-06-01 is not after 2027-06-01T00:00:00-03:00" in done.err
