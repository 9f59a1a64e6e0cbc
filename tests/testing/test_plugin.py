"""The pytest plugin: every case an item, a failure at its line, silence where there is nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from testing.small import FILES, HEAD, cases

ROOT = Path(__file__).parents[2]
PLUGIN = "offerwright.pytest_plugin"
pytest_plugins = ["pytester"]

LINES = (
    "{name: passes, given: phone, expect: {price: 576.00}}",
    "{name: fails, given: phone, account: [a, b], expect: {quantity: 5}}",
    "{name: waits, given: phone, expect: {price: 1.00}, skip: until March}",
)


@pytest.fixture
def shop(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A repository with tests, and no plugin but ours."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    write(pytester.path, FILES)
    return pytester


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", PLUGIN, "-p", "no:cacheprovider", *arguments)


def test_every_case_is_an_item(shop: pytest.Pytester) -> None:
    write(shop.path, {"rules/sample.test.yaml": cases(*LINES)})
    done = run(shop, "-v")

    done.assert_outcomes(passed=2, failed=1, skipped=1)
    done.stdout.fnmatch_lines([
        "*rules/sample.test.yaml::passes PASSED*",
        "*rules/sample.test.yaml::fails [[]a[]] PASSED*",
        "*rules/sample.test.yaml::fails [[]b[]] FAILED*",
        "*rules/sample.test.yaml::waits SKIPPED*until March*",
    ])  # fmt: skip


def test_a_failure_has_its_file_and_line_and_the_rule(shop: pytest.Pytester) -> None:
    write(shop.path, {"rules/sample.test.yaml": cases(*LINES)})
    done = run(shop)

    done.stdout.fnmatch_lines([
        "*sample: fails [[]b[]]*",
        "rules/sample.test.yaml:9: quantity: expected 5, got 4",
        "  because inventory `stock` (rules/stock.yaml:*",
    ])  # fmt: skip
    done.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("kind", ['kind: "test"', "kind:  test  # of prices"])
def test_the_kind_may_be_written_in_other_ways(shop: pytest.Pytester, kind: str) -> None:
    text = cases(*LINES).replace("kind: test", kind)
    write(shop.path, {"rules/sample.test.yaml": text})

    run(shop).assert_outcomes(passed=2, failed=1, skipped=1)


def test_words_select_cases(shop: pytest.Pytester) -> None:
    write(shop.path, {"rules/sample.test.yaml": cases(*LINES)})

    run(shop, "-k", "passes").assert_outcomes(passed=1, deselected=3)


def test_a_wrong_test_file_is_an_error_of_collection(shop: pytest.Pytester) -> None:
    write(shop.path, {"rules/sample.test.yaml": cases("{name: x, given: fone, expect: {}}")})
    done = run(shop)

    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*rules/sample.test.yaml:8*UNKNOWN_FIXTURE*"])


def test_a_case_that_expects_nothing_is_a_warning(shop: pytest.Pytester) -> None:
    write(shop.path, {"rules/sample.test.yaml": cases("{name: x, given: phone, expect: {}}")})
    done = run(shop, "-W", "default")

    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*rules/sample.test.yaml:8:*CASE_WITHOUT_EXPECT*"])


def test_a_wrong_rule_is_an_error_of_collection(shop: pytest.Pytester) -> None:
    write(shop.path, {"rules/sample.test.yaml": cases(*LINES)})
    write(shop.path, {"rules/wrong.yaml": "kind: lists\nname: a\nvalus: [x]\n"})
    done = run(shop)

    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*unknown key 'valus'*"])


@pytest.mark.parametrize(
    "file",
    [
        "elsewhere/sample.test.yaml",          # not under rules/
        "rules/other.test.yaml",               # no `kind: test`
        "rules/sample.yaml",                   # another name
    ],
)  # fmt: skip
def test_other_files_are_left_alone(shop: pytest.Pytester, file: str) -> None:
    text = HEAD if "other" not in file else "kind: quiz\nname: x\n"
    write(shop.path, {file: text})

    run(shop).assert_outcomes()


def test_a_project_without_a_shop_is_left_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    write(pytester.path, {"rules/sample.test.yaml": HEAD, "test_own.py": "def test_it(): pass\n"})

    run(pytester).assert_outcomes(passed=1)


def test_nothing_of_the_engine_is_imported_where_there_is_nothing_to_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        "import sys\n"
        "def test_it():\n"
        "    ours = {m for m in sys.modules if m.startswith('offerwright')}\n"
        "    assert ours == {'offerwright', 'offerwright.pytest_plugin'}\n"
        "    assert not {'polars', 'numpy', 'pydantic', 'yaml'} & set(sys.modules)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "engine"))
    done = pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider")

    done.assert_outcomes(passed=1)


def test_the_package_declares_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["entry-points"]["pytest11"] == {"offerwright": PLUGIN}


def test_loading_the_plugin_is_cheap() -> None:
    program = (
        "import sys, pytest\n"
        "before = set(sys.modules)\n"
        f"import {PLUGIN}\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60,
        env={"PYTHONPATH": str(ROOT / "engine"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip

    assert done.stdout.strip() == f"['offerwright', '{PLUGIN}']"
