"""`timeline`: every moment at which something changes by itself, and what that does to offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from offerwright.cli.live import live
from offerwright.cli.loadouts import bundle_option, ready
from offerwright.cli.options import (
    account_option,
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
from offerwright.cli.timeline_record import hold_json, period_json, stretch_json, turn_json
from offerwright.cli.timeline_text import show
from offerwright.loadout import Loadout

if TYPE_CHECKING:
    import polars as pl

    from offerwright.store.holds import Hold
    from offerwright.timeline.moments import TimeSpan

DAYS = 90
MOMENTS = 50
VERSION = 1


@click.command()
@click.argument("names", nargs=-1, metavar="[SKU|ACCOUNT|MARKETPLACE]...")
@root_option
@bundle_option
@data_option
@as_of_option
@sandbox_option
@account_option
@click.option("--as-of-end", "end", default=None, metavar="TIME",
              help=f"Where the time ends; else {DAYS} days later.")  # fmt: skip
@click.option("--moments", "most", type=click.IntRange(0), default=MOMENTS, show_default=True,
              help="Over so many moments the whole catalogue is evaluated.")  # fmt: skip
@output_option("text", "json")
def timeline(
    names: tuple[str, ...],
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    as_of: str | None,
    sandbox: str | None,
    accounts: tuple[str, ...],
    end: str | None,
    most: int,
    output: str,
) -> None:
    """What changes by itself: windows, rates, fees; and the offers that become others then.

    Of a SKU: what its offer is from when to when. Gaps are times in which something that is
    needed does not count, overlaps those in which two campaigns set the same thing.
    """
    home, loadout = ready(root, bundle)
    time = _time(as_of, end, loadout.rules.time_zone)
    skus, wanted = _wanted(loadout, names, accounts)
    snapshot = current_snapshot(loadout, home, data)
    known_skus(skus, snapshot)
    with live(loadout, home, sandbox) as world:
        confirmed = _confirmed(world.store, wanted)
        held = _standing(world.store.holds(), time, wanted, skus)
    record = {**_record(loadout, time, wanted), "holds": [hold_json(one, time) for one in held]}
    if skus:
        record |= _of_skus(loadout, snapshot.facts, (time, skus, wanted), confirmed)
    else:
        record |= _of_catalogue(loadout, snapshot.facts, (time, wanted, most), confirmed)
    if output == "json":
        echo(dump_pretty(record))
    else:
        show(record)


def _time(as_of: str | None, end: str | None, zone: str) -> TimeSpan:
    from offerwright.timeline.moments import TimeSpan

    start = moment(as_of, zone).astimezone(ZoneInfo(zone))
    stop = start + timedelta(days=DAYS) if end is None else moment(end, zone)
    if stop <= start:
        raise click.BadParameter(
            f"{end} is not after {start.isoformat()}", param_hint="--as-of-end"
        )
    return TimeSpan(start, stop.astimezone(ZoneInfo(zone)))


def _wanted(
    loadout: Loadout, names: Sequence[str], accounts: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """SKUs and accounts: a name of the shop is an account or a marketplace, another one a SKU."""
    own = [plan.account for plan in loadout.rules.plans]
    known = [one.name for one in own]
    by_name = {one.marketplace: [o.name for o in own if o.marketplace == one.marketplace]
               for one in own} | {name: [name] for name in known}  # fmt: skip
    asked = [account for name in names for account in by_name.get(name, ())]
    found = known_accounts((*accounts, *asked), known)
    skus = tuple(dict.fromkeys(name for name in names if name not in by_name))
    return skus, tuple(name for name in known if name in found)


def _confirmed(store: Any, accounts: Sequence[str]) -> Mapping[str, pl.DataFrame]:
    from offerwright.sync.known import live_frame, read_known

    return {name: live_frame(read_known(store, name)) for name in accounts}


def _standing(
    holds: Iterable[Hold], time: TimeSpan, accounts: Sequence[str], skus: Sequence[str]
) -> list[Hold]:
    """The holds that count where the time begins, of these accounts and SKUs (none: all)."""
    return [
        one
        for one in holds
        if one.counts(time.start.timestamp())
        and one.wish.account in accounts
        and (not skus or one.wish.sku in ("", *skus))
    ]


def _record(loadout: Loadout, time: TimeSpan, accounts: Sequence[str]) -> dict[str, Any]:
    from offerwright.expressions.parse import microseconds
    from offerwright.timeline.coverage import stretches
    from offerwright.timeline.moments import drifts

    found = stretches(loadout, microseconds(time.start), microseconds(time.end), accounts)
    return {
        "version": VERSION,
        "as_of": time.start.isoformat(),
        "as_of_end": time.end.isoformat(),
        "accounts": list(accounts),
        "drifting": [one for one in accounts if drifts(loadout, one, time.start)],
        "stretches": [stretch_json(one, time) for one in found],
        "moments": [],
        "offers": [],
    }


def _of_catalogue(
    loadout: Loadout,
    facts: Any,
    asked: tuple[TimeSpan, Sequence[str], int],
    confirmed: Mapping[str, pl.DataFrame],
) -> dict[str, Any]:
    from offerwright.expressions.parse import microseconds
    from offerwright.timeline.moments import moments
    from offerwright.timeline.turns import Catalogue, turns

    time, accounts, most = asked
    catalogue = Catalogue(loadout, facts, accounts, confirmed, workers=2)
    found = turns(catalogue, microseconds(time.start), moments(loadout, time, accounts), most)
    return {"moments": [turn_json(one, time) for one in found]}


def _of_skus(
    loadout: Loadout,
    facts: Any,
    asked: tuple[TimeSpan, tuple[str, ...], tuple[str, ...]],
    confirmed: Mapping[str, pl.DataFrame],
) -> dict[str, Any]:
    from offerwright.timeline.periods import Asked, periods

    time, skus, accounts = asked
    found = periods(loadout, facts, Asked(time, skus, accounts), confirmed)
    return {"offers": [period_json(one, time) for one in found]}
