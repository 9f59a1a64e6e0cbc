"""`table`: a table of rules out as CSV for a spreadsheet, and back in."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path

import click

from offerwright.cli.options import found_root, root_option
from offerwright.cli.report import number_of, put, tell
from offerwright.errors import ConfigError, OfferwrightError
from offerwright.source.snippet import render_text
from offerwright.source.text import MAX_CSV_BYTES

BOM = "\ufeff"


@click.command()
@click.argument("action", type=click.Choice(["export", "import"]))
@click.argument("names", nargs=-1, required=True, metavar="[FILE] DOCUMENT[/STEP]")
@root_option
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Where the CSV goes, if not to stdout.")  # fmt: skip
@click.option("--diff", "only_diff", is_flag=True, help="Show what would change; write nothing.")
def table(
    action: str, names: tuple[str, ...], root: Path | None, out: Path | None, only_diff: bool
) -> None:
    """Write a table as CSV for a spreadsheet, or take its rows back.

    \b
      offerwright table export markups/base -o markups.csv
      offerwright table import markups.csv markups/base
    """
    base = found_root(root)
    if action == "export":
        if len(names) != 1:
            raise click.UsageError("name one table: DOCUMENT/STEP")
        _export(base, names[0], out)
        return
    if len(names) != 2:
        raise click.UsageError("name a CSV file and a table: FILE DOCUMENT/STEP")
    _import(base, Path(names[0]), names[1], only_diff)


def _export(base: Path, address: str, out: Path | None) -> None:
    from offerwright.interchange.table.run import export_table
    from offerwright.pipeline import check

    loadout, found, repository = check(base)
    if loadout is None:
        raise ConfigError(found)
    text, found = export_table(loadout, address)
    if text is None:
        put(render_text(found, repository.files) + "\n", sys.stderr)
        sys.exit(1)
    if out is None:
        put(text)
        return
    # Without the mark some spreadsheets take accents for another alphabet.
    out.write_bytes(f"{'' if text.isascii() else BOM}{text}".encode())
    tell(f"Wrote {number_of(text.count(chr(10)) - 1, 'row')} to {out}")


def _import(base: Path, file: Path, address: str, only_diff: bool) -> None:
    from offerwright.interchange.table.run import import_table
    from offerwright.pipeline import check

    loadout, found, repository = check(base)
    if loadout is None:
        raise ConfigError(found)
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_CSV_BYTES + 1)
    except OSError as error:
        raise OfferwrightError(f"{file} cannot be read: {error.strerror}") from error
    made, found = import_table(repository, loadout, address, content, file.name)
    if made is None:
        put(render_text(found, {**repository.files, file.name: content}) + "\n", sys.stderr)
        sys.exit(1)
    if only_diff:
        before, after = (t.decode("utf-8").splitlines() for t in
                         (repository.files[made.file], made.content))  # fmt: skip
        for line in unified_diff(before, after, f"a/{made.file}", f"b/{made.file}", lineterm=""):
            put(line + "\n")
        return
    if made.content != repository.files[made.file]:
        (base / made.file).write_bytes(made.content)
    counts = {"added": made.added, "removed": made.removed, "changed": made.changed,
              "moved": made.moved}  # fmt: skip
    said = ", ".join(f"{n} {word}" for word, n in counts.items() if n) or "nothing to change"
    tell(f"{made.file}: {said}")
