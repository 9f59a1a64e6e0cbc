"""`import`: decision models of other tools, as documents of our own."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from offerwright.cli.options import output_option
from offerwright.cli.report import (
    VERSION,
    diagnostic_json,
    dump_pretty,
    echo,
    number_of,
    put,
    summary_of,
    table,
    tell,
)
from offerwright.errors import Diagnostic, OfferwrightError, has_errors
from offerwright.source.repository import find_root, read_repository, shipped_marketplaces
from offerwright.source.snippet import render_text

if TYPE_CHECKING:
    from offerwright.interchange.dmn.files import Imported
    from offerwright.interchange.dmn.trial import Outcome
    from offerwright.interchange.dmn.vocabulary import Given

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
HOME = "offerwright.yaml"


@click.command("import")
@click.argument("form", type=click.Choice(["dmn"]))
@click.argument("file", type=FILE)
@click.option("--decision", default=None, metavar="NAME", help="Only this one, and what it needs.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="The folder to write into: a repository, or a new folder.")  # fmt: skip
@click.option("--facts", type=FILE, default=None,
              help="A document of the repository whose facts are to be used.")  # fmt: skip
@click.option("--source", default="inputs", metavar="NAME",
              help="The source that new facts come from.")  # fmt: skip
@click.option("--time-zone", default="UTC", metavar="NAME",
              help="The zone of local moments, if not that of the repository.")  # fmt: skip
@click.option("--test", "tests", type=FILE, multiple=True, metavar="FILE",
              help="Run these test cases of the DMN TCK instead (repeatable).")  # fmt: skip
@output_option("text", "json")
def import_(
    form: str,
    file: Path,
    decision: str | None,
    out: Path | None,
    facts: Path | None,
    source: str,
    time_zone: str,
    tests: tuple[Path, ...],
    output: str,
) -> None:
    """Turn the decisions of a DMN 1.1 to 1.5 file into documents, or run its test cases.

    Nothing is written unless all of it can be said.
    """
    content = _content(file)
    home = _home(out, facts)
    around = None if home is None else _files_of(home)
    given = _given(time_zone, source, around)
    if tests:
        _try(content, file.name, tests, given, output)
        return
    from offerwright.interchange.dmn.run import import_dmn

    made, found = import_dmn(content, file.name, given, decision=decision, around=around)
    _report(found, {file.name: content}, output)
    if made is None or has_errors(found):
        sys.exit(1)
    if out is None:
        if output == "text":
            for name, text in made.documents.items():
                put(f"# {name}\n{text}\n")
        return
    _write(out, made, is_new=around is None)


def _content(path: Path) -> bytes:
    """The bytes of a file, and one more than may be read where it has too many."""
    from offerwright.interchange.dmn.xml import MAX_BYTES

    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise OfferwrightError(f"{path} cannot be read: {error.strerror}") from error


def _files_of(root: Path) -> Mapping[str, bytes]:
    return read_repository(root, shipped_marketplaces())[0].files


def _home(out: Path | None, facts: Path | None) -> Path | None:
    """The repository that the documents are for; None where they get a small one of their own."""
    if out is not None and (out / HOME).is_file():
        return out
    if facts is None:
        return None
    home = find_root(facts.parent)
    if home is None:
        raise OfferwrightError(f"{facts} stands in no repository: there is no {HOME} above it")
    return home


def _given(time_zone: str, source: str, around: Mapping[str, bytes] | None) -> Given:
    """What the documents can build on: the zone and the facts of the repository."""
    from offerwright.facts.document import FactsDocument, ShopDocument
    from offerwright.interchange.dmn.vocabulary import Given
    from offerwright.source.load import load_documents, load_one
    from offerwright.source.repository import Repository

    zone, names = time_zone, set[str]()
    if around is not None:
        repository = Repository(Path(), around)
        shop, _ = load_one(repository, HOME, ShopDocument)
        zone = time_zone if shop is None else shop.document.time_zone
        for loaded in load_documents(repository, {"facts": FactsDocument})[0]:
            if isinstance(loaded.document, FactsDocument) and loaded.document.of == "sku":
                names |= {*loaded.document.facts, *loaded.document.derive}
    try:
        return Given(ZoneInfo(zone), frozenset(names), source, around is None)
    except (KeyError, ValueError, OSError) as error:
        message = f"{zone} is no time zone; write one such as America/Sao_Paulo"
        raise OfferwrightError(message) from error


def _report(found: Sequence[Diagnostic], files: Mapping[str, bytes], output: str) -> None:
    if output == "json":
        echo(dump_pretty({
            "version": VERSION, "diagnostics": diagnostic_json(found), "summary": summary_of(found),
        }))  # fmt: skip
    elif found:
        put(render_text(list(found), files) + "\n", sys.stderr)


def _write(out: Path, made: Imported, *, is_new: bool) -> None:
    """Write the documents, and a small repository around them where there is none."""
    from offerwright.interchange.dmn.files import small_repository

    files = {name: text.encode() for name, text in made.documents.items()}
    if is_new:
        files = {**small_repository(made.converted), **files}
    taken = [name for name in files if (out / name).exists()]
    if taken:
        raise OfferwrightError(f"{out / taken[0]} exists already; nothing is written over it")
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    tell(f"Wrote {number_of(len(files), 'file')} to {out}")


def _try(content: bytes, name: str, tests: Sequence[Path], given: Given, output: str) -> None:
    from offerwright.interchange.dmn.run import try_dmn

    cases = {path.name: _content(path) for path in tests}
    outcomes, found = try_dmn(content, name, cases, given)
    if output == "json":
        echo(dump_pretty(_outcomes_json(outcomes, found)))
    else:
        if found:
            put(render_text(found, {name: content, **cases}) + "\n", sys.stderr)
        _show(outcomes)
    every = [one for _, several in outcomes for one in several]
    sys.exit(0 if every and all(one.status == "pass" for one in every) else 1)


def _outcomes_json(
    outcomes: Sequence[tuple[str, Sequence[Outcome]]], found: Sequence[Diagnostic]
) -> dict[str, Any]:
    return {
        "version": VERSION,
        "diagnostics": diagnostic_json(found),
        "results": [
            {"file": file, "case": o.case, "decision": o.decision, "status": o.status,
             "expected": o.expected, "got": o.got, "reason": o.reason}
            for file, several in outcomes for o in several
        ],
    }  # fmt: skip


def _show(outcomes: Sequence[tuple[str, Sequence[Outcome]]]) -> None:
    rows = []
    counts = {"pass": 0, "fail": 0, "refused": 0}
    for _, several in outcomes:
        for one in several:
            counts[one.status] += 1
            said = one.reason or (
                one.got if one.status == "pass" else f"expected {one.expected}, got {one.got}"
            )
            rows.append((one.status, one.case, one.decision, said))
    for line in table(("status", "case", "decision", "result"), rows):
        echo(line)
    tell(", ".join(f"{number} {word}" for word, number in counts.items()))
