"""`impact`: what a rule wins, and what the offers would be without it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright.cli.impact_text import show
from offerwright.cli.instead import Instead, other_rules
from offerwright.cli.loadouts import bundle_option, ready
from offerwright.cli.options import (
    account_option,
    as_of_option,
    data_option,
    known_accounts,
    moment,
    output_option,
    root_option,
)
from offerwright.cli.report import dump_pretty, echo, put, tell
from offerwright.cli.snapshot import current_snapshot
from offerwright.errors import OfferwrightError

if TYPE_CHECKING:
    from offerwright.loadout import Loadout
    from offerwright.whatif.impact import Impact
    from offerwright.whatif.parts import Part

OFFERS = 20
WORKERS = 2
OF_NO_OFFER = ("guards", "approvals")


@click.command()
@click.argument("rule", metavar="DOCUMENT[/RULE]")
@root_option
@bundle_option
@data_option
@as_of_option
@account_option
@click.option("--offers", type=click.IntRange(0), default=OFFERS, show_default=True,
              help="So many offers that would be others are shown.")  # fmt: skip
@output_option("text", "json", "csv")
def impact(
    rule: str,
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    offers: int,
    output: str,
) -> None:
    """What does a rule win? Where it counts, and what every offer would be without it.

    \b
      offerwright impact shop/gold-brands
      offerwright impact mercadolibre-br/campaigns/black-friday-audio --account meli
      offerwright impact clearance -o csv > clearance.csv
    """
    from offerwright.whatif.impact import csv_of, record

    home, loadout = ready(root, bundle)
    names = known_accounts(accounts, [p.account.name for p in loadout.rules.plans])
    at = moment(as_of, loadout.rules.time_zone)
    found = _computed(loadout, (home, data), rule, at, names)
    if output == "csv":
        put(csv_of(found))
        return
    said: dict[str, Any] = record(found, offers)
    if output == "json":
        echo(dump_pretty(said))
    else:
        show(said)
        if said["totals"]["changed"] > len(said["offers"]):
            tell("all of them: -o csv")


def _computed(
    loadout: Loadout,
    where: tuple[Path, Path | None],
    rule: str,
    at: datetime,
    accounts: Sequence[str],
) -> Impact:
    from offerwright.cli.review_sides import compiled
    from offerwright.review.review import Asked
    from offerwright.review.side import Side
    from offerwright.whatif.impact import impact

    home, data = where
    parts = _parts(loadout, rule)
    instead = Instead(without=(rule,))
    other = other_rules(instead, home, loadout)
    stored = current_snapshot(loadout, home, data)
    now, without = (
        Side(name, "", rules, stored.facts, stored.id)
        for name, rules in (("now", loadout), (instead.name, other.loadout))
    )
    return impact(now, without, parts, Asked(at, compiled, WORKERS), accounts)


def _parts(loadout: Loadout, rule: str) -> tuple[Part, ...]:
    """The rule, and the same row as other documents read it. Refuses what makes no offer."""
    from offerwright.whatif.parts import find_part
    from offerwright.whatif.without import documents_of, readers

    documents = documents_of(loadout.repository)
    part = find_part(documents, rule)
    if part.kind in OF_NO_OFFER:
        raise OfferwrightError(
            f"{part.title} is of kind {part.kind}, which makes no offer: it judges them. "
            "`plan` says what guards withhold, `diff` what a change of them lets through"
        )
    return part, *readers(documents, part)
