"""`rollback`: a plan that makes live again what was live after a run, or what older rules say."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright import __version__
from offerwright.cli.commit import commit_of
from offerwright.cli.estimate import estimate_record, estimated, show_estimate
from offerwright.cli.live import Live, live
from offerwright.cli.loadouts import ready
from offerwright.cli.options import (
    account_option,
    known_accounts,
    output_option,
    root_option,
    sandbox_option,
)
from offerwright.cli.plan_text import show_plan
from offerwright.cli.planning import target_of
from offerwright.cli.recording import SHORT, doing, on_record, plan_lines, runs_folder
from offerwright.cli.replay import again_of
from offerwright.cli.report import VERSION, dump_pretty, echo, tell
from offerwright.cli.snapshot import current_snapshot, sources_seen
from offerwright.errors import OfferwrightError
from offerwright.frames import Aspect
from offerwright.guards.sources import written
from offerwright.runs.record import RunRecord, RunRefused, chosen
from offerwright.sync.plan import Basis, SyncPlan
from offerwright.sync.plan_file import write_plan

if TYPE_CHECKING:
    import polars as pl

    from offerwright.connectors.estimate import Estimate
    from offerwright.runs.folder import Kept
    from offerwright.runs.present import Present

ASPECTS: dict[str, tuple[Aspect, ...]] = {
    "price": ("price",), "content": ("content",), "stock": ("stock",),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What is to go back: all accounts, SKUs, prices and content where nothing is given."""

    accounts: tuple[str, ...]
    skus: tuple[str, ...]
    aspects: tuple[Aspect, ...]


@click.command()
@click.argument("to", metavar="RUN|COMMIT")
@root_option
@sandbox_option
@account_option
@click.option("--sku", "skus", multiple=True, metavar="SKU", help="Only this SKU (repeatable).")
@click.option("--aspect", "aspects", multiple=True, type=click.Choice([*ASPECTS]),
              help="What goes back (repeatable); else price and content: an old number of units "
                   "would be sold twice.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Write the plan to this file.")  # fmt: skip
@output_option("text", "json")
def rollback(
    to: str,
    root: Path | None,
    sandbox: str | None,
    accounts: tuple[str, ...],
    skus: tuple[str, ...],
    aspects: tuple[str, ...],
    out: Path,
    output: str,
) -> None:
    """Plan the way back to what was live when RUN had ended, or to what the rules of COMMIT say.

    Only offers of which something else is live get an operation. Sends nothing: look at the plan,
    then `offerwright apply` it.
    """
    from offerwright.runs.rollback import CONTENT

    home, loadout = ready(root, None)
    known_accounts(accounts, [p.account.name for p in loadout.rules.plans])
    asked = Asked(accounts, skus, _aspects(aspects) or CONTENT)
    began = time.time()
    with live(loadout, home, sandbox) as world:
        made, left, words = _way(world, home, to, asked)
        made = write_plan(made, out)
        with on_record(world, home, doing("rollback", made, began), plan_lines(made)):
            pass
        found = estimated(loadout, made)
        if output == "json":
            echo(dump_pretty({
                "version": VERSION, "plan": made.id, "returns_to": made.basis.returns_to,
                "file": str(out), "estimate": estimate_record(found),
                "accounts": [_account(part) for part in made.parts],
                "left": left.to_dicts(),
            }))  # fmt: skip
            return
        echo(f"Back to {words}")
        _show(made, found, left, out)


def _show(made: SyncPlan, found: Estimate, left: pl.DataFrame, out: Path) -> None:
    show_plan(made)
    show_estimate(found)
    _show_left(left)
    if any(part.size for part in made.parts):
        tell(f"Saved to {out}; send it with: offerwright apply {out}")
    tell(
        "The rules in the repository are as they were: take the change back there too, "
        "or the next sync sends it again"
    )


def _aspects(words: tuple[str, ...]) -> tuple[Aspect, ...]:
    return tuple(aspect for word in words for aspect in ASPECTS[word])


def _account(part: Any) -> dict[str, Any]:
    counts = Counter({aspect: n for (_, aspect), n in part.counts.items()})
    return {
        "account": part.account, "operations": part.size,
        **{aspect: counts[aspect] for aspect in ASPECTS}, "withheld": part.withheld_skus,
    }  # fmt: skip


def _way(world: Live, home: Path, to: str, asked: Asked) -> tuple[SyncPlan, pl.DataFrame, str]:
    """The plan, what stays as it is, and where it goes back to in words."""
    from offerwright.runs.keeping import all_runs

    runs = all_runs(world.store, target_of(world.sandbox))
    try:
        run = chosen(runs, to)
    except RunRefused as problem:
        return _to_commit(world, home, (to, problem), asked)
    return _to_run(world, home, run, asked)


