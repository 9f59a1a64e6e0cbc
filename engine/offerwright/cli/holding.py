"""`hold`, `release`: stop what is sent of an account, a SKU or a rule, at once and on record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from offerwright.cli.live import opened_store
from offerwright.cli.options import (
    found_root,
    known_accounts,
    moment,
    output_option,
    root_option,
    sandbox_option,
)
from offerwright.cli.report import dump_pretty, echo, number_of, table, tell
from offerwright.cli.snapshot import snapshots_folder
from offerwright.errors import ConfigError, OfferwrightError
from offerwright.facts.document import ShopDocument
from offerwright.frames import ASPECTS, HELD_ASPECTS
from offerwright.pipeline import HOME, load
from offerwright.rules.plan import pricing_rules
from offerwright.source.load import load_one
from offerwright.source.repository import read_repository, shipped_marketplaces
from offerwright.source.suggest import did_you_mean, suggest
from offerwright.store.holds import Hold, Wish
from offerwright.store.protocol import Store

_by_option = click.option("--by", metavar="NAME", default=None, help="Who does it; it is kept.")
_account = click.option("--account", "accounts", multiple=True, metavar="NAME",
                        help="Of this account (repeatable).")  # fmt: skip
_sku = click.option("--sku", "skus", multiple=True, help="Only this SKU (repeatable).")
_rule = click.option("--rule", default=None, metavar="DOCUMENT/ID",
                     help="Only offers whose price this pricing rule made.")  # fmt: skip


@click.command()
@_account
@_sku
@_rule
@click.option("--aspect", "aspects", multiple=True, type=click.Choice(ASPECTS),
              help="What is held (repeatable); else prices and content.")  # fmt: skip
@click.option("--reason", default=None, help="Why; it is kept, and shown in every plan.")
@_by_option
@click.option("--until", default=None, metavar="TIME", help="When it ends by itself.")
@click.option("--list", "is_list", is_flag=True, help="Say what is held, and change nothing.")
@click.option("--all", "is_all", is_flag=True, help="With --list: what was released too.")
@root_option
@sandbox_option
@output_option("text", "json")
def hold(
    accounts: tuple[str, ...],
    skus: tuple[str, ...],
    rule: str | None,
    aspects: tuple[Any, ...],
    reason: str | None,
    by: str | None,
    until: str | None,
    is_list: bool,
    is_all: bool,
    root: Path | None,
    sandbox: str | None,
    output: str,
) -> None:
    """
    Hold back what would be sent, from now on, without a change of the rules.

    What is queued stays queued. Ends and stock that goes down are never held: what sells elsewhere
    must not be sold again.
    """
    home, shop = _shop(found_root(root))
    with _store(home, shop, sandbox) as store:
        if not is_list:
            if not accounts or not reason or not by:
                raise click.UsageError("hold needs --account, --reason and --by; see hold --list")
            names = known_accounts(accounts, sorted(shop.accounts))
            skus = _known_skus(skus, home, store, names)
            rules = "" if rule is None else _known_rule(rule, home, names)
            end = None if until is None else _end(until, shop.time_zone)
            wishes = [
                Wish(name, reason, by, sku, rules, tuple(aspects) or HELD_ASPECTS, end)
                for name in names
                for sku in skus or ("",)
            ]
            made = store.put_holds(wishes, now=time.time())
            tell(f"Held: {', '.join(map(str, made))}; offerwright release {made[0]} lets it go")
        _show(store, output, is_all and is_list)


@click.command()
@click.argument("numbers", nargs=-1, type=click.IntRange(1))
@_account
@_sku
@_rule
@click.option("--reason", default="", help="Why; it is kept.")
@_by_option
@root_option
@sandbox_option
@output_option("text", "json")
def release(
    numbers: tuple[int, ...],
    accounts: tuple[str, ...],
    skus: tuple[str, ...],
    rule: str | None,
    reason: str,
    by: str | None,
    root: Path | None,
    sandbox: str | None,
    output: str,
) -> None:
    """
    Let go what was held: holds by their NUMBERS, or those of an account, a SKU or a rule.

    The next run sends what is queued then; `sync` plans it anew first.
    """
    if not by or not (numbers or accounts):
        raise click.UsageError("release needs --by, and the number of a hold or --account")
    home, shop = _shop(found_root(root))
    known_accounts(accounts, sorted(shop.accounts))
    now = time.time()
    with _store(home, shop, sandbox) as store:
        standing = [one for one in store.holds() if one.counts(now)]
        wanted = [one.id for one in standing if _is_meant(one, numbers, accounts, skus, rule)]
        missing = sorted(set(numbers) - {one.id for one in standing})
        if missing or not wanted:
            said = f"no hold {missing[0]} stands" if missing else "no such hold stands"
            raise OfferwrightError(f"{said}; see: offerwright hold --list")
        store.lift_holds(wanted, by, reason, now=now)
        tell(f"Released: {', '.join(map(str, wanted))}")
        _show(store, output, False)


def _is_meant(
    one: Hold,
    numbers: Sequence[int],
    accounts: Sequence[str],
    skus: Sequence[str],
    rule: str | None,
) -> bool:
    if numbers:
        return one.id in numbers
    wish = one.wish
    named = rule is None or wish.rule == _bare(rule)
    return wish.account in accounts and (not skus or wish.sku in skus) and named


def _shop(home: Path) -> tuple[Path, ShopDocument]:
    """The shop alone: whoever must stop something need not mend the rules first."""
    repository, _ = read_repository(home, shipped_marketplaces())
    loaded, found = load_one(repository, HOME, ShopDocument)
    if loaded is None:
        raise ConfigError(found)
    return home, loaded.document


@contextmanager
def _store(home: Path, shop: ShopDocument, sandbox: str | None) -> Iterator[Store]:
    store = opened_store(home, shop.store, sandbox)
    try:
        yield store
    finally:
        store.close()


def _known_skus(
    wanted: Sequence[str], home: Path, store: Store, accounts: Sequence[str]
) -> tuple[str, ...]:
    """The SKUs, each known to the newest snapshot or to a ledger: a misspelt one holds nothing."""
    from offerwright.facts.snapshot import newest_snapshot, open_snapshot

    unknown = {s for s in wanted if not any(store.ledger(a, [s]) for a in accounts)}
    newest = newest_snapshot(snapshots_folder(home)) if unknown else None
    skus = [] if newest is None else open_snapshot(newest).skus().to_list()
    for sku in sorted(unknown - set(skus)):
        hint = did_you_mean(sku, skus) or "write it as the catalogue does"
        raise OfferwrightError(f"neither the snapshot nor the ledger has a SKU {sku!r}; {hint}")
    return tuple(dict.fromkeys(wanted))


def _known_rule(written: str, home: Path, accounts: Sequence[str]) -> str:
    """`document/id` of a pricing rule that some of these accounts have."""
    try:
        plans = load(home).rules.plans
    except ConfigError:
        tell("note: the rules have errors, so nobody looked whether there is such a rule")
        return _bare(written)
    known = {
        name for plan in plans if plan.account.name in accounts for name in pricing_rules(plan)
    }
    if _bare(written) not in known:
        raise click.BadParameter(
            f"no pricing rule is called {written!r} there; {suggest(_bare(written), known)}",
            param_hint="--rule",
        )
    return _bare(written)


def _bare(written: str) -> str:
    return written.removeprefix("pricing/") if written.count("/") > 1 else written


def _end(text: str, zone: str) -> float:
    end = moment(text, zone).timestamp()
    if end <= time.time():
        raise click.BadParameter(f"{text} is over already", param_hint="--until")
    return end


def _show(store: Store, output: str, is_all: bool) -> None:
    now = time.time()
    found = [one for one in store.holds() if is_all or one.counts(now)]
    waiting = {a: store.held_count(a, now=now) for a in sorted({h.wish.account for h in found})}
    if output == "json":
        records = [_record(one, now) for one in found]
        echo(dump_pretty({"version": 1, "holds": records, "queued": waiting}))
        return
    if not found:
        echo("Nothing is held.")
        return
    headings = ("hold", "account", "SKU", "rule", "aspects", "by", "since", "until", "reason")
    for line in table(headings, [_row(one) for one in found], frozenset({0})):
        echo(line)
    for account, count in waiting.items():
        if count:
            echo(f"{account}: {number_of(count, 'operation')} in the outbox wait for a release")


def _row(one: Hold) -> tuple[str, ...]:
    wish = one.wish
    end = _time(wish.until) or "released"
    if one.released_at is not None:
        end = f"released by {one.released_by}, {_time(one.released_at)}"
    return (
        str(one.id), wish.account, wish.sku or "all", wish.rule or "any", ", ".join(wish.aspects),
        wish.by, _time(one.since) or "", end, wish.reason,
    )  # fmt: skip


def _record(one: Hold, now: float) -> dict[str, Any]:
    wish = one.wish
    return {
        "id": one.id, "account": wish.account, "sku": wish.sku or None, "rule": wish.rule or None,
        "aspects": list(wish.aspects), "reason": wish.reason, "by": wish.by,
        "since": _time(one.since), "until": _time(wish.until), "stands": one.counts(now),
        "released_by": one.released_by or None, "released_at": _time(one.released_at),
        "released_why": one.released_why or None,
    }  # fmt: skip


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
