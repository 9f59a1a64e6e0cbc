"""`offerwright render`, and several outputs of one `diff`: the same review, written in many ways."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from cli.git_shop import commit, diff
from cli.shop import Done, Shop, environment, small_shop
from git_commands import git

from offerwright.cli.review import FORMS
from offerwright.review import renderings


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A missed digit, committed, and what one `diff` writes of it."""
    found = small_shop(tmp_path_factory.mktemp("render") / "shop")
    git(found.root, "init", "-q")
    commit(found)
    found.change("rules/pricing.yaml", "markup: 18%", "markup: 1.8%")
    commit(found)
    assert diff(found, "HEAD~1..HEAD", *WANTED).code == 1
    return found


FILES = {"json": "review.json", "markdown": "review.md", "csv": "offers.csv",
         "parquet": "offers.parquet", "sarif": "review.sarif", "github": "annotations.txt",
         "github-comment": "github.md", "gitlab-comment": "gitlab.md", "text": "review.txt"}  # fmt: skip
WANTED = tuple(part for form, file in FILES.items() for part in ("-o", f"{form}={file}"))


def render(shop: Shop, *arguments: str) -> Done:
    return shop("render", "review.json", *arguments)


def test_the_command_names_what_there_is() -> None:
    assert set(FORMS) == set(renderings.FORMS)


def test_one_evaluation_gives_every_file(shop: Shop) -> None:
    assert all((shop.root / file).stat().st_size for file in FILES.values())


@pytest.mark.parametrize("form", sorted({*FILES} - {"csv", "parquet"}))
def test_a_kept_review_gives_the_bytes_that_diff_gave(shop: Shop, form: str) -> None:
    done = render(shop, "-o", f"{form}=again")

    assert (done.code, done.err) == (0, "Wrote again\n")
    assert (shop.root / "again").read_bytes() == (shop.root / FILES[form]).read_bytes()


def test_a_table_of_diff_has_all_values(shop: Shop) -> None:
    """118.00 is cost 100 by 1.18; the new price is 101.80, which is below the floor 105."""
    found = pl.read_csv(shop.root / "offers.csv", infer_schema=False).filter(sku="AU-1").to_dicts()

    assert [(o["price_before"], o["price_after"], o["quantity_after"], o["currency"], o["rule"],
             o["rule_line"], o["move"]) for o in found] == [
        ("118.00", "101.80", "5", "BRL", "markups/audio", "7", "down")
    ]  # fmt: skip


def test_parquet_keeps_decimals_and_lists(shop: Shop) -> None:
    found = pl.read_parquet(shop.root / "offers.parquet")

    assert found.schema["price_after"] == pl.Decimal(38, 4)
    assert found.schema["share"] == pl.Decimal(38, 6)
    assert found.schema["fields"] == pl.List(pl.String)
    assert len(found) == 3


def test_a_table_of_a_document_says_what_it_lacks(shop: Shop) -> None:
    diff(shop, "HEAD~1..HEAD", "-o", "json=two.json", "--offers", "2")
    done = shop("render", "two.json", "-o", "csv")

    assert len(pl.read_csv(io.StringIO(done.out))) == 2
    assert "1 offer that differs is not" in done.err


def test_stdin_is_a_review_too(shop: Shop) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "offerwright", "render", "-", "-o", "github"],
        input=(shop.root / "review.json").read_bytes(), env=environment({}), capture_output=True,
        check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (shop.root / "annotations.txt").read_bytes()


def test_rendering_is_no_gate_unless_asked(shop: Shop) -> None:
    assert render(shop).code == 0
    assert render(shop, "--fail-on", "blocked").code == 1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "is empty"),
        ("{", "is cut off"),
        ('{"version": 1, "base": {"na', "is cut off"),
        ("version: 1", "is not JSON"),
        ("[1]", "is no review"),
        ('{"version": 1, "before": {}}', "is no review"),
        ('{"version": 2, "base": {}, "head": {}, "totals": {}}', "version 2"),
        ('{"version": 1, "base": {}, "head": {}, "totals": {}}', "is no whole review"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_review_is_refused_with_the_reason(shop: Shop, written: str, said: str) -> None:
    shop.write("other.json", written)
    done = shop("render", "other.json")

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_value_of_another_type_is_named_with_its_place(shop: Shop) -> None:
    record = json.loads((shop.root / "review.json").read_text())
    record["guards"][0]["line"] = "1\n::error::x"
    shop.write("other.json", json.dumps(record))
    done = shop("render", "other.json", "-o", "github")

    assert (done.code, done.out) == (2, "")
    assert "guards[0].line" in done.err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("-o", "text", "-o", "csv"), "would both go to stdout"),
        (("-o", "text=a", "-o", "csv=a"), "two outputs name one file"),
        (("-o", "text=a", "--out", "b"), "every output names its file"),
        (("-o", "csv="), "names no file"),
        (("-o", "docx"), "is not one of"),
    ],
)
def test_outputs_that_collide_are_refused(shop: Shop, asked: tuple[str, ...], said: str) -> None:
    done = render(shop, *asked)

    assert done.code == 2
    assert said in done.err


def test_no_file_is_written_when_one_cannot_be(shop: Shop) -> None:
    shop.write("kept.txt", "as before")
    done = render(shop, "-o", "text=kept.txt", "-o", "csv=nowhere/offers.csv")

    assert done.code == 2
    assert (shop.root / "kept.txt").read_text() == "as before"
    assert not list(shop.root.glob("*.part"))


def test_a_folder_in_the_place_of_the_file_is_named(shop: Shop, tmp_path: Path) -> None:
    assert "is a folder" in shop("render", str(tmp_path)).err
