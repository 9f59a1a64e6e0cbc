"""`runs`: what `plan`, `apply` and `sync` have done here, the newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from offerwright.cli.options import found_root, output_option, root_option, sandbox_option
from offerwright.cli.planning import target_of
from offerwright.cli.recording import SHORT, recording_store
from offerwright.cli.report import VERSION, dump_pretty, echo, table
from offerwright.runs.record import DIRTY, RunRecord

SHOWN = 20


@click.command()
@root_option
@sandbox_option
@click.option("--limit", type=click.IntRange(1), default=SHOWN, show_default=True,
              help="So many, the newest first.")  # fmt: skip
@output_option("text", "json")
def runs(root: Path | None, sandbox: str | None, limit: int, output: str) -> None:
    """List the runs: what each stood on, how many operations it had, how it ended."""
    from offerwright.runs.keeping import all_runs

    home = found_root(root)
    with recording_store(home, sandbox) as store:
        found = all_runs(store, target_of(sandbox))[:limit]
    if output == "json":
        echo(dump_pretty({"version": VERSION, "runs": [run_record(one) for one in found]}))
        return
    if not found:
        echo("No run is recorded here yet; `plan`, `apply` and `sync` record one each.")
        return
    headings = (
        "run",
        "what",
        "began",
        "commit",
        "snapshot",
        "as of",
        "operations",
        "plan",
        "ended",
    )
    for line in table(headings, [_row(one) for one in found], frozenset({6})):
        echo(line)


def run_record(one: RunRecord) -> dict[str, Any]:
    """A run in `schemas/output/runs.schema.json`."""
    return {
        "id": one.id, "kind": one.kind, "commit": one.commit or None, "dirty": one.is_dirty,
        "rules": one.rules, "snapshot": one.snapshot, "as_of": one.as_of, "engine": one.engine,
        "plan": one.plan, "target": one.target, "accounts": list(one.accounts),
        "operations": one.operations, "returns_to": one.returns_to or None,
        "started": _moment(one.started),
        "ended": None if one.ended is None else _moment(one.ended),
        "exit_code": one.exit_code,
    }  # fmt: skip


def _row(one: RunRecord) -> tuple[str, ...]:
    mark = DIRTY if one.is_dirty else ""
    ended = "not yet, or killed" if one.exit_code is None else f"with {one.exit_code}"
    return (
        one.id[:SHORT], one.kind, _moment(one.started), f"{one.commit[:10] or '-'}{mark}",
        one.snapshot[:10], one.as_of, str(one.operations), one.plan, ended,
    )  # fmt: skip


def _moment(seconds: float) -> str:
    """A moment in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0).isoformat()
