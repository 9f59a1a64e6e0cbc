"""`replay`: say a run again from what it stood on, and hold every byte against what it said."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright import __version__
from offerwright.cli.options import (
    STATE,
    account_option,
    found_root,
    known_accounts,
    output_option,
    root_option,
    sandbox_option,
)
from offerwright.cli.planning import target_of
from offerwright.cli.recording import SHORT, file_lines, recording_store, runs_folder
from offerwright.cli.report import VERSION, dump_pretty, echo, number_of
from offerwright.cli.runs import run_record
from offerwright.errors import OfferwrightError
from offerwright.runs.record import RunRecord, RunRefused, chosen

if TYPE_CHECKING:
    from offerwright.runs.again import Again, Places
    from offerwright.runs.folder import Kept
    from offerwright.runs.replay import Other, Replayed, Wanted

SHOWN, PARTS_SHOWN = 12, 6
EXPLAINED = 1000
"""Of so many operations that differ the bytes of then are looked for in the plan's file."""
WORDS = {
    "body": "other bytes",
    "beside": "the same bytes, with other bounds of guards or generations beside them",
    "missing": "not said any more",
}


@click.command()
@click.argument("run")
@root_option
@sandbox_option
@click.option("--sku", "skus", multiple=True, metavar="SKU", help="Only this SKU (repeatable).")
@account_option
@output_option("text", "json")
def replay(
    run: str,
    root: Path | None,
    sandbox: str | None,
    skus: tuple[str, ...],
    accounts: tuple[str, ...],
    output: str,
) -> None:
    """Compute what RUN said once more and compare it with what was recorded, byte for byte.

    RUN is the start of an id that `offerwright runs` lists, the start of a plan's id, or `last`.
    What holds and guards withheld then is not said again: it is what RUN told that is compared.
    Ends with 0 where everything is the same, 1 where something differs, 2 where it cannot be said.
    """
    from offerwright.runs.folder import read_kept
    from offerwright.runs.keeping import all_runs

    home, target = found_root(root), target_of(sandbox)
    with recording_store(home, sandbox) as store:
        every = all_runs(store, target)
    record = chosen(every, run)
    if record.returns_to:
        raise RunRefused(
            f"run {record.id[:SHORT]} sent what {record.returns_to[:SHORT]} had said (a rollback); "
            "replay the run that said it first"
        )
    known_accounts(accounts, list(record.accounts))
    kept = read_kept(runs_folder(home, target), record)
    wanted = _wanted(kept, record, skus, accounts)
    found = again_of(home, record)
    first = next(one for one in reversed(every) if one.plan == record.plan)
    made = _replayed(home, found, _as_planned(kept, first, home), wanted)
    reasons = tuple(_reasons(found, made, first))
    if output == "json":
        echo(dump_pretty(_record(record, made, reasons)))
    else:
        _show(record, made, reasons)
    sys.exit(1 if made.differs else 0)


def _as_planned(kept: Kept, first: RunRecord, home: Path) -> Kept:
    """
    What a run said, with the ledger of the `first` run of its plan: the plan was made against it.

    A plan that is applied again, after a release or a crash, finds what it sent itself.
    """
    from offerwright.runs.folder import read_kept

    try:
        then = read_kept(runs_folder(home, first.target), first)
    except RunRefused:
        return kept
    return replace(kept, ledger=then.ledger, listings=then.listings)


def places_of(home: Path, target: str) -> Places:
    """Where runs of a target and what they stand on lie."""
    from offerwright.cli.snapshot import snapshots_folder
    from offerwright.runs.again import Places

    return Places(home, snapshots_folder(home), runs_folder(home, target))


def again_of(home: Path, record: RunRecord) -> Again:
    """What a run stood on, there again. Raises `RunRefused` where it is gone."""
    from offerwright.cli.review_sides import compiled
    from offerwright.runs.again import again

    return again(record, places_of(home, record.target), compiled)


