"""`--profile`: what a command cost, by stage and by document; and the command stays what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.shop import AS_OF, Shop, small_shop
from cli.test_output_schemas import faults

DOCUMENTS = ["rules/inventory.yaml", "rules/mapping.yaml", "rules/pricing.yaml"]


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The small shop with a snapshot."""
    shop = small_shop(tmp_path_factory.mktemp("profiled"))
    assert shop("snapshot").code == 0
    return shop


def names(stages: list[dict[str, Any]], *path: str) -> list[str]:
    """The names of the stages inside the one that a path leads to."""
    for name in path:
        stages = next(one["stages"] for one in stages if one["name"] == name)
    return [one["name"] for one in stages]


def profile(shop: Shop, *command: str) -> Any:
    done = shop(*command, "--profile-out", "profile.json")
    assert "Traceback" not in done.err
    return json.loads((shop.root / "profile.json").read_text(encoding="utf-8"))


def test_the_result_is_the_same_and_the_table_stands_on_stderr(sold: Shop) -> None:
    plain = sold("offers", "-o", "jsonl", "--as-of", AS_OF)
    profiled = sold("offers", "-o", "jsonl", "--as-of", AS_OF, "--profile")
    lines = profiled.err.splitlines()

    assert (profiled.out, profiled.code) == (plain.out, plain.code)
    assert "turns" not in plain.err
    [heading] = [line for line in lines if line.startswith("stage ")]
    assert heading.split() == [
        "stage", "turns", "wall", "s", "share", "CPU", "s", "share", "held", "MB", "peak", "MB",
    ]  # fmt: skip
    [total] = [line for line in lines if line.startswith("offers, all")]
    assert total.split().count("100%") == 2
    assert sum(line.startswith("rules/pricing.yaml") for line in lines) == 1


def test_a_profile_names_accounts_phases_steps_and_documents(sold: Shop) -> None:
    found = profile(sold, "offers", "-o", "jsonl", "--as-of", AS_OF)
    inside = names(found["stages"], "evaluation", "market")

    assert faults("profile", found) == []
    assert (found["version"], found["command"]) == (1, "offers")
    assert inside == ["facts and scopes", "prices", "stock", "content", "columns"]
    assert names(found["stages"], "evaluation", "market", "prices", "base") == ["markups"]
    assert [one["file"] for one in found["documents"]] == DOCUMENTS
    assert found["stages"][-1]["name"] == "in between"


def test_the_stages_add_up_to_the_whole(sold: Shop) -> None:
    found = profile(sold, "offers", "-o", "jsonl", "--as-of", AS_OF)

    for unit in ("wall_s", "cpu_s"):
        together = sum(one[unit] for one in found["stages"])
        assert together == pytest.approx(found[unit], abs=0.001)
    assert found["wall_s"] > 0
    assert sum(one["peak_bytes"] for one in found["stages"]) == found["peak_bytes"]


def test_a_plan_says_what_payloads_guards_and_the_ledger_took(sold: Shop) -> None:
    found = profile(sold, "plan", "--as-of", AS_OF, "--first-publication")
    inside = names(found["stages"], "plan", "market")

    assert faults("profile", found) == []
    assert {"rules", "snapshot", "ledger", "evaluation", "plan"} <= set(names(found["stages"]))
    assert inside == ["guards", "payloads", "delta", "operations"]
    payloads = names(found["stages"], "plan", "market", "payloads")
    assert payloads == ["price", "stock", "content", "create"]


def test_check_has_a_profile_too_and_keeps_its_exit_code(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    done = shop("check", "--profile", "--no-cache")

    assert done.code == 1
    assert "csot" in done.out
    assert any(line.startswith("check, all") for line in done.err.splitlines())


def test_stacks_for_flame_graphs_name_every_stage_on_the_way(sold: Shop) -> None:
    done = sold("offers", "-o", "jsonl", "--as-of", AS_OF, "--profile-out", "profile.folded")
    lines = (sold.root / "profile.folded").read_text(encoding="utf-8").splitlines()
    stacks = dict(line.rsplit(" ", 1) for line in lines)

    assert "Profile of " in done.err
    assert any(stack.startswith("offers;evaluation;market;prices") for stack in stacks)
    assert all(" " not in stack and int(count) > 0 for stack, count in stacks.items())
    assert len(stacks) == len(lines)


def test_a_file_of_another_kind_is_refused_before_anything_is_done(sold: Shop) -> None:
    done = sold("offers", "--profile-out", "profile.txt")

    assert done.code == 2
    assert "ends neither in .json nor in .folded" in done.err


def test_a_command_that_fails_still_says_what_it_cost(sold: Shop) -> None:
    done = sold("offers", "--sku", "NO-SUCH", "--profile")

    assert done.code == 2
    assert "NO-SUCH" in done.err
    assert any(line.startswith("offers, all") for line in done.err.splitlines())


def test_a_profile_that_has_no_folder_is_refused_before_the_work(sold: Shop) -> None:
    done = sold("offers", "--as-of", AS_OF, "--profile-out", "nowhere/profile.json")

    assert (done.code, done.out) == (2, "")
    assert "there is no folder nowhere; make it first" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_disk_that_refuses_the_profile_leaves_the_exit_code(sold: Shop) -> None:
    (sold.root / "full.json").symlink_to("/dev/full")
    done = sold("offers", "-o", "jsonl", "--as-of", AS_OF, "--profile-out", "full.json")

    assert done.code == 0, done.err
    assert len(done.records()) == 6
    assert "s not written: full.json: No space left on device" in done.err
