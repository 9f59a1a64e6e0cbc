"""Queue a plan, empty the outbox, say how every account ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from offerwright.cli.live import Live, new_owner, stop_on_signal
from offerwright.cli.report import dump, echo, table, tell
from offerwright.connectors.connector import Connector
from offerwright.errors import CredentialsRefused, MarketplaceAway, OfferwrightError
from offerwright.expressions.parse import microseconds
from offerwright.loadout import Loadout
from offerwright.sync.apply import AccountJob, apply_accounts, leading
from offerwright.sync.plan_file import PlanFile
from offerwright.sync.ports import Limits
from offerwright.sync.report import ApplyReport, exit_code
from offerwright.sync.submit import Submitted, guard_of, submit

SHOWN = 12


def send_plan(world: Live, opened: PlanFile, output: str, limits: Limits) -> int:
    """Queue a plan and empty the outbox; returns the exit code."""
    loadout, store, clock = world.loadout, world.store, world.clock
    for notice in store.notices:
        tell(f"note: {notice}")
    wanted = sorted(opened.accounts)
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
            reports = apply_accounts(
                store, jobs, owner=owner, clock=clock, limits=limits, stop=stop
            )
    finally:
        for connector in connectors.values():
            connector.close()
    found = [refused[name] if name in refused else reports[name] for name in wanted]
    code = exit_code(found)
    _show_reports(found, submitted, opened, output, code)
    if world.sandbox is not None and any(isinstance(r.error, MarketplaceAway) for r in found):
        tell(f"is `offerwright sandbox` running at {world.sandbox}?")
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
            "moved": len(submitted.moved), "held": len(submitted.enqueued.held),
            "refused_bytes": len(submitted.refused),
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
    if held := sum(report.held for report in found):
        echo(f"{held} held back: offerwright hold --list says by whom and why")
    if submitted.enqueued.held:
        echo(f"{len(submitted.enqueued.held)} wait: an earlier listing of theirs is under way")
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
        "held": report.held,
        "ended": report.ended,
        "error": str(report.error) if report.error else None,
    }  # fmt: skip
