"""`diff`: what differs between two saved outputs of `offers`, offer by offer."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from offerwright.cli.diff_text import summary
from offerwright.cli.options import as_of_option, data_option, root_option
from offerwright.cli.outputs import (
    Output,
    links_options,
    outputs_option,
    placed,
    refuse_terminal,
)
from offerwright.cli.report import VERSION, dump_pretty, printable, put, tell
from offerwright.cli.review import (
    FORMS,
    MOMENTS,
    OFFERS,
    ReviewRequest,
    code_of,
    is_review,
    write_review,
)
from offerwright.errors import OfferwrightError
from offerwright.frames import ASPECTS, Aspect
from offerwright.source.escapes import escaped

if TYPE_CHECKING:
    from offerwright.compare.changed_offers import ChangedOffers
    from offerwright.compare.difference import Difference
    from offerwright.compare.listing_file import ListingFile
    from offerwright.compare.report import Side

SAMPLES = 5


@click.command()
@click.argument("sides", nargs=-1, required=True, metavar="BASE..HEAD | BEFORE AFTER")
@root_option
@data_option
@as_of_option
@click.option("--as-of-end", "end", default=None, metavar="TIME",
              help="Review every moment until then at which something changes.")  # fmt: skip
@click.option("--moments", type=click.IntRange(1), default=MOMENTS, show_default=True,
              help="At most so many moments of that time.")  # fmt: skip
@click.option("--offers", type=click.IntRange(0), default=OFFERS, show_default=True,
              help="So many offers stand in the JSON of a review, one by one.")  # fmt: skip
@click.option("--account", "accounts", multiple=True, metavar="NAME",
              help="Only this account (repeatable).")  # fmt: skip
@click.option("--aspect", "aspects", multiple=True, type=click.Choice(ASPECTS),
              help="Only changes of this aspect (repeatable).")  # fmt: skip
@click.option("--samples", type=click.IntRange(0), default=SAMPLES, show_default=True,
              help="So many offers are shown of every account and kind of change.")  # fmt: skip
@outputs_option(*FORMS, "jsonl")
@links_options
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write to this file instead of stdout.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(["never", "blocked", "difference"]), default=None,
              help="When to end with 1; a review does when a guard blocks.")  # fmt: skip
def diff(
    sides: tuple[str, ...],
    root: Path | None,
    data: Path | None,
    as_of: str | None,
    end: str | None,
    moments: int,
    offers: int,
    accounts: tuple[str, ...],
    aspects: tuple[Aspect, ...],
    samples: int,
    outputs: tuple[Output, ...],
    links: str | None,
    folder: str,
    out: Path | None,
    fail_on: str | None,
) -> None:
    """Say what a change of the rules does to every offer, or how two saved outputs differ.

    BASE..HEAD are two commits, as Git reads them (BASE...HEAD: where HEAD left BASE); BASE alone is
    compared with the working tree. BEFORE and AFTER are two folders with offerwright.yaml, or
    saved outputs: Parquet files of `offers --output parquet`, or states of `offers --state`,
    which hold no values.
    """
    from offerwright.compare.difference import difference

    wanted = placed(outputs, out)
    if is_review(sides):
        _refuse(_OF_OUTPUTS, "saved outputs of `offers`")
        if any(one.form == "jsonl" for one in wanted):
            raise OfferwrightError(
                "two states of the rules are not written as jsonl; "
                "write `-o json --offers N`, `-o csv` or `-o parquet=FILE`"
            )
        refuse_terminal(wanted)
        record = write_review(
            ReviewRequest(sides, root, data, as_of, offers, end, moments, links, folder), wanted
        )
        sys.exit(code_of(record, fail_on or "blocked"))

    _refuse(_OF_REVIEWS, "two states of the rules")
    output, out = _one(wanted)
    for side in sides:
        if Path(side).is_dir():
            raise click.UsageError(f"{side} is a folder; give two folders, or two saved outputs")
    (before, old), (after, new) = (_opened(Path(side)) for side in sides)
    found = _only(difference(before.state, after.state, aspects or ASPECTS), accounts)
    if output in ("jsonl", "parquet"):
        if old is None or new is None:
            raise OfferwrightError(
                "a state has no values; compare the Parquet files of `offers --output parquet`"
            )
        _write(old, new, found, output, out)
    else:
        record = _report(before, after, found, (old, new), samples)
        _put(dump_pretty(record) + "\n" if output == "json" else summary(record), out)
    sys.exit(1 if found.differs and fail_on == "difference" else 0)


def _one(wanted: Sequence[Output]) -> tuple[str, Path | None]:
    """The output of two saved ones, and its file."""
    if len(wanted) > 1:
        raise click.UsageError("saved outputs are compared into one output; give one -o")
    if wanted[0].form not in _OF_SAVED:
        raise click.UsageError(
            f"saved outputs are not written as {wanted[0].form}; give BASE..HEAD"
        )
    return wanted[0].form, wanted[0].file


_OF_SAVED = ("text", "json", "jsonl", "parquet")
_OF_OUTPUTS = ("accounts", "aspects", "samples")
_OF_REVIEWS = ("root", "data", "as_of", "end", "moments", "offers", "links", "folder")


def _refuse(names: Sequence[str], what: str) -> None:
    """Raise `UsageError` where one of these options is given: it would say nothing here."""
    context = click.get_current_context()
    for one in context.command.params:
        written = context.get_parameter_source(one.name or "")
        if one.name in names and written is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{one.opts[0]} is for {what}; leave it out here")


def _opened(path: Path) -> tuple[Side, ListingFile | None]:
    """One side; with its file where that has values."""
    from offerwright.compare.listing_file import MAGIC, ListingFile
    from offerwright.compare.report import Side
    from offerwright.compare.state_file import MAGIC as STATE_MAGIC
    from offerwright.compare.state_file import read_state

    with path.open("rb") as stream:
        begins = stream.read(len(STATE_MAGIC))
    if begins == STATE_MAGIC:
        return Side(str(path), "state", read_state(path)), None
    if begins.startswith(MAGIC):
        listing = ListingFile(path)
        return Side(str(path), "listing", listing.state()), listing
    raise OfferwrightError(
        f"{path} is neither a Parquet file of `offers` nor a state; "
        "write one with `offerwright offers --output parquet --out FILE`"
    )


def _only(found: Difference, accounts: Sequence[str]) -> Difference:
    """The accounts that are asked for. Refuses a name that neither side has."""
    from offerwright.compare.difference import Difference

    known = [one.account for one in found.accounts]
    for name in accounts:
        if name not in known:
            raise click.BadParameter(
                f"no account is called {name!r}; accounts: {', '.join(known)}",
                param_hint="--account",
            )
    kept = [one for one in found.accounts if not accounts or one.account in accounts]
    return Difference(tuple(kept))


def _changed(old: ListingFile, new: ListingFile, found: Difference) -> Iterator[ChangedOffers]:
    from offerwright.compare.changed_offers import changed_offers

    return changed_offers(old, new, found)


def _report(
    before: Side,
    after: Side,
    found: Difference,
    files: tuple[ListingFile | None, ListingFile | None],
    most: int,
) -> dict[str, Any]:
    """The master; values are read where both sides have them."""
    from offerwright.compare.report import master, moves, sampled

    old, new = files
    if old is None or new is None:
        return {"version": VERSION, **master(before, after, found, None, [])}
    counted: Counter[tuple[str, str]] = Counter()
    shown: Counter[tuple[str, str]] = Counter()
    samples: list[Mapping[str, Any]] = []
    for changed in _changed(old, new, found):
        counted += moves(changed)
        more = list(sampled(changed, shown, most))
        shown.update((one["account"], one["change"]) for one in more)
        samples += more
    record = master(before, after, found, counted, samples)
    return {"version": VERSION, **record}


def _write(
    old: ListingFile, new: ListingFile, found: Difference, output: str, out: Path | None
) -> None:
    from offerwright.compare.changed_offers import nothing_changed

    parts = _changed(old, new, found)
    if output == "jsonl":
        _write_lines((line for part in parts for line in _lines(part)), out)
    elif out is None:
        raise OfferwrightError("Parquet is written to a file; give --out FILE")
    else:
        count = _write_parquet(nothing_changed(old, new), parts, out)
        tell(f"Wrote {count} offers that differ to {out}")


def _lines(part: ChangedOffers) -> Iterator[str]:
    from offerwright.compare.changed_offers import records

    for record in records(part):
        text = json.dumps({"version": VERSION, **record}, ensure_ascii=False, separators=(",", ":"))
        yield escaped(text) + "\n"


def _write_lines(lines: Iterator[str], out: Path | None) -> None:
    if out is None:
        for line in lines:
            put(line)
        return
    with _whole(out) as fresh, fresh.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(lines)


def _write_parquet(nothing: ChangedOffers, parts: Iterator[ChangedOffers], out: Path) -> int:
    """Part by part, so that memory does not grow with what differs; how many offers."""
    import pyarrow.parquet as pq

    from offerwright.compare.changed_offers import table_of

    schema = table_of(nothing).to_arrow().schema
    written = 0
    with _whole(out) as fresh, pq.ParquetWriter(fresh, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(table_of(part).to_arrow().cast(schema))
            written += len(part)
    return written


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """Where to write so that the output is there whole or not at all: it may be one of the sides,
    which are read until the end."""
    fresh = out.with_name(f"{out.name}.part")
    try:
        yield fresh
        fresh.replace(out)
    finally:
        fresh.unlink(missing_ok=True)


def _put(text: str, out: Path | None) -> None:
    if out is None:
        put(printable(text))
    else:
        with _whole(out) as fresh:
            fresh.write_text(text, encoding="utf-8", newline="\n")
