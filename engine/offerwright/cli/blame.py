"""`blame`: what last changed a value of an offer: a commit, a cell of a source, the clock."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright.cli.cache import HISTORY, key_of, open_cache
from offerwright.cli.loadouts import ready
from offerwright.cli.options import (
    as_of_option,
    data_option,
    known_accounts,
    moment,
    output_option,
    root_option,
    sandbox_option,
)
from offerwright.cli.planning import target_of
from offerwright.cli.recording import SHORT, recording_store
from offerwright.cli.replay import again_of
from offerwright.cli.report import VERSION, dump_pretty, echo
from offerwright.cli.snapshot import current_snapshot, known_skus
from offerwright.errors import BundleRefused, OfferwrightError
from offerwright.facts.document import SourceFile
from offerwright.source.commits import LoggedCommit, rule_commits, writer
from offerwright.source.repository import Repository, shipped_marketplaces, with_shipped

if TYPE_CHECKING:
    from offerwright.loadout import Loadout
    from offerwright.runs.blame import Asked, Blame, ByData, Cause, Past, State
    from offerwright.runs.record import RunRecord

FIELDS = (
    "price",
    "sale_price",
    "list_price",
    "tiers",
    "quantity",
    "category",
    "title",
    "attributes",
)
MOST = 200


@click.command()
@click.argument("sku")
@root_option
@data_option
@as_of_option
@sandbox_option
@click.option("--account", required=True, metavar="NAME", help="The account.")
@click.option("--field", type=click.Choice(FIELDS), default="price", show_default=True,
              help="Which value.")  # fmt: skip
@click.option("--max-commits", type=click.IntRange(1), default=MOST, show_default=True,
              help="So many commits of rules are looked at.")  # fmt: skip
@output_option("text", "json")
def blame(
    sku: str,
    root: Path | None,
    data: Path | None,
    as_of: str | None,
    sandbox: str | None,
    account: str,
    field: str,
    max_commits: int,
    output: str,
) -> None:
    """Name the commit, the cell of a source or the moment that last changed a value of SKU.

    Runs on record are walked back first, then the commits that touched rules; what is live on the
    marketplace is not looked at.
    """
    from offerwright.runs.blame import Asked, State
    from offerwright.runs.blame import blame as blamed

    home, loadout = ready(root, None)
    known_accounts((account,), [plan.account.name for plan in loadout.rules.plans])
    snapshot = current_snapshot(loadout, home, data)
    known_skus((sku,), snapshot)
    head, is_dirty = _head(home, loadout)
    now = State(loadout, snapshot, moment(as_of, loadout.rules.time_zone), head, is_dirty)
    asked = Asked(sku, account, field)
    found = blamed(now, asked, _past(home, sandbox, now, max_commits))
    if output == "json":
        echo(dump_pretty(_record(home, asked, found, loadout)))
    else:
        _show(home, asked, found, loadout)


def _head(home: Path, loadout: Loadout) -> tuple[str, bool]:
    """The commit checked out, empty outside Git, and whether the files of rules are others."""
    from offerwright.source.history import commit_range, repository_at

    try:
        head = commit_range(home, "HEAD..HEAD").base
    except OfferwrightError:
        return "", False
    committed = repository_at(home, head, whole=True).files
    here = loadout.repository.files
    return head, any(here.get(file) != body for file, body in committed.items()) or any(
        file not in committed for file in here if not file.startswith("marketplaces/")
    )


def _past(home: Path, sandbox: str | None, now: State, most: int) -> Past:
    from offerwright.runs.blame import Past

    @lru_cache(maxsize=8)
    def commits(start: str) -> tuple[LoggedCommit, ...]:
        return rule_commits(home, start, most + 1)

    files = lru_cache(maxsize=4)(lambda commit: _files_at(home, commit).files)
    return Past(
        _states(home, sandbox, now), commits, _remembered_at(home), _rules_at(home), files,
        lambda one: len(commits(now.commit)) <= most,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _files_at(home: Path, commit: str) -> Repository:
    from offerwright.source.history import repository_at

    return with_shipped(repository_at(home, commit, whole=True), shipped_marketplaces())[0]


def _rules_at(home: Path) -> Callable[[str], Loadout | None]:
    from offerwright.cli.review_sides import compiled

    return lru_cache(maxsize=2)(lambda commit: compiled(_files_at(home, commit)))


def _remembered_at(home: Path) -> Callable[[str], Loadout | None]:
    """The rules of commits; what they compile to is kept in the user's cache, as bundles."""
    from offerwright.bundle import unpack
    from offerwright.bundle.pack import pack
    from offerwright.cli.review_sides import compiled

    cache, _ = open_cache(home, os.environ, HISTORY)

    def at(commit: str) -> Loadout | None:
        files = _files_at(home, commit)
        if cache is None:
            return compiled(files)
        key = key_of(files.files, "history")
        held = cache.read_bytes(key)
        if held is not None:
            with suppress(BundleRefused):
                return unpack(held, home)
        loadout = compiled(files)
        if loadout is not None:
            cache.write_bytes(key, pack(loadout))
        return loadout

    return at


