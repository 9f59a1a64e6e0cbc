"""`plan`, `apply`, `sync`: what would be sent, send exactly that, or both in one go."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from offerwright.cli.coming import coming_changes, show_coming
from offerwright.cli.estimate import estimate_record, estimated, show_estimate
from offerwright.cli.kept_plans import drop_old_plans
from offerwright.cli.live import live
from offerwright.cli.loadouts import bundle_option, ready
from offerwright.cli.options import (
    STATE,
    account_option,
    as_of_option,
    data_option,
    first_option,
    incremental_option,
    max_failures_option,
    output_option,
    root_option,
    sandbox_option,
)
from offerwright.cli.plan_text import put_plan, show_plan
from offerwright.cli.planning import LIVE, Wanted, planned, target_of
from offerwright.cli.profile import profile_option
from offerwright.cli.recording import Doing, doing, file_lines, on_record, plan_lines
from offerwright.cli.report import tell
from offerwright.cli.send import send_plan
from offerwright.cli.shadowing import Shadow, shadow_options, shadowed
from offerwright.cli.snapshot import newest_snapshot_id
from offerwright.errors import StalePlan
from offerwright.sync.plan_file import PlanFile, keep_plan, read_plan, sealed, write_plan


@click.command()
@root_option
@bundle_option
@data_option
@as_of_option
@account_option
@sandbox_option
@first_option
@incremental_option
@output_option("text", "json")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write the plan to this file.")  # fmt: skip
@click.option("--detailed-exitcode", is_flag=True, help="3 when there are changes.")
@click.option("--fail-on", type=click.Choice(["never", "blocked"]), default="never")
@shadow_options
@profile_option
def plan(
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    sandbox: str | None,
    first_publication: bool,
    incremental: bool,
    output: str,
    out: Path | None,
    detailed_exitcode: bool,
    fail_on: str,
    shadow: str | None,
    shadow_seconds: int,
) -> None:
    """Say what would be sent, and what is withheld and why. Sends nothing."""
    home, loadout = ready(root, bundle)
    wanted = Wanted(data, as_of, accounts, first_publication, incremental=incremental)
    began = time.time()
    with live(loadout, home, sandbox) as world, planned(world, home, wanted) as made:
        made = sealed(made) if out is None else write_plan(made, out)
        is_blocked = fail_on == "blocked" and any(part.withheld_skus for part in made.parts)
        is_change = detailed_exitcode and any(part.size for part in made.parts)
        code = 1 if is_blocked else 3 if is_change else 0
        with on_record(world, home, doing("plan", made, began), plan_lines(made)) as ending:
            ending.code = code
        aside = Shadow(shadow, shadow_seconds, home, bundle, data)
        coming = coming_changes(loadout, made.basis.as_of, [part.account for part in made.parts])
        with shadowed(aside, made.id, made.basis):
            if output == "json":
                put_plan(made, coming, estimate_record(estimated(loadout, made)))
            else:
                show_plan(made)
                show_estimate(estimated(loadout, made))
                show_coming(coming)
                if out is not None:
                    tell(f"Saved to {out}; send it with: offerwright apply {out}")
    sys.exit(code)


@click.command()
@click.argument("plan_file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@root_option
@bundle_option
@sandbox_option
@output_option("text", "json")
@max_failures_option
@profile_option
def apply(
    plan_file: Path,
    root: Path | None,
    bundle: Path | None,
    sandbox: str | None,
    output: str,
    max_failures: int | None,
) -> None:
    """Send what a plan says, exactly that, and at most once."""
    home, loadout = ready(root, bundle)
    opened = read_plan(plan_file)
    _refuse_stale(opened, loadout.digest, newest_snapshot_id(home), target_of(sandbox))
    began, head = time.time(), opened.head
    work = Doing("apply", head, opened.id, opened.accounts, began, head.get("returns_to", ""))
    with (
        live(loadout, home, sandbox) as world,
        on_record(world, home, work, file_lines(plan_file)) as ending,
    ):
        ending.code = send_plan(world, opened, output, world.limits(max_failures))
    sys.exit(ending.code)


def _refuse_stale(opened: PlanFile, rules: str, newest: str | None, target: str) -> None:
    """Raise `StalePlan` for a plan that was made for another time or another place."""
    head = opened.head
    if head["target"] != target:
        raise StalePlan(
            f"this plan was made for the {head['target']}, with what is confirmed there; "
            + ("give --sandbox too" if target == LIVE else "apply it without --sandbox")
        )
    if head["rules"] != rules:
        raise StalePlan("the rules have changed since this plan was made; plan again")
    if newest is not None and head["snapshot"] != newest:
        raise StalePlan(
            f"the snapshot {newest[:12]} is newer than the one this plan stands on; plan again"
        )


@click.command()
@root_option
@bundle_option
@data_option
@as_of_option
@account_option
@sandbox_option
@first_option
@incremental_option
@output_option("text", "json")
@max_failures_option
@shadow_options
@profile_option
def sync(
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    sandbox: str | None,
    first_publication: bool,
    incremental: bool,
    output: str,
    max_failures: int | None,
    shadow: str | None,
    shadow_seconds: int,
) -> None:
    """Read the sources, plan and apply in one go, for cron; what is in step is not sent again."""
    home, loadout = ready(root, bundle)
    wanted = Wanted(data, as_of, accounts, first_publication, True, incremental)
    began = time.time()
    with live(loadout, home, sandbox) as world:
        with planned(world, home, wanted) as made:
            made, path = keep_plan(made, home / STATE / "plans")
            drop_old_plans(path.parent)
            if output == "text":
                show_plan(made)
            work, basis, plan_id = doing("sync", made, began), made.basis, made.id
        with (
            shadowed(Shadow(shadow, shadow_seconds, home, bundle, data), plan_id, basis),
            on_record(world, home, work, file_lines(path)) as ending,
        ):
            ending.code = send_plan(world, read_plan(path), output, world.limits(max_failures))
    sys.exit(ending.code)
