"""`import dmn` and `table` as people call them: files written, refused, printed, exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from offerwright.cli import offerwright

SHAPES = Path(__file__).resolve().parents[1] / "interchange" / "shapes"


def shape(name: str) -> str:
    return str(SHAPES / name / f"{name}.dmn")


def cases(name: str) -> str:
    return str(SHAPES / name / f"{name}-test-01.xml")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(offerwright, [str(a) for a in arguments])


def test_an_import_into_a_new_folder_is_a_repository_that_passes_check(tmp_path: Path) -> None:
    made = run("import", "dmn", shape("42-needs-others"), "--out", tmp_path / "new")
    checked = run("check", tmp_path / "new")

    assert made.exit_code == 0, made.output
    assert checked.exit_code == 0, checked.output
    assert sorted(p.name for p in (tmp_path / "new" / "rules" / "decisions").iterdir()) == [
        "fee.yaml", "size.yaml", "text.yaml",
    ]  # fmt: skip


def test_only_one_decision_and_what_it_needs_is_written(tmp_path: Path) -> None:
    run("import", "dmn", shape("42-needs-others"), "--decision", "Size", "--out", tmp_path / "new")

    assert [p.name for p in (tmp_path / "new" / "rules" / "decisions").iterdir()] == ["size.yaml"]
    facts = (tmp_path / "new" / "rules" / "facts.yaml").read_text()
    assert "load:" in facts and "limit:" not in facts


def test_an_import_into_a_repository_uses_its_facts_and_writes_over_nothing(tmp_path: Path) -> None:
    home = tmp_path / "new"
    run("import", "dmn", shape("02-number"), "--out", home)
    again = run("import", "dmn", shape("02-number"), "--out", home)
    facts = (home / "rules" / "facts.yaml").read_bytes()
    more = run("import", "dmn", shape("08-power-of-names"), "--out", home)

    assert again.exit_code == 1 and "yearly-rent.yaml exists already" in str(again.exception)
    assert more.exit_code == 1 and "FEEL_UNSUPPORTED" in more.output
    assert (home / "rules" / "facts.yaml").read_bytes() == facts


def test_the_documents_are_printed_without_a_folder() -> None:
    told = run("import", "dmn", shape("02-number"))

    assert told.exit_code == 0
    assert "# rules/decisions/yearly-rent.yaml\nkind: decision\n" in told.output
    assert "{yearly_rent: 12 * monthly_rent}" in told.output.replace('"', "")


def test_what_is_refused_writes_nothing(tmp_path: Path) -> None:
    told = run("import", "dmn", shape("08-power-of-names"), "--out", tmp_path / "new", "-o", "json")

    assert told.exit_code == 1
    assert json.loads(told.output)["summary"]["errors"] == 1
    assert not (tmp_path / "new").exists()


def test_test_cases_are_run_and_told_one_by_one() -> None:
    told = run("import", "dmn", shape("24-sum"), "--test", cases("24-sum"))

    assert told.exit_code == 0
    assert [line.split() for line in told.output.splitlines()[1:4]] == [
        ["pass", "001", "Bonus", "220.85"],
        ["pass", "002", "Bonus", "40.5"],
        ["pass", "003", "Bonus", "110.75"],
    ]


def test_a_wrong_expectation_is_a_failure_with_both_values(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.xml"
    wrong.write_text(
        Path(cases("24-sum")).read_text().replace("<value>40.5</value>", "<value>41</value>")
    )
    told = run("import", "dmn", shape("24-sum"), "--test", wrong, "-o", "json")

    assert told.exit_code == 1
    failed = [r for r in json.loads(told.output)["results"] if r["status"] == "fail"]
    assert [(r["case"], r["expected"], r["got"]) for r in failed] == [("002", "41", "40.5")]


def test_a_zone_that_does_not_exist_is_said() -> None:
    told = run("import", "dmn", shape("41-dates"), "--time-zone", "Mars/Base")

    assert told.exit_code != 0
    assert "Mars/Base is no time zone" in str(told.exception)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    run("import", "dmn", shape("04-unique"), "--out", tmp_path)
    return tmp_path


def test_a_table_goes_out_and_comes_back(home: Path) -> None:
    sheet = home / "carrier.csv"
    out = run("table", "export", "carrier", "--root", home, "-o", sheet)
    document = home / "rules" / "decisions" / "carrier.yaml"
    before = document.read_bytes()
    same = run("table", "import", sheet, "carrier", "--root", home)

    assert (out.exit_code, same.exit_code) == (0, 0), out.output + same.output
    assert "nothing to change" in same.output
    assert document.read_bytes() == before

    sheet.write_text(sheet.read_text().replace(">= 10", ">= 12").replace("< 10", "< 12"))
    shown = run("table", "import", sheet, "carrier", "--root", home, "--diff")
    assert '+  - {id: rule-1, when: {weight: ">= 12"' in shown.output
    assert document.read_bytes() == before

    taken = run("table", "import", sheet, "carrier", "--root", home)
    assert "2 changed" in taken.output
    assert run("check", home).exit_code == 0


def test_a_sheet_that_check_would_refuse_changes_nothing(home: Path) -> None:
    sheet = home / "carrier.csv"
    run("table", "export", "carrier", "--root", home, "-o", sheet)
    sheet.write_text(sheet.read_text().replace(">= 10", "10 or more"))
    told = run("table", "import", sheet, "carrier", "--root", home)

    assert told.exit_code == 1
    assert "WRONG_CONDITION" in told.output and "row 2, column when.weight" in told.output


def test_the_facts_of_a_repository_are_used_and_new_ones_have_a_source_of_their_own(
    tmp_path: Path,
) -> None:
    home = tmp_path / "shop"
    run("import", "dmn", shape("04-unique"), "--out", home)
    facts = home / "rules" / "facts.yaml"
    told = run("import", "dmn", shape("23-min"), "--facts", facts, "--source", "catalogue")
    made = run("import", "dmn", shape("42-needs-others"), "--out", home, "--source", "catalogue")
    known = run("import", "dmn", shape("10-several-outputs"), "--facts", facts)

    assert "years: {type: number, from: catalogue.years" in told.output
    assert made.exit_code == 0, made.output
    assert len(list((home / "rules").glob("*42-needs-others-facts.yaml"))) == 1
    assert known.exit_code == 0 and "kind: facts" not in known.output


def test_facts_outside_of_a_repository_are_refused(tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("kind: facts\nname: f\nfacts: {x: {type: text, from: a.x}}\n")
    told = run("import", "dmn", shape("04-unique"), "--facts", facts)

    assert told.exit_code != 0
    assert "stands in no repository" in str(told.exception)


def test_of_a_file_without_end_only_what_may_be_read_is_read(tmp_path: Path, home: Path) -> None:
    endless = tmp_path / "endless"
    endless.touch()
    os.truncate(endless, 1 << 40)
    model = run("import", "dmn", endless)
    test = run("import", "dmn", shape("02-number"), "--test", endless)
    sheet = run("table", "import", endless, "carrier", "--root", home)
    endless.unlink()

    for told in (model, test, sheet):
        assert told.exit_code == 1 and "FILE_TOO_LARGE" in told.output, told.exception
