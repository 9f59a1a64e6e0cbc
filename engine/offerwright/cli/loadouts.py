"""Which rules a command works with: those of a bundle, or of the repository it runs in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from offerwright.bundle import unpack
from offerwright.cli.cache import BUNDLES, key_of, open_cache
from offerwright.cli.options import found_root
from offerwright.cli.report import tell
from offerwright.errors import BundleRefused, Diagnostic, OfferwrightError, has_errors
from offerwright.loadout import Loadout
from offerwright.profile import stage, staged
from offerwright.source.repository import (
    SHOP_FILE,
    Repository,
    find_root,
    read_repository,
    shipped_marketplaces,
)

F = TypeVar("F", bound=Callable[..., Any])
MAX_BUNDLE = 1 << 30


def bundle_option(command: F) -> F:
    """`--bundle`: rules that `offerwright bundle` has written, instead of the files."""
    decorated: F = click.option(
        "--bundle", type=click.Path(path_type=Path, dir_okay=False, exists=True), default=None,
        help="Take the rules from this file instead of the repository.",
    )(command)  # fmt: skip
    return decorated


@staged("rules")
def ready(root: Path | None, bundle: Path | None) -> tuple[Path, Loadout]:
    """
    The folder to work in, and the rules to work with.

    Without a bundle they are those of the repository. What they compile to is remembered in the
    user's cache under the hash of all files and of the engine, as a bundle.

    Raises:
        ConfigError: the repository has errors.
        BundleRefused: the bundle cannot be used.
    """
    if bundle is None:
        home = found_root(root)
        return home, _of_files(home)
    home = root or find_root(Path.cwd()) or Path.cwd()
    loadout = unpack(_content(bundle), home, str(bundle))
    tell(f"Rules {loadout.digest} of {bundle}")
    _tell_other_shop(home, loadout, bundle)
    return home, loadout


def _tell_other_shop(home: Path, loadout: Loadout, bundle: Path) -> None:
    """Data and ledger are those of the folder, and may be another shop's."""
    file = home / SHOP_FILE
    if file.is_file() and file.read_bytes() != loadout.repository.files.get(SHOP_FILE):
        tell(f"{bundle} was made of another `{SHOP_FILE}` than the one in {home}, "
             "whose data and ledger are used")  # fmt: skip


def _content(bundle: Path) -> bytes:
    with bundle.open("rb") as stream:
        data = stream.read(MAX_BUNDLE + 1)
    if len(data) > MAX_BUNDLE:
        raise OfferwrightError(f"{bundle} is larger than {MAX_BUNDLE >> 20} MB: it is no bundle")
    return data


def _of_files(home: Path) -> Loadout:
    repository, unread = read_repository(home, shipped_marketplaces())
    cache, _ = open_cache(home, os.environ, BUNDLES)
    if cache is None or has_errors(unread):
        return _compiled(repository, unread)
    key = key_of(repository.files, "bundle")
    held = cache.read_bytes(key)
    if held is not None:
        try:
            return unpack(held, repository.root)
        except BundleRefused:
            pass  # It is written anew.
    from offerwright.bundle.pack import pack

    loadout = _compiled(repository, unread)
    if not wrong_contracts(loadout):
        cache.write_bytes(key, pack(loadout))
    return loadout


def _compiled(repository: Repository, unread: list[Diagnostic]) -> Loadout:
    with stage("libraries"):
        from offerwright.pipeline import linked

    return linked(repository, unread)


def wrong_contracts(loadout: Loadout) -> list[Diagnostic]:
    """What is wrong with the contracts of the marketplaces that it sells on.

    What comes from a bundle was looked at when the bundle was written.
    """
    from offerwright.marketplaces.load import check_contracts

    if loadout.stamp is not None:
        return []
    used = {plan.account.marketplace for plan in loadout.rules.plans}
    return check_contracts(loadout.marketplaces[name] for name in sorted(used))
