"""The recipes of docs/ci.md are what they say: they parse, and their exit codes are those of the code."""

from __future__ import annotations

import ast
import configparser
import re
from typing import Any

import pytest
import yaml
from ci.kits import kit
from cli.shop import ROOT

from offerwright import errors
from offerwright.errors import OfferwrightError

TEXT = (ROOT / "docs/ci.md").read_text("utf-8")
RETRIED, SKIPPED, REFUSED = {4, 7}, {6}, {1, 2, 5, 8}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def table(heading: str) -> dict[int, str]:
    """Code -> the last cell, of the first table below a heading."""
    part = TEXT.split(heading, 1)[1].split("\n\n| code", 1)[-1].split("\n\n")[0]
    rows = re.findall(r"^\| (\d+) \|.*\| (.*) \|$", part, re.MULTILINE)
    return {int(code): what for code, what in rows}


def codes_of_the_code() -> set[int]:
    kinds = [one for one in vars(errors).values()
             if isinstance(one, type) and issubclass(one, OfferwrightError)]  # fmt: skip
    return {kind.exit_code for kind in kinds}


def test_the_codes_for_schedulers_are_those_of_the_code() -> None:
    documented = set(table("## Exit codes for schedulers"))
    operations = (ROOT / "docs/operations.md").read_text("utf-8").split("## Exit codes")[1]
    there = {int(code) for code in re.findall(r"^\| (\d+) \|", operations.split("\n## ")[0], re.M)}

    assert documented == {0, 3, 4, 130} | codes_of_the_code()
    assert documented == there


def test_what_a_scheduler_does_with_a_code_is_the_same_in_every_recipe() -> None:
    told = table("## Exit codes for schedulers")

    assert {c for c, what in told.items() if what.startswith("retry")} == {*RETRIED, 130}
    assert {c for c, what in told.items() if what.startswith("skip")} == SKIPPED
    assert {c for c, what in told.items() if what.startswith("fail")} == REFUSED


@pytest.mark.parametrize("source", blocks("python"), ids=["airflow", "dagster"])
def test_a_recipe_in_python_parses_and_sorts_the_codes(source: str) -> None:
    tree = ast.parse(source)
    constants: dict[str, Any] = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Tuple)
    }  # fmt: skip

    assert set(constants["RETRIED"]) == {*RETRIED, 130}
    assert set(constants["SKIPPED"]) == SKIPPED


def test_the_job_of_kubernetes_never_overlaps_and_retries_only_what_is_safe() -> None:
    spec = next(one for one in map(yaml.safe_load, blocks("yaml")) if "kind" in one)["spec"]
    job = spec["jobTemplate"]["spec"]
    failing = job["podFailurePolicy"]["rules"][0]
    pod = job["template"]["spec"]

    assert spec["concurrencyPolicy"] == "Forbid"
    assert (failing["action"], failing["onExitCodes"]["operator"]) == ("FailJob", "In")
    assert set(failing["onExitCodes"]["values"]) == REFUSED | SKIPPED
    assert failing["onExitCodes"]["containerName"] == pod["containers"][0]["name"]
    assert pod["restartPolicy"] == "Never"
    mounted = {one["name"] for one in pod["containers"][0]["volumeMounts"]}
    assert mounted == {one["name"] for one in pod["volumes"]}


def test_the_service_of_systemd_sorts_the_codes() -> None:
    found = []
    for block in blocks("ini"):
        parser = configparser.RawConfigParser(strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(block)
        found.append(parser)
    service = found[0]["Service"]

    assert set(map(int, service["RestartForceExitStatus"].split())) == RETRIED
    assert set(map(int, service["RestartPreventExitStatus"].split())) == REFUSED
    assert set(map(int, service["SuccessExitStatus"].split())) == SKIPPED
    assert "OnCalendar" in found[1]["Timer"]


def test_the_include_of_gitlab_names_inputs_that_the_template_has() -> None:
    include = next(one for one in map(yaml.safe_load, blocks("yaml")) if "include" in one)
    spec = next(yaml.safe_load_all((ROOT / "ci/gitlab.yml").read_text("utf-8")))

    assert set(include["include"][0]["inputs"]) <= set(spec["spec"]["inputs"])


def test_the_behaviors_of_the_documents_are_those_of_the_command_and_the_kits() -> None:
    from offerwright.cli.comment import BEHAVIORS

    spec = next(yaml.safe_load_all((ROOT / "ci/gitlab.yml").read_text("utf-8")))

    assert tuple(spec["spec"]["inputs"]["behavior"]["options"]) == BEHAVIORS
    assert (
        tuple(re.findall(r"^\| `([a-z][a-z-]+)` \|", TEXT.split("## The comment")[1], re.M))
        == BEHAVIORS
    )
    for file in ("action.yml", "ci/github/comment/action.yml"):
        assert all(one in kit(file)["inputs"]["behavior"]["description"] for one in BEHAVIORS)