def _states(home: Path, sandbox: str | None, now: State) -> Iterator[State]:
    """The states of runs that sent, the newest first; what cannot be had again is left out."""
    from offerwright.runs.blame import State
    from offerwright.runs.keeping import all_runs

    runs: list[RunRecord] = []
    with suppress(OfferwrightError), recording_store(home, sandbox) as store:
        runs = all_runs(store, target_of(sandbox))
    last = (now.loadout.digest, now.snapshot.id, now.as_of.isoformat())
    for one in runs:
        mark = (one.rules, one.snapshot, one.as_of)
        if one.returns_to or not one.sends or mark == last:
            continue
        with suppress(OfferwrightError):
            again = again_of(home, one)
            yield State(again.loadout, again.snapshot, again.as_of, one.commit, one.is_dirty)
            last = mark


def _record(home: Path, asked: Asked, found: Blame, loadout: Loadout) -> dict[str, Any]:
    """`schemas/output/blame.schema.json`."""
    return {
        "version": VERSION, "sku": asked.sku, "account": asked.account, "field": asked.field,
        "value": found.value, "was": found.was, "states": found.looked_back,
        "complete": found.is_complete, "stopped": found.stopped or None,
        "causes": [_cause(home, asked, one, loadout) for one in found.causes],
    }  # fmt: skip


def _cause(home: Path, asked: Asked, cause: Cause, loadout: Loadout) -> dict[str, Any]:
    from offerwright.runs.blame import ByClock, ByCommit, ByData

    if isinstance(cause, ByClock):
        return {"by": "clock", "since": cause.since, "until": cause.until}
    if isinstance(cause, ByData):
        return {
            "by": "data", "source": cause.source, "file": cause.file,
            "row": _row(home, cause, asked.sku, loadout), "column": cause.column,
            "fact": cause.fact, "was": cause.before, "is": cause.after,
            "snapshot": cause.snapshot, "alone": cause.alone,
        }  # fmt: skip
    place = {
        "document": cause.document or None, "rule": cause.rule or None,
        "file": cause.file or None, "line": cause.line if cause.file else None,
    }  # fmt: skip
    if not isinstance(cause, ByCommit):
        return {"by": "files", **place}
    one = cause.commit
    written = writer(home, one.id, cause.file, cause.line) if cause.file else None
    return {
        "by": "commit", **_signed(one), "files": list(one.files), **place,
        "written": _signed(written) if written else None,
    }  # fmt: skip


def _signed(one: LoggedCommit) -> dict[str, str]:
    return {
        "commit": one.id, "author": one.author, "email": one.email, "date": one.date,
        "subject": one.subject,
    }  # fmt: skip


def _row(home: Path, cause: ByData, sku: str, loadout: Loadout) -> int | None:
    """The line of the SKU in a CSV source as it is now; None where it is no such file, or gone."""
    source = loadout.schema.sources.get(cause.source)
    definition = loadout.shop.document.sources.get(cause.source)
    path = home / cause.file
    if source is None or not isinstance(definition, SourceFile) or path.suffix != ".csv":
        return None
    with suppress(OSError, UnicodeDecodeError), path.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.DictReader(text, delimiter=definition.delimiter)
        for row in rows:
            if row.get(definition.sku) == sku:
                return rows.line_num
    return None


def _show(home: Path, asked: Asked, found: Blame, loadout: Loadout) -> None:
    was = "" if not found.causes else f", before that {_word(found.was)}"
    echo(f"{asked.account} {asked.sku} {asked.field}: {_word(found.value)}{was}")
    for cause in found.causes:
        for line in _lines(_cause(home, asked, cause, loadout)):
            echo(f"  {line}")
    if not found.causes and found.stopped:
        echo(
            f"  nobody knows: it is the same in {found.looked_back} states; the rules of commit "
            f"{found.stopped[:SHORT]} read facts that the snapshot of now does not have"
        )
    elif not found.causes:
        echo(
            f"  nobody knows: it is the same in all {found.looked_back} states that could be "
            "computed; --max-commits looks further back"
        )


def _lines(cause: dict[str, Any]) -> Iterator[str]:
    if cause["by"] == "clock":
        yield f"by the clock: it changed by itself between {cause['since']} and {cause['until']}"
    elif cause["by"] == "data":
        row = f":{cause['row']}" if cause["row"] else ""
        yield f"by data: {cause['file']}{row} {cause['column']}: {_word(cause['was'])} -> " + (
            f"{_word(cause['is'])}" + ("" if cause["alone"] else " (with others)")
        )
        yield f"first in snapshot {cause['snapshot'][:SHORT]}"
    else:
        if cause["by"] == "commit":
            yield from _by(cause, "by")
        else:
            yield "by files that no commit has"
        if cause["file"]:
            yield f"{cause['file']}:{cause['line']} {cause['rule'] or cause['document']}"
        if cause.get("written"):
            yield from _by(cause["written"], "written by")


def _by(one: dict[str, Any], how: str) -> Iterator[str]:
    yield f"{how} {one['author']} <{one['email']}>, {one['date']}"
    yield f"in commit {one['commit'][:SHORT]}: {one['subject']}"


def _word(value: str | None) -> str:
    return "nothing" if value is None else value
