"""Converted documents → the files of a repository, checked; findings are moved to the DMN file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from offerwright.errors import Diagnostic, Span, has_errors, sorted_diagnostics
from offerwright.interchange.dmn.convert import Converted, Written
from offerwright.interchange.dmn.names import snake
from offerwright.interchange.yaml_text import Path, block, scalar
from offerwright.pipeline import Loadout, compile_repository
from offerwright.source.repository import Repository

OPEN = frozenset({"facts", "derive", "results", "rules"})
MOST_ROUNDS = 3
MARKETPLACE = """\
kind: marketplace
name: example-market
title: Example
currencies: [USD]
aspects: [price]
create: true
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """
    The files that a model becomes.

    `documents` are its own files by name, without those of a small repository around them.
    `loadout` is that repository, linked; None where an error stands among `found`.
    """

    converted: Converted
    documents: Mapping[str, str]
    loadout: Loadout | None
    found: tuple[Diagnostic, ...]
    wrong: frozenset[str] = frozenset()
    """The documents with errors, by file."""


def imported(converted: Converted, around: Mapping[str, bytes] | None = None) -> Imported:
    """
    Write the documents, and check them as `check` would.

    Args:
        converted: what became of a model.
        around: the files of the repository that the documents are for; a small one if None.

    Returns:
        The documents with what `check` says of them, at the place in the DMN file that each part
        came from. A row that can never win is left out, as in DMN it never would.
    """
    found: list[Diagnostic] = []
    for _ in range(MOST_ROUNDS):
        texts = {w.file: _text(w) for w in _all(converted)}
        files = {**(around or small_repository(converted)), **_bytes(texts)}
        loadout, said = compile_repository(Repository(FilePath("."), files))
        dead = [d for d in said if d.code == "DEAD_ROW" and d.span and d.span.file in texts]
        if not dead:
            break
        converted, warned = _without(converted, dead)
        found += warned
    ours = [d for d in said if d.span is not None and d.span.file in texts]
    found += [_moved(d, converted) for d in ours]
    is_wrong = has_errors([d for d in said if around is None or d in ours])
    return Imported(
        converted=converted,
        documents=texts,
        loadout=None if is_wrong else loadout,
        found=tuple(sorted_diagnostics([*converted.found, *found])),
        wrong=frozenset(d.span.file for d in ours if d.span and d.severity == "error"),
    )


def _all(converted: Converted) -> tuple[Written, ...]:
    facts = () if converted.facts is None else (converted.facts,)
    return (*facts, *converted.decisions.values())


def _text(written: Written) -> str:
    return "".join(f"{line}\n" for _, line in block(written.data, OPEN))


def _bytes(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {file: text.encode() for file, text in texts.items()}


def small_repository(converted: Converted) -> dict[str, bytes]:
    """The files around the documents: a shop with one account, and headers for its sources."""
    facts = [] if converted.facts is None else list(converted.facts.data["facts"])
    source = converted.vocabulary.given.source
    shop = [
        "kind: shop",
        f"name: {scalar(snake(converted.vocabulary.model.name).replace('_', '-'))}",
        f"time_zone: {scalar(converted.vocabulary.given.zone.key)}",
        "currency: USD",
        "accounts:",
        "  example: {marketplace: example-market}",
        "sources:",
        "  catalogue: {file: data/catalogue.csv}",
        *([f"  {source}: {{file: data/{source}.csv}}"] if facts and source != "catalogue" else []),
    ]
    files = {
        "offerwright.yaml": "".join(f"{line}\n" for line in shop),
        "data/catalogue.csv": "sku\n",
        "marketplaces/example-market/marketplace.yaml": MARKETPLACE,
    }
    if facts:
        files[f"data/{source}.csv"] = ",".join(["sku", *facts]) + "\n"
    return {file: text.encode() for file, text in files.items()}


def _moved(found: Diagnostic, converted: Converted) -> Diagnostic:
    """The finding at the element that its line came from; what was written stands in the hint."""
    assert found.span is not None, "only findings with a place are moved"
    span = _origin(found.span, converted)
    related = tuple(
        replace(r, span=_origin(r.span, converted)) for r in found.related
    )  # fmt: skip
    return replace(found, span=span, related=related)


def _origin(span: Span, converted: Converted) -> Span:
    written = next((w for w in _all(converted) if w.file == span.file), None)
    if written is None:
        return span
    lines = block(written.data, OPEN)
    path: Path = lines[span.line - 1][0] if span.line <= len(lines) else ()
    while path and path not in written.places:
        path = path[:-1]
    return written.places.get(path, span)


def _without(converted: Converted, dead: list[Diagnostic]) -> tuple[Converted, list[Diagnostic]]:
    """The documents without these rows, and a warning for each."""
    warned = []
    decisions = dict(converted.decisions)
    for name, written in converted.decisions.items():
        lines = block(written.data, OPEN)
        numbers = {
            int(lines[d.span.line - 1][0][1])
            for d in dead
            if d.span is not None and d.span.file == written.file
            and len(lines[d.span.line - 1][0]) == 2
        }  # fmt: skip
        for number in sorted(numbers):
            warned.append(Diagnostic(
                "DMN_ROW_LEFT_OUT", "this rule can never win: the rules before it match all that "
                "it matches", written.places.get(("rules", number)),
                "it is left out; nothing changes", severity="warning",
            ))  # fmt: skip
        decisions[name] = _dropped(written, numbers)
    return replace(converted, decisions=decisions), warned


def _dropped(written: Written, numbers: set[int]) -> Written:
    rules: list[Any] = written.data.get("rules", [])
    kept = [n for n in range(len(rules)) if n not in numbers]
    places = {p: s for p, s in written.places.items() if p[:1] != ("rules",)}
    places |= {("rules", new): written.places[("rules", old)] for new, old in enumerate(kept)
               if ("rules", old) in written.places}  # fmt: skip
    data = {**written.data, "rules": [rules[n] for n in kept]}
    return replace(written, data=data, places=places)
