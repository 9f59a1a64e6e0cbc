"""`check`, `explain-code`: what can be said without looking at a single product."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offerwright.cli.options import found_root, output_option, root_option
from offerwright.cli.report import (
    VERSION,
    diagnostic_json,
    dump_pretty,
    echo,
    put,
    summary_of,
    tell,
)
from offerwright.errors import Diagnostic, OfferwrightError, has_errors, sorted_diagnostics
from offerwright.source.load import load_one
from offerwright.source.repository import Repository
from offerwright.source.snippet import render_text

if TYPE_CHECKING:
    from offerwright.pipeline import Loadout


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), required=False
)
@root_option
@output_option("text", "json", "github")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error")
def check(folder: Path | None, root: Path | None, output: str, fail_on: str) -> None:
    """Read every file of a repository and say what is wrong, with place and fix.

    FOLDER is another way to write --root.
    """
    from offerwright.pipeline import check as check_repository

    loadout, found, repository = check_repository(found_root(folder or root))
    found = sorted_diagnostics([*found, *_folders(repository, loadout)])
    if output == "json":
        echo(dump_pretty({
            "version": VERSION, "diagnostics": diagnostic_json(found), "summary": summary_of(found),
        }))  # fmt: skip
    elif output == "github":
        for line in map(_annotation, found[:10]):
            put(line + "\n")
    else:
        if found:
            put(render_text(found, repository.files) + "\n")
        tell(_closing(found, len(repository.files)))
    wrong = has_errors(found) or (
        fail_on == "warning" and any(d.severity == "warning" for d in found)
    )
    sys.exit(1 if wrong else 0)


def _folders(repository: Repository, loadout: Loadout | None) -> list[Diagnostic]:
    """What is wrong with the files of marketplaces that no price or payload is made of."""
    from offerwright.connectors.document import ConnectorDocument
    from offerwright.marketplaces.load import check_contracts
    from offerwright.sandbox.document import SandboxDocument

    found = [] if loadout is None else check_contracts(loadout.marketplaces.values())
    for name, model in (("connector", ConnectorDocument), ("sandbox", SandboxDocument)):
        for file in repository.files:
            if file.startswith("marketplaces/") and file.endswith(f"/{name}.yaml"):
                found += load_one(repository, file, model)[1]
    return found


def _closing(found: list[Diagnostic], files: int) -> str:
    counts = summary_of(found)
    words = ", ".join(f"{n} {name[:-1] if n == 1 else name}" for name, n in counts.items() if n)
    return f"Checked {files} files: {words or 'everything is in order'}"


def _annotation(found: Diagnostic) -> str:
    """A workflow command of GitHub; text is escaped as their toolkit does."""
    level = {"error": "error", "warning": "warning", "note": "notice"}[found.severity]
    text = f"{found.message} {found.hint}".strip()
    for raw, escaped in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(raw, escaped)
    place = ""
    if found.span is not None:
        file = found.span.file.replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
        place = f" file={file},line={found.span.line},col={found.span.column},title={found.code}"
    return f"::{level}{place}::{text}"


@click.command("explain-code")
@click.argument("code")
def explain_code(code: str) -> None:
    """What a code of a message means."""
    from offerwright.codes import CODES
    from offerwright.source.suggest import did_you_mean

    found = CODES.get(code.upper())
    if found is None:
        raise OfferwrightError(f"no code is called {code}. {did_you_mean(code.upper(), CODES)}")
    echo(f"{code.upper()}: {found}")
    echo(f"More: docs/errors.md, section {code.upper()}")
