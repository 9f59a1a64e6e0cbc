"""`plan`, `apply`, `sync`: what would be sent, send exactly that, or both in one go."""

from __future__ import annotations

import sys
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from offerwright import __version__
from offerwright.cli.data import current_snapshot, newest_snapshot_id, take_snapshot
from offerwright.cli.live import Live, commit_of, live, new_owner, stop_on_signal
from offerwright.cli.options import (
    STATE,
    account_option,
    as_of_option,
    data_option,
    found_root,
    known_accounts,
    moment,
    output_option,
    root_option,
)
from offerwright.cli.report import dump, dump_pretty, echo, table, tell
from offerwright.connectors.connector import Connector
from offerwright.errors import CredentialsRefused, OfferwrightError, StalePlan
from offerwright.expressions.parse import microseconds
from offerwright.pipeline import Loadout, load, plan_sync
from offerwright.store.protocol import Run
from offerwright.sync.apply import AccountJob, apply_accounts, leading
from offerwright.sync.plan import Basis, Planned, SyncPlan, Withheld
from offerwright.sync.plan_file import PlanFile, account_summary, read_plan, write_plan
from offerwright.sync.ports import Limits
from offerwright.sync.report import ApplyReport, exit_code
from offerwright.sync.submit import Submitted, guard_of, submit
from offerwright.sync.told import read_known

SHOWN = 12


def sandbox_option(command: Any) -> Any:
    return click.option(
        "--sandbox", default=None, metavar="URL",
        help="Talk to the local sandbox at this address, with a ledger of its own.",
    )(command)  # fmt: skip


def first_option(command: Any) -> Any:
    return click.option(
        "--first-publication", is_flag=True,
        help="Nothing is confirmed there yet, and that is right (stands in for share_moved).",
    )(command)  # fmt: skip


@click.command()
@root_option
@data_option
@as_of_option
@account_option
@sandbox_option
@first_option
@output_option("text", "json")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write the plan to this file.")  # fmt: skip
@click.option("--detailed-exitcode", is_flag=True, help="3 when there are changes.")
@click.option("--fail-on", type=click.Choice(["never", "blocked"]), default="never")
def plan(
    root: Path | None,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    sandbox: str | None,
    first_publication: bool,
    output: str,
    out: Path | None,
    detailed_exitcode: bool,
    fail_on: str,
) -> None:
    """Say what would be sent, and what is withheld and why. Sends nothing."""
    home = found_root(root)
    loadout = load(home)
    with live(loadout, home, sandbox) as world:
        made = make_plan(world, home, data, as_of, accounts, first_publication)
    if out is not None:
        write_plan(made, out)
    if output == "json":
        echo(dump_pretty(plan_record(made)))
    else:
        show_plan(made)
        if out is not None:
            tell(f"Saved to {out}; send it with: offerwright apply {out}")
    if fail_on == "blocked" and any(part.withheld for part in made.parts):
        sys.exit(1)
    sys.exit(3 if detailed_exitcode and any(True for _ in made.changes()) else 0)


def make_plan(
    world: Live,
    home: Path,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    first_publication: bool,
    anew: bool = False,
) -> SyncPlan:
    """The plan of now, over the newest snapshot, or over the sources as they are (`anew`)."""
    loadout = world.loadout
    wanted = known_accounts(accounts, [p.account.name for p in loadout.rules.plans])
    snapshot = (take_snapshot if anew else current_snapshot)(loadout, home, data)
    at = moment(as_of, loadout.rules.time_zone)
    basis = Basis(
        commit=commit_of(home),
        rules=loadout.digest,
        snapshot=snapshot.id,
        as_of=at.isoformat(),
        engine=__version__,
        first_publication=first_publication,
    )
    known = {account: read_known(world.store, account) for account in wanted}
    return plan_sync(loadout, snapshot, known, as_of=at, basis=basis)


def plan_record(made: SyncPlan) -> dict[str, Any]:
    """`schemas/output/plan.schema.json`: the counts and reasons, without the bodies."""
    return {
        "version": 1,
        "id": made.id,
        "basis": {name: getattr(made.basis, name) for name in Basis.__slots__},
        "accounts": [account_summary(part) for part in made.parts],
        "changes": [_change_record(c) for c in made.changes()],
        "withheld": [
            {name: getattr(w, name) for name in Withheld.__slots__}
            for part in made.parts
            for w in part.withheld
        ],
    }


def _change_record(planned: Planned) -> dict[str, Any]:
    change = planned.change
    return {
        "account": planned.account,
        "sku": change.sku,
        "aspect": change.aspect,
        "action": change.action,
        "why": change.why,
        "price": [_text(planned.price_before), _text(planned.price_after)],
        "quantity": [planned.quantity_before, planned.quantity_after],
    }


def _text(amount: object) -> str | None:
    return None if amount is None else f"{amount:f}"


