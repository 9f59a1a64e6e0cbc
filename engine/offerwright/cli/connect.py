"""`connect`: try an account's credentials before anything depends on them."""

from __future__ import annotations

from pathlib import Path

import click

from offerwright.cli.live import live
from offerwright.cli.options import found_root, known_accounts, root_option, sandbox_option
from offerwright.cli.report import echo
from offerwright.errors import CredentialsRefused, MarketplaceAway
from offerwright.pipeline import load


@click.command()
@click.argument("account")
@root_option
@sandbox_option
def connect(account: str, root: Path | None, sandbox: str | None) -> None:
    """Try the credentials of ACCOUNT: fetch a token where the marketplace grants one."""
    home = found_root(root)
    loadout = load(home)
    known_accounts((account,), [p.account.name for p in loadout.rules.plans], "'ACCOUNT'")
    wanted = loadout.rules.plan(account).account
    with live(loadout, home, sandbox) as world, world.connector(wanted) as connector:
        outcome = connector.connect()
    words = "; ".join(f"{p.code} {p.message}".strip() for p in outcome.problems)
    if outcome.kind == "auth":
        raise CredentialsRefused(f"{account}: the credentials are refused: {words}")
    if outcome.kind != "confirmed":
        raise MarketplaceAway(f"{account}: no token: {words or outcome.kind}")
    echo(f"{account}: the credentials work")