def _wanted(
    kept: Kept, record: RunRecord, skus: tuple[str, ...], accounts: tuple[str, ...]
) -> Wanted:
    """What is asked for. Raises `OfferwrightError` for a SKU of which the run said nothing."""
    from offerwright.runs.replay import Wanted

    wanted = Wanted(frozenset(skus), frozenset(accounts))
    said = set(wanted.of(kept.said)["sku"].to_list())
    for sku in sorted(set(skus) - said):
        where = f" on {', '.join(accounts)}" if accounts else ""
        raise OfferwrightError(
            f"run {record.id[:SHORT]} said nothing of {sku}{where}: it was in step, withheld, or "
            "not in the catalogue"
        )
    return wanted


def _replayed(home: Path, found: Again, kept: Kept, wanted: Wanted) -> Replayed:
    """The comparison; with the bytes of then where something differs and they are kept."""
    from offerwright.runs.replay import lines_by_key, replay

    made = replay(found, kept, wanted, {})
    file = home / STATE / "plans" / f"{found.record.plan}.jsonl"
    if not made.differs or not file.is_file():
        return made
    keys = {(o.account, o.sku, o.aspect, o.action) for o in made.others[:EXPLAINED]}
    return replay(found, kept, wanted, lines_by_key(file_lines(file), keys))


def _reasons(found: Again, made: Replayed, first: RunRecord) -> Iterator[str]:
    """Why it may differ, as far as anybody can tell."""
    if not made.differs:
        return
    record = found.record
    if record.engine != __version__:
        yield (f"run {record.id[:SHORT]} was computed by Offerwright {record.engine}, "
               f"this is {__version__}")  # fmt: skip
    if first.kind == "apply":
        yield ("the run that made this plan is not on record any more, and the ledger may have "
               "moved between the two")  # fmt: skip
    if found.loadout.digest != record.rules:
        yield (f"the same files mean other rules to this engine: {found.loadout.digest}, "
               f"then {record.rules}")  # fmt: skip


def _record(record: RunRecord, made: Replayed, reasons: tuple[str, ...]) -> dict[str, Any]:
    """`schemas/output/replay.schema.json`."""
    return {
        "version": VERSION,
        "run": run_record(record),
        "same": made.same,
        "differs": made.differs,
        "reasons": list(reasons),
        "operations": [
            {
                "account": one.account, "sku": one.sku, "aspect": one.aspect,
                "action": one.action, "what": one.sort, "aspects": list(one.aspects),
                "parts": [
                    {"part": p.part, "field": p.field, "then": p.before, "now": p.after}
                    for p in one.parts
                ],
            }
            for one in made.others
        ],
    }  # fmt: skip


def _show(record: RunRecord, made: Replayed, reasons: tuple[str, ...]) -> None:
    total = made.same + len(made.others)
    stands = f"commit {record.commit[:SHORT] or 'none'}, snapshot {record.snapshot[:SHORT]}"
    echo(f"Run {record.id[:SHORT]} ({record.kind}), {stands}, as of {record.as_of}")
    if not made.differs:
        echo(f"{number_of(total, 'operation')}: the same, byte for byte")
        return
    echo(f"{made.same} of {number_of(total, 'operation')} are the same, byte for byte")
    for sort, count in sorted(Counter(one.sort for one in made.others).items()):
        echo(f"  {count}: {WORDS[sort]}")
    echo()
    for one in made.others[:SHOWN]:
        _show_other(one)
    if len(made.others) > SHOWN:
        echo(f"  and {len(made.others) - SHOWN} more")
    for reason in reasons:
        echo(f"because: {reason}")


def _show_other(one: Other) -> None:
    echo(f"! {one.account} {one.sku} {one.aspect} ({one.action}): {WORDS[one.sort]}")
    for part in one.parts[:PARTS_SHOWN]:
        place = f"{part.part}{part.field and ' ' + part.field}"
        echo(f"    {place}: {_word(part.before)} -> {_word(part.after)}")


def _word(value: str | None) -> str:
    return "nothing" if value is None else value
