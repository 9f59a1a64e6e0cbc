"""`check`, `explain-code`: what can be said without looking at a single product."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from offerwright.cli.cache import Cache, open_cache
from offerwright.cli.check_output import OUTPUTS, Checked, write_checked
from offerwright.cli.check_paths import Target, targets
from offerwright.cli.options import output_option, root_option
from offerwright.cli.report import echo, tell
from offerwright.cli.verdict import Verdict, verdict
from offerwright.errors import OfferwrightError


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    paths: tuple[Path, ...]
    root: Path | None
    output: str
    fail_on: str
    ignored: tuple[str, ...]
    no_cache: bool


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@root_option
@output_option(*OUTPUTS)
@click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error",
              help="What makes the command fail.")  # fmt: skip
@click.option("--ignore", "ignored", multiple=True, metavar="CODE",
              help="Say nothing of these warnings and notes (repeatable).")  # fmt: skip
@click.option("--no-cache", is_flag=True, help="Read everything anew, and remember nothing.")
def check(**options: Any) -> None:
    """Read every file of a repository and say what is wrong, with place and fix.

    PATHS are repositories, folders that hold some, or files and folders of one: then only what is
    wrong there is said.
    """
    asked = Asked(**options)
    _known_codes(asked.ignored)
    checked = Checked({}, [], 0, 0)
    for target in targets(asked.paths, asked.root):
        cache = None if asked.no_cache else _cache(target.root)
        checked = _joined(checked, target, verdict(target.root, cache), asked.ignored)
    write_checked(checked, asked.output)
    failing = {"error", asked.fail_on}
    sys.exit(1 if any(d.severity in failing for d in checked.found) else 0)


def _cache(root: Path) -> Cache | None:
    cache, why_not = open_cache(root, os.environ)
    if why_not:
        tell(f"note: nothing is remembered: {why_not}")
    return cache


def _joined(before: Checked, target: Target, found: Verdict, ignored: tuple[str, ...]) -> Checked:
    """What was said so far and what is said of one repository more."""
    unwanted = {code.upper() for code in ignored}
    kept = [d for d in found.found if d.severity == "error" or d.code not in unwanted]
    shown = [d for d in kept if target.holds(d)]
    return Checked(
        files={**before.files, **{target.named(f): body for f, body in found.files.items()}},
        found=[*before.found, *map(target.placed, shown)],
        repositories=before.repositories + 1,
        elsewhere=before.elsewhere + len(kept) - len(shown),
    )


def _known_codes(codes: tuple[str, ...]) -> None:
    for code in codes:
        _meaning(code)


def _meaning(code: str) -> str:
    from offerwright.codes import CODES
    from offerwright.source.suggest import did_you_mean

    found = CODES.get(code.upper())
    if found is None:
        raise OfferwrightError(f"no code is called {code}. {did_you_mean(code.upper(), CODES)}")
    return found


@click.command("explain-code")
@click.argument("code")
def explain_code(code: str) -> None:
    """What a code of a message means."""
    echo(f"{code.upper()}: {_meaning(code)}")
    echo(f"More: docs/errors.md, section {code.upper()}")
