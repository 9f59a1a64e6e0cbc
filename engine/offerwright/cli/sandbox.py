"""`sandbox`: the marketplaces on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from offerwright.cli.options import root_option
from offerwright.cli.report import tell
from offerwright.source.repository import find_root, shipped_marketplaces


def marketplace_folders(root: Path | None) -> list[Path]:
    """The folders of all marketplaces: the repository's own, else those that ship."""
    home = root or find_root(Path.cwd())
    own = [home / "marketplaces"] if home else []
    places = [*own, shipped_marketplaces()]
    found: dict[str, Path] = {}
    for place in places:
        for folder in sorted(place.glob("*/sandbox.yaml")):
            found.setdefault(folder.parent.name, folder.parent)
    return [found[name] for name in sorted(found)]


@click.command()
@root_option
@click.option("--port", type=click.IntRange(0, 65_535), default=8731, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--faults", type=click.Path(path_type=Path, dir_okay=False, exists=True), default=None,
    help="A `kind: faults` file: what goes wrong, and when.",
)  # fmt: skip
def sandbox(root: Path | None, port: int, seed: int, faults: Path | None) -> None:
    """Run the marketplaces on 127.0.0.1: real HTTP, state, limits, late answers, faults."""
    from offerwright.sandbox.serve import run

    def ready(url: str) -> None:
        tell(f"Marketplaces at {url}/<name>; what happened: {url}/_sandbox/history. Stop: Ctrl-C")
        tell(f"Use it: offerwright sync --sandbox {url}")

    run(marketplace_folders(root), port=port, seed=seed, faults=faults, ready=ready)
