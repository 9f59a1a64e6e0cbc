"""`explain`: every step of one offer, with the rule and the line that made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright.cli.explain_text import show
from offerwright.cli.held import holds_on
from offerwright.cli.instead import Instead, known_there, other_rows, other_rules
from offerwright.cli.loadouts import bundle_option, ready
from offerwright.cli.options import (
    STATE,
    as_of_option,
    data_option,
    known_accounts,
    moment,
    output_option,
    root_option,
    sandbox_option,
)
from offerwright.cli.report import dump_pretty, echo
from offerwright.cli.snapshot import current_snapshot, known_skus
from offerwright.loadout import Loadout

if TYPE_CHECKING:
    import polars as pl

    from offerwright.facts.snapshot import StoredSnapshot
    from offerwright.sync.known import Known
    from offerwright.whatif.explained import Question, Record


@click.command()
@click.argument("sku")
@root_option
@bundle_option
@data_option
@as_of_option
@sandbox_option
@click.option("--account", required=True, metavar="NAME", help="The account.")
@click.option("--vs", default=None, metavar="REF",
              help="Beside what the rules of this commit or folder give.")  # fmt: skip
@click.option("--without", multiple=True, metavar="DOCUMENT[/RULE]",
              help="Beside what it would be without this rule (repeatable).")  # fmt: skip
@click.option("--set", "sets", multiple=True, metavar="FACT=VALUE",
              help="Beside what it would be with this value (repeatable).")  # fmt: skip
@output_option("text", "json")
def explain(
    sku: str,
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    as_of: str | None,
    sandbox: str | None,
    account: str,
    vs: str | None,
    without: tuple[str, ...],
    sets: tuple[str, ...],
    output: str,
) -> None:
    """Why does SKU cost what it costs on this account? Every step, with file and line.

    \b
      offerwright explain PAN-0001 --account meli
      offerwright explain PAN-0001 --account meli --vs main
      offerwright explain PAN-0001 --account meli --without shop/gold-brands
      offerwright explain PAN-0001 --account meli --set cost=12.00 --set stock.sp-1=0
    """
    instead = Instead(vs, without, sets)
    home, loadout = ready(root, bundle)
    known_accounts((account,), [p.account.name for p in loadout.rules.plans])
    stored = current_snapshot(loadout, home, data)
    at = moment(as_of, loadout.rules.time_zone)
    asked = _Asked(home, data, sandbox, sku, account, at)
    record = _explained(loadout, asked, stored, stored.facts)
    record["held"] = holds_on(record, home, _store_url(loadout, asked))
    if instead:
        record["instead"] = _instead(instead, record, loadout, asked, stored)
    if output == "json":
        echo(dump_pretty(record))
    else:
        show(record)


@dataclass(frozen=True)
class _Asked:
    """Which offer, when, and where everything lies."""

    home: Path
    data: Path | None
    sandbox: str | None
    sku: str
    account: str
    as_of: datetime


def _explained(
    loadout: Loadout, asked: _Asked, stored: StoredSnapshot, snapshot: pl.DataFrame | Path
) -> Record:
    from offerwright.cli.commit import commit_of

    question = _question(loadout, asked, stored, snapshot)
    return {**_answer(loadout, question), "commit": commit_of(asked.home) or None}


def _answer(loadout: Loadout, question: Question) -> Record:
    from offerwright.evaluate.run import Executor
    from offerwright.whatif.explained import explained

    guards = loadout.guards.by_account[question.account]
    return explained(Executor(loadout.rules), guards, question)


def _question(
    loadout: Loadout, asked: _Asked, stored: StoredSnapshot, snapshot: pl.DataFrame | Path
) -> Question:
    """The rows of the SKU, and what is confirmed of them. Refuses a SKU that is not there."""
    from offerwright.sync.known import live_frame
    from offerwright.whatif.explained import Question
    from offerwright.whatif.rows import rows_of

    rows = rows_of(loadout.rules, snapshot, asked.sku)
    if not len(rows):
        known_skus((asked.sku,), stored)
    known = _confirmed(loadout, asked, rows["sku"])
    live = live_frame(known)
    return Question(asked.sku, asked.account, asked.as_of, rows, live, known.history)


def _store_url(loadout: Loadout, asked: _Asked) -> str:
    """The sandbox has a ledger of its own."""
    return f"sqlite:///{STATE}/sandbox.db" if asked.sandbox else loadout.store


def _confirmed(loadout: Loadout, asked: _Asked, skus: pl.Series) -> Known:
    """What the ledger has confirmed of these SKUs. Nothing is made where there is no ledger yet."""
    from offerwright.expressions.parse import microseconds
    from offerwright.guards.windows import since
    from offerwright.store.open import open_store
    from offerwright.sync.known import read_known, with_history

    (asked.home / STATE).mkdir(exist_ok=True)
    store = open_store(_store_url(loadout, asked), asked.home)
    try:
        known = read_known(store, asked.account, skus)
        guards = loadout.guards.by_account[asked.account]
        oldest = since(guards, microseconds(asked.as_of))
        if oldest is None:
            return known
        return with_history(known, store, asked.account, skus, oldest)
    finally:
        store.close()


def _instead(
    instead: Instead, record: Record, loadout: Loadout, asked: _Asked, stored: StoredSnapshot
) -> dict[str, Any]:
    """The other offer, and what is another one: the key `instead` of the output."""
    from offerwright.whatif.otherwise import otherwise, steps_beside

    other = other_rules(instead, asked.home, loadout)
    rules = other.loadout
    known_there(asked.account, [p.account.name for p in rules.rules.plans], instead.name)
    rows = other_rows(rules, loadout, stored, (asked.home, asked.data))
    question = _with_sets(instead, rules, stored, _question(rules, asked, stored, rows))
    offer = {**_answer(rules, question), "commit": other.commit or record["commit"]}
    return {
        "name": instead.name,
        "vs": {"ref": instead.vs, "commit": other.commit or None} if instead.vs else None,
        "without": list(other.without),
        "set": list(instead.sets),
        "offer": offer,
        "differs": otherwise(record, offer),
        "steps": steps_beside(record, offer),
    }


def _with_sets(
    instead: Instead, rules: Loadout, stored: StoredSnapshot, question: Question
) -> Question:
    """The question with the facts that are set."""
    if not instead.sets:
        return question
    from dataclasses import replace

    from offerwright.whatif.settings import Known, settings, with_live, with_settings

    known = Known(rules.schema, question.rows.columns, rules.rules.plan(question.account))
    found = settings(instead.sets, known)
    return replace(
        question,
        rows=with_settings(question.rows, question.sku, found),
        live=with_live(question.live, question.sku, found),
    )