def show_plan(made: SyncPlan) -> None:
    """The plan for people: counts by account, the first changes, what is withheld by reason."""
    rows = []
    for part in made.parts:
        counts = Counter((p.change.action, p.change.aspect) for p in part.changes)
        rows.append((
            part.account, str(counts["create", "content"]), str(counts["update", "price"]),
            str(counts["update", "stock"]), str(counts["update", "content"]),
            str(sum(n for (action, _), n in counts.items() if action == "end")),
            str(part.unchanged), str(part.waiting), str(len({w.sku for w in part.withheld})),
        ))  # fmt: skip
    headings = (
        "account",
        "list",
        "price",
        "stock",
        "content",
        "end",
        "in step",
        "waiting",
        "withheld",
    )
    for line in table(headings, rows, frozenset(range(1, 9))):
        echo(line)
    _show_changes(list(made.changes()))
    _show_reasons("withheld by", [w for part in made.parts for w in part.withheld])
    _show_reasons("warned by", [w for part in made.parts for w in part.warnings])
    for part in made.parts:
        for verdict in part.run_verdicts:
            if verdict.failed:
                echo(f"! {part.account}: guard {verdict.guard.id}: {verdict.reason}")
    total = sum(len(part.changes) for part in made.parts)
    echo(f"\nPlan {made.id}: {total} operation{'s' if total != 1 else ''} to send")


def _show_changes(changes: Sequence[Planned]) -> None:
    if not changes:
        return
    echo()
    marks = {"create": "+", "update": "~", "end": "-"}
    for planned in changes[:SHOWN]:
        change = planned.change
        words = []
        if planned.price_after is not None:
            words.append(
                f"price {_text(planned.price_before) or 'new'} -> {_text(planned.price_after)}"
            )
        if planned.quantity_after is not None:
            before = "new" if planned.quantity_before is None else planned.quantity_before
            words.append(f"stock {before} -> {planned.quantity_after}")
        detail = ", ".join(words) or change.aspect
        echo(f"{marks[change.action]} {planned.account} {change.sku}  {detail}")
    if len(changes) > SHOWN:
        echo(f"  and {len(changes) - SHOWN} more")


def _show_reasons(heading: str, found: Sequence[Withheld]) -> None:
    if not found:
        return
    echo()
    reasons = Counter((w.account, w.aspect, w.code, w.reason.split(": ")[0]) for w in found)
    rows = [(*key, str(count)) for key, count in sorted(reasons.items())]
    for line in table(
        ("account", "aspect", heading, "rule or guard", "SKUs"), rows, frozenset({4})
    ):
        echo(line)


