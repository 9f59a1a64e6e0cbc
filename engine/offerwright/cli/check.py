"""`check`, `explain-code`: what can be said without looking at a single product."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from offerwright.cli.cache import Cache, open_cache
from offerwright.cli.check_data import match_findings, overrides, version_findings
from offerwright.cli.check_output import OUTPUTS, Checked, write_checked
from offerwright.cli.check_paths import Target, targets
from offerwright.cli.findings import Found, findings_in
from offerwright.cli.options import as_of_option, output_option, root_option
from offerwright.cli.profile import profile_option
from offerwright.cli.report import echo, printable, put, tell
from offerwright.errors import OfferwrightError, sorted_diagnostics
from offerwright.source.garbage import without_garbage_collection


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    paths: tuple[Path, ...]
    root: Path | None
    output: str
    fail_on: str
    ignored: tuple[str, ...]
    notes: bool
    base: str | None
    snapshot: str | None
    as_of: str | None
    fix: bool
    no_cache: bool


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@root_option
@output_option(*OUTPUTS)
@click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error",
              help="What makes the command fail.")  # fmt: skip
@click.option("--ignore", "ignored", multiple=True, metavar="CODE",
              help="Say nothing of these warnings and notes (repeatable).")  # fmt: skip
@click.option("--notes", is_flag=True, help="Show notes too: what is odd, and may be meant.")
@click.option("--base", metavar="REF",
              help="Warn of documents that changed since REF under one version.")  # fmt: skip
@click.option("--snapshot", metavar="newest|FOLDER",
              help="Count what rows match in this snapshot.")  # fmt: skip
@as_of_option
@click.option("--fix", is_flag=True, help="Write what is certain into the files, and show it.")
@click.option("--no-cache", is_flag=True, help="Read everything anew, and remember nothing.")
@profile_option
def check(**options: Any) -> None:
    """Read every file of a repository and say what is wrong, with place and fix.

    PATHS are repositories, folders that hold some, or files and folders of one: then only what is
    wrong there is said.
    """
    with without_garbage_collection():
        sys.exit(_check(Asked(**options)))


def _check(asked: Asked) -> int:
    """Read, say, and give the exit code."""
    for code in asked.ignored:
        _meaning(code)
    wanted = targets(asked.paths, asked.root)
    if asked.fix:
        for target in wanted:
            _fix(target, asked)
    checked = Checked({}, [], 0, 0)
    for target in wanted:
        found = _findings(target.root, asked)
        for path in target.unread(found.files):
            tell(f"note: {path} is not checked: no rule, test or data of the repository is there")
        checked = _joined(checked, target, found, asked.ignored)
    write_checked(checked, asked.output, asked.notes)
    failing = {"error", asked.fail_on}
    return 1 if any(d.severity in failing for d in checked.found) else 0


def _findings(root: Path, asked: Asked) -> Found:
    """All that is asked about one repository."""
    found = findings_in(root, None if asked.no_cache else _cache(root))
    more = overrides(root, found.files, asked.as_of)
    if asked.base is not None:
        more += version_findings(root, asked.base)
    if asked.snapshot is not None:
        more += match_findings(root, asked.snapshot, asked.as_of)
    return replace(found, found=sorted_diagnostics([*found.found, *more])) if more else found


def _fix(target: Target, asked: Asked) -> None:
    """Write the certain fixes of what is to be shown; the diff goes to stderr beside other forms
    of output than text."""
    from offerwright.cli.check_fix import fix_files

    found = _findings(target.root, asked)
    shown = [d for d in found.found if target.holds(d)]
    changes = printable(fix_files(target.root, shown, found.files))
    put(changes, None if asked.output == "text" else sys.stderr)


def _cache(root: Path) -> Cache | None:
    cache, why_not = open_cache(root, os.environ)
    if why_not:
        tell(f"note: nothing is remembered: {why_not}")
    return cache


def _joined(before: Checked, target: Target, found: Found, ignored: tuple[str, ...]) -> Checked:
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


def _meaning(code: str) -> str:
    from offerwright.codes import CODES
    from offerwright.source.suggest import did_you_mean

    found = CODES.get(code.upper())
    if found is None:
        hint = did_you_mean(code.upper(), CODES) or "docs/errors.md has them all"
        raise OfferwrightError(f"no code is called {code}; {hint}")
    return found


@click.command("explain-code")
@click.argument("code")
def explain_code(code: str) -> None:
    """What a code of a message means."""
    echo(f"{code.upper()}: {_meaning(code)}")
    echo(f"More: docs/errors.md, section {code.upper()}")
