"""`bundle`: the compiled rules as one file that other machines start from."""

from __future__ import annotations

import os
from pathlib import Path

import click

from offerwright.bundle import bundle_digest
from offerwright.bundle.pack import pack
from offerwright.cli.loadouts import wrong_contracts
from offerwright.cli.options import STATE, found_root, output_option, root_option
from offerwright.cli.report import dump_pretty, echo, tell
from offerwright.errors import ConfigError

NAMED = 12  # digits of the hash in a file's name


@click.command()
@root_option
@output_option("text", "json")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="The file to write; else one in .offerwright/bundles, named by its hash.",
)  # fmt: skip
def bundle(root: Path | None, output: str, out: Path | None) -> None:
    """Compile the rules into one file, which other commands start from with --bundle.

    The same files give the same bytes. The file holds the rules and the files they were read from,
    and no code; a command refuses one that was changed, or that another version has written.
    """
    from offerwright.pipeline import load

    home = found_root(root)
    loadout = load(home)
    wrong = wrong_contracts(loadout)
    if wrong:
        raise ConfigError(wrong)
    data = pack(loadout)
    digest = bundle_digest(data)
    path = out or home / STATE / "bundles" / f"{digest[:NAMED]}.bundle"
    _write(path, data)
    if output == "json":
        echo(dump_pretty({
            "version": 1, "file": str(path), "sha256": digest, "rules": loadout.digest,
            "bytes": len(data), "accounts": [plan.account.name for plan in loadout.rules.plans],
        }))  # fmt: skip
        return
    echo(f"{path}")
    tell(f"Rules {loadout.digest}, {len(data):,} bytes, SHA-256 {digest}")


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, also where several write it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