@click.command()
@click.argument("plan_file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@root_option
@sandbox_option
@output_option("text", "json")
@click.option("--max-failures", type=click.IntRange(0), default=None,
              help="Stop an account after so many refusals.")  # fmt: skip
def apply(
    plan_file: Path, root: Path | None, sandbox: str | None, output: str, max_failures: int | None
) -> None:
    """Send what a plan says, exactly that, and at most once."""
    home = found_root(root)
    loadout = load(home)
    opened = read_plan(plan_file)
    if opened.head["rules"] != loadout.digest:
        raise StalePlan("the rules have changed since this plan was made; plan again")
    newest = newest_snapshot_id(home)
    if newest is not None and opened.head["snapshot"] != newest:
        raise StalePlan(
            f"the snapshot {newest[:12]} is newer than the one this plan stands on; plan again"
        )
    with live(loadout, home, sandbox) as world:
        sys.exit(send_plan(world, opened, output, Limits(max_failures=max_failures)))


@click.command()
@root_option
@data_option
@as_of_option
@account_option
@sandbox_option
@first_option
@output_option("text", "json")
@click.option("--max-failures", type=click.IntRange(0), default=None,
              help="Stop an account after so many refusals.")  # fmt: skip
def sync(
    root: Path | None,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    sandbox: str | None,
    first_publication: bool,
    output: str,
    max_failures: int | None,
) -> None:
    """Read the sources, plan and apply in one go, for cron; what is in step is not sent again."""
    home = found_root(root)
    loadout = load(home)
    with live(loadout, home, sandbox) as world:
        made = make_plan(world, home, data, as_of, accounts, first_publication, anew=True)
        path = home / STATE / "plans" / f"{made.id}.jsonl"
        write_plan(made, path)
        if output == "text":
            show_plan(made)
        names = [part.account for part in made.parts]
        code = send_plan(world, read_plan(path), output, Limits(max_failures=max_failures), names)
    sys.exit(code)


def send_plan(
    world: Live, opened: PlanFile, output: str, limits: Limits, accounts: Sequence[str] = ()
) -> int:
    """Queue a plan and empty the outbox; returns the exit code."""
    loadout, store, clock = world.loadout, world.store, world.clock
    for notice in store.notices:
        tell(f"note: {notice}")
    wanted = sorted({o.account for o in opened.operations} | set(accounts)) or [
        p.account.name for p in loadout.rules.plans
    ]
    currencies = {p.account.name: p.account.currency for p in loadout.rules.plans}
    _check_accounts(wanted, currencies)
    connectors, refused = _connectors(world, wanted)
    able = {name: currencies[name] for name in connectors}
    guards = loadout.guards.by_account
    jobs = {
        name: AccountJob(connector, _guard(world, loadout, name))
        for name, connector in connectors.items()
    }
    owner = new_owner()
    try:
        with leading(store, owner, clock), stop_on_signal() as stop:
            submitted = submit(opened, store, loadout.marketplaces, able, guards, now=clock.now())
            store.record_run(_run(opened, clock.now()))
            reports = apply_accounts(
                store, jobs, owner=owner, clock=clock, limits=limits, stop=stop
            )
    finally:
        for connector in connectors.values():
            connector.close()
    found = [refused[name] if name in refused else reports[name] for name in wanted]
    code = exit_code(found)
    _show_reports(found, submitted, opened, output, code)
    return 4 if code == 0 and submitted.refused else code


def _connectors(
    world: Live, accounts: Sequence[str]
) -> tuple[dict[str, Connector], dict[str, ApplyReport]]:
    """The connectors, and the reports of accounts that have no credentials: others go on."""
    connectors: dict[str, Connector] = {}
    refused: dict[str, ApplyReport] = {}
    for name in accounts:
        try:
            connectors[name] = world.connector(world.loadout.rules.plan(name).account)
        except CredentialsRefused as problem:
            left = world.store.open_counts(name)
            refused[name] = ApplyReport(name, left=left, ended="refused", error=problem)
    return connectors, refused


def _check_accounts(wanted: Sequence[str], known: dict[str, str]) -> None:
    for name in wanted:
        if name not in known:
            raise OfferwrightError(f"the plan speaks of an account {name} that the shop lacks")


def _guard(world: Live, loadout: Loadout, account: str) -> Any:
    plan_of = loadout.rules.plan(account).account
    marketplace = loadout.marketplaces[plan_of.marketplace]

    def now() -> int:
        return microseconds(datetime.fromtimestamp(world.clock.now(), UTC))

    return guard_of(marketplace, plan_of.currency, world.store, now)


def _run(opened: PlanFile, now: float) -> Run:
    head = opened.head
    return Run(
        id=uuid.uuid4().hex,
        commit=head["commit"],
        snapshot_id=head["snapshot"],
        as_of=head["as_of"],
        engine_version=head["engine"],
        plan_hash=opened.id,
        started_at=now,
    )


def _show_reports(
    found: Sequence[ApplyReport],
    submitted: Submitted,
    opened: PlanFile,
    output: str,
    code: int,
) -> None:
    if output == "json":
        echo(dump({
            "version": 1, "plan": opened.id, "exit_code": code,
            "already_applied": submitted.enqueued.already_applied,
            "moved": len(submitted.moved), "refused_bytes": len(submitted.refused),
            "accounts": [_report_record(r) for r in found],
        }))  # fmt: skip
        return
    if submitted.enqueued.already_applied and opened.operations:
        echo("This plan was applied before; nothing new was queued.")
    rows = [
        (r.account, str(r.sent), str(r.confirmed), str(r.accepted), str(len(r.refused)),
         str(sum(r.left.values())), r.ended if r.error is None else str(r.error))
        for r in found
    ]  # fmt: skip
    echo()
    headings = ("account", "sent", "confirmed", "accepted", "refused", "still open", "ended")
    for line in table(headings, rows, frozenset(range(1, 6))):
        echo(line)
    for report in found:
        for refused in report.refused[:SHOWN]:
            words = "; ".join(f"{p.code} {p.message}".strip() for p in refused.problems[:2])
            echo(f"! {report.account} {refused.sku} {refused.aspect}: {refused.state}: {words}")
    if submitted.moved:
        echo(f"{len(submitted.moved)} skipped: their offers moved since the plan was made")
    for planned, reason in submitted.refused[:SHOWN]:
        echo(f"! {planned.account} {planned.sku}: not sent: {reason}")


def _report_record(report: ApplyReport) -> dict[str, Any]:
    return {
        "account": report.account,
        "sent": report.sent,
        "polled": report.polled,
        "read_back": report.read_back,
        "confirmed": report.confirmed,
        "accepted": report.accepted,
        "refused": [
            {"sku": r.sku, "aspect": r.aspect, "state": r.state,
             "problems": [{"code": p.code, "message": p.message} for p in r.problems]}
            for r in report.refused
        ],
        "left": dict(report.left),
        "ended": report.ended,
        "error": str(report.error) if report.error else None,
    }  # fmt: skip
