"""The kits as data, and their shell steps run as their runners would, in a repository of a test."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cli.shop import ROOT, Shop

ACTIONS = ("action.yml", "ci/github/comment/action.yml")
WORKFLOWS = (
    ".github/workflows/review-comment.yml",
    ".github/workflows/review.yml",
    ".github/workflows/tests.yml",
    "ci/github/review-of-forks.yml",
    "ci/github/review.yml",
)
OF_INIT = "engine/offerwright/scaffold/shop/dot_github/workflows/offerwright.yml"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def kit(file: str) -> dict[str, Any]:
    """A workflow or action; `on` stays a word."""
    read: dict[str, Any] = yaml.load((ROOT / file).read_text("utf-8"), yaml.BaseLoader)
    return read


def steps_of(file: str) -> list[dict[str, Any]]:
    found = kit(file)
    if "runs" in found:
        return list(found["runs"]["steps"])
    return [step for job in found["jobs"].values() for step in job["steps"]]


@dataclass
class Runner:
    """What a runner gives to the steps of a composite action."""

    shop: Shop
    folder: Path
    inputs: Mapping[str, str]
    github: Mapping[str, str]
    env: Mapping[str, str]

    def __post_init__(self) -> None:
        (self.folder / "bin").mkdir(parents=True)
        command = self.folder / "bin/offerwright"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m offerwright "$@"\n')
        command.chmod(0o755)
        self.outputs: dict[str, dict[str, str]] = {}
        self.log: list[str] = []

    @property
    def summary(self) -> str:
        return (self.folder / "summary").read_text("utf-8")

    def run(self, file: str, *only: str) -> int:
        """Run the steps with a shell but the installation, in order, or of those `only` some; the
        first that fails ends it, for all steps that do not say `always()`."""
        code = 0
        for step in steps_of(file):
            if "run" not in step or step.get("id") == "install":
                continue
            if only and step.get("id") not in only:
                continue
            if code and "always()" not in step.get("if", ""):
                continue
            if not self.is_wanted(step.get("if", "")):
                continue
            code = self._run(step) or code
        return code

    def is_wanted(self, condition: str) -> bool:
        """The conditions that the kits use: a chain of comparisons."""
        parts = [one.strip() for one in condition.split("&&") if one.strip()]
        return all(one == "always()" or self._holds(one) for one in parts)

    def _holds(self, comparison: str) -> bool:
        left, sign, right = comparison.split()
        return (self._value(left) == self._value(right)) is (sign == "==")

    def _value(self, word: str) -> str:
        if word.startswith("'"):
            return word.strip("'")
        path = word.split(".")
        if path[0] == "inputs":
            return self.inputs[path[1]]
        if path[0] == "steps":
            return self.outputs.get(path[1], {}).get(path[3], "")
        return self.github.get(word, "")

    def _filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: self._either(found[1]), text)

    def _either(self, expression: str) -> str:
        return next((v for one in expression.split("||") if (v := self._value(one.strip()))), "")

    def _run(self, step: dict[str, Any]) -> int:
        output = self.folder / "output"
        output.write_text("")
        own = {name: self._filled(value) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.shop.root, env={**self._environment(output), **own}, text=True,
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        lines = output.read_text().splitlines()
        self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        self.log.append(done.stdout + done.stderr)
        return done.returncode

    def _environment(self, output: Path) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder), "PYTHONPATH": str(ROOT / "engine"),
            "OFFERWRIGHT_CACHE_DIR": "", "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example",
            "GITHUB_REPOSITORY": "shop/rules", "GITHUB_RUN_ID": "77", **self.env,
        }  # fmt: skip


def runner_of(file: str, shop: Shop, folder: Path, **more: Any) -> Runner:
    """A runner with the defaults of the action's inputs, and more of `inputs`, `github`, `env`."""
    declared = {name: one.get("default", "") for name, one in kit(file)["inputs"].items()}
    inputs = {**declared, **more.get("inputs", {})}
    return Runner(shop, folder, inputs, more.get("github", {}), more.get("env", {}))


def event_file(folder: Path, event: Any) -> str:
    file = folder / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    return str(file)