def _to_run(
    world: Live, home: Path, run: RunRecord, asked: Asked
) -> tuple[SyncPlan, pl.DataFrame, str]:
    from offerwright.runs.keeping import all_runs
    from offerwright.runs.rollback import Back, History, way_back

    runs = all_runs(world.store, run.target)
    basis, now = _now(world, home, run.id, asked)
    back = Back(run, basis, now, frozenset(asked.accounts), frozenset(asked.skus), asked.aspects)
    sent = [one for one in runs if one.sends or one.id == run.id]
    history = History(sent, _kept(home, run.target), lambda one: again_of(home, one))
    with world.store.reading() as reading:
        found = way_back(back, history, reading)
    return found.plan, found.left, f"what was live after run {run.id[:SHORT]} ({run.kind})"


def _kept(home: Path, target: str) -> Callable[[RunRecord], Kept]:
    from offerwright.runs.folder import read_kept

    return lambda one: read_kept(runs_folder(home, target), one)


def _to_commit(
    world: Live, home: Path, named: tuple[str, RunRefused], asked: Asked
) -> tuple[SyncPlan, pl.DataFrame, str]:
    import polars as pl

    from offerwright.evaluate.partitions import partitions
    from offerwright.loadout import PlanRequest, doubt_of
    from offerwright.runs.rollback import LEFT
    from offerwright.runs.rollback_rules import ToRules, said_before, way_to_rules
    from offerwright.sync.catalogue import StoredLedger

    to, no_run = named
    commit, loadout = _rules_of(home, to, no_run)
    snapshot = current_snapshot(loadout, home, None)
    basis, now = _now(world, home, commit, asked)
    as_of = now.as_of
    here = {plan.account.name for plan in world.loadout.rules.plans}
    names = [p.account.name for p in loadout.rules.plans if p.account.name in here]
    wanted = [one for one in names if one in (asked.accounts or names)]
    request = PlanRequest(tuple(wanted), as_of, basis, doubt_of(snapshot.manifest))
    parts = partitions(loadout.rules, snapshot.facts)
    asked_of = ToRules(loadout, parts, request, now, frozenset(asked.skus), asked.aspects)
    before = said_before(_known_to_be_sent(world, home))
    with world.store.reading() as reading:
        made = way_to_rules(asked_of, StoredLedger(reading), before)
    return made, pl.DataFrame(schema=LEFT), f"what the rules of {commit[:SHORT]} say"


def _known_to_be_sent(world: Live, home: Path) -> Iterator[Kept]:
    """What runs on record have sent; of one whose folder is gone nobody knows it."""
    from offerwright.runs.keeping import all_runs

    target = target_of(world.sandbox)
    kept = _kept(home, target)
    for one in all_runs(world.store, target):
        if one.sends and one.operations:
            with suppress(RunRefused):
                yield kept(one)


def _rules_of(home: Path, to: str, no_run: RunRefused) -> tuple[str, Any]:
    """The commit and its rules. Raises `RunRefused` where it is no commit either."""
    from offerwright.cli.review_sides import compiled
    from offerwright.source.history import commit_range, repository_at
    from offerwright.source.repository import shipped_marketplaces, with_shipped

    try:
        commit = commit_range(home, f"{to}..{to}").base
    except OfferwrightError as problem:
        raise RunRefused(f"{no_run}; and as a commit: {problem}") from problem
    files, _ = with_shipped(repository_at(home, commit, whole=True), shipped_marketplaces())
    loadout = compiled(files)
    if loadout is None:
        raise RunRefused(f"the rules of {to} have errors: offerwright diff {to} says which")
    return commit, loadout


def _now(world: Live, home: Path, returns_to: str, asked: Asked) -> tuple[Basis, Present]:
    """As `apply` asks: the rules and the snapshot of now, which must still be those then."""
    from offerwright.runs.present import Present

    loadout = world.loadout
    at = datetime.fromtimestamp(world.clock.now(), UTC).replace(microsecond=0)
    snapshot = current_snapshot(loadout, home, None)
    sources = sources_seen(home, snapshot.id, at)
    names = asked.accounts or [plan.account.name for plan in loadout.rules.plans]
    looking = [guard for name in names for guard in loadout.guards.by_account[name]]
    basis = Basis(
        commit=commit_of(home), rules=loadout.digest, snapshot=snapshot.id,
        as_of=at.isoformat(), engine=__version__, target=target_of(world.sandbox),
        sources=written(sources, looking), returns_to=returns_to,
    )  # fmt: skip
    return basis, Present(loadout, snapshot.facts, at, sources)


def _show_left(left: pl.DataFrame) -> None:
    for (why,), rows in left.group_by("why", maintain_order=True):
        skus = rows["sku"].unique(maintain_order=True).to_list()
        more = f" and {len(skus) - 3} more" if len(skus) > 3 else ""
        echo(f"left as it is: {', '.join(skus[:3])}{more}: {why}")
