"""`render`: a review that was kept as JSON, written in another way."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from offerwright.cli.outputs import (
    Output,
    links_options,
    outputs_option,
    placed,
    refuse_terminal,
    write_outputs,
)
from offerwright.cli.report import tell
from offerwright.cli.review import FORMS, code_of, looked_at
from offerwright.errors import OfferwrightError


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE")
@outputs_option(*FORMS)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write to this file instead of stdout.")  # fmt: skip
@links_options
@click.option("--fail-on", type=click.Choice(["never", "blocked", "difference"]), default="never",
              show_default=True, help="When to end with 1.")  # fmt: skip
def render(
    file: Path,
    outputs: tuple[Output, ...],
    out: Path | None,
    links: str | None,
    folder: str,
    fail_on: str,
) -> None:
    """Write a review as text, Markdown, HTML, a table, SARIF, annotations or a comment.

    FILE is what `offerwright diff BASE..HEAD -o json` wrote; `-` reads stdin. Nothing is computed
    again. The exit code is 0, as a rendering is no gate.
    """
    from offerwright.review.offers_table import missing
    from offerwright.review.read import read_record
    from offerwright.review.renderings import TABLES, Rendered, rendered
    from offerwright.review.words import count

    wanted = placed(outputs, out)
    refuse_terminal(wanted)
    record = read_record(_read(file), "stdin" if str(file) == "-" else str(file))
    of = looked_at(Rendered(record), links, folder)
    write_outputs([(one, rendered(of, one.form)) for one in wanted])
    left = missing(record)
    if left and any(one.form in TABLES for one in wanted):
        tell(
            f"{count(left, 'offer that differs is', 'offers that differ are')} not in the review "
            "one by one, and so not in the table; "
            "`offerwright diff BASE..HEAD -o csv` writes all of them"
        )
    sys.exit(code_of(record, fail_on))


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    if file.is_dir():
        raise OfferwrightError(f"{file} is a folder; give the file that `diff -o json` wrote")
    return file.read_bytes()
