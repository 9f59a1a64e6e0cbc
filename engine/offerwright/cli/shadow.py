"""`shadow`: what candidates would have done beside the live rules, run by run and in sum."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from offerwright.cli.options import found_root, output_option, root_option
from offerwright.cli.report import dump_pretty, echo, number_of, table
from offerwright.cli.shadow_log import read_log, review_file
from offerwright.errors import OfferwrightError
from offerwright.review.words import percent
from offerwright.source.suggest import suggest
from offerwright.whatif.shadow import Line, summed

SHOWN = 20


@click.command()
@root_option
@click.option("--candidate", default=None, metavar="REF", help="Only the runs of this one.")
@click.option("--last", type=click.IntRange(1), default=SHOWN, show_default=True,
              help="So many runs, the newest.")  # fmt: skip
@output_option("text", "json")
def shadow(root: Path | None, candidate: str | None, last: int, output: str) -> None:
    """What would candidates have done? The runs of `sync --shadow`, and their sum.

    \b
      offerwright sync --shadow origin/spring     every hour, for some days
      offerwright shadow --candidate origin/spring
    """
    home = found_root(root)
    lines = _wanted(read_log(home), candidate)[-last:]
    record = {"version": 1, "runs": [_run(home, one) for one in lines], "sum": summed(lines)}
    if output == "json":
        echo(dump_pretty(record))
    else:
        _show(record)


def _wanted(lines: Sequence[Line], candidate: str | None) -> Sequence[Line]:
    """The lines of one candidate. Refuses a name that no run has."""
    if candidate is None:
        return lines
    found = [one for one in lines if one["candidate"] == candidate]
    if not found:
        known = sorted({one["candidate"] for one in lines})
        hint = (
            suggest(candidate, known) or "nothing was shadowed yet: offerwright sync --shadow REF"
        )
        raise OfferwrightError(f"no run has the candidate {candidate!r}; {hint}")
    return found


def _run(home: Path, line: Line) -> dict[str, Any]:
    """A line without its version, and where its review lies, if it is kept."""
    file = review_file(home, line["id"])
    kept = file.relative_to(home).as_posix() if file.is_file() else None
    return {**{k: v for k, v in line.items() if k != "version"}, "review": kept}


def _show(record: dict[str, Any]) -> None:
    if not record["runs"]:
        echo("Nothing was shadowed yet: offerwright sync --shadow REF")
        return
    headings = (
        "as of",
        "candidate",
        "plan",
        "offers",
        "would differ",
        "prices",
        "guards",
        "review",
    )
    rows = [_row(one) for one in record["runs"]]
    for line in table(headings, rows, frozenset({3, 4, 5})):
        echo(line)
    for one in record["sum"]:
        echo()
        _show_sum(one)


def _row(run: Line) -> tuple[str, ...]:
    name = f"{run['candidate']} {(run['commit'] or '')[:7]}".rstrip()
    start = (run["as_of"], name, run["plan"][:12])
    if run["outcome"] != "done":
        return (*start, "–", run["outcome"], "–", run["reason"], "")
    guards = ", ".join(
        f"{one['guard']} {one['result']}" + (f" {one['fails']}" if one["fails"] else "")
        for one in run["guards"]
    )
    return (*start, str(run["offers"]), str(run["changed"]), percent(run["mean_share"]), guards,
            run["review"] or "")  # fmt: skip


def _show_sum(one: Line) -> None:
    echo(
        f"{one['candidate']}: {number_of(one['runs'], 'run')}, {one['done']} evaluated"
        + "".join(f", {one[word]} {word}" for word in ("broken", "failed", "late") if one[word])
    )
    if not one["done"]:
        return
    echo(f"  {one['changed_mean']} offers would differ on average, {one['changed_most']} at most; "
         f"prices by {percent(one['mean_share'])}")  # fmt: skip
    echo(f"  {number_of(one['blocked_runs'], 'run')} would have been blocked")
    for guard in one["guards"]:
        most = guard["fails_most"]
        said = f", {number_of(most, 'offer')} at most" if most else ""
        echo(f"  guard {guard['guard']}: objects in {number_of(guard['runs'], 'run')}, "
             f"blocks {guard['blocks']}{said}")  # fmt: skip
