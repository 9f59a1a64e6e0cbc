"""A DMN file → its documents, or the outcome of its test cases: what the command calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from offerwright.errors import Diagnostic
from offerwright.interchange.dmn.cases import read_cases
from offerwright.interchange.dmn.convert import Converted, convert
from offerwright.interchange.dmn.files import Imported, imported
from offerwright.interchange.dmn.model import Model
from offerwright.interchange.dmn.read import read_model
from offerwright.interchange.dmn.vocabulary import Given

if TYPE_CHECKING:
    from offerwright.interchange.dmn.trial import Outcome


def import_dmn(
    content: bytes,
    file: str,
    given: Given,
    *,
    decision: str | None = None,
    around: Mapping[str, bytes] | None = None,
) -> tuple[Imported | None, list[Diagnostic]]:
    """
    The documents of a DMN file, and every finding at its place in that file.

    Args:
        content: the bytes of the file.
        file: its name in findings.
        given: the zone of local moments, and facts that exist.
        decision: only this one with what it requires; all if None.
        around: the files of the repository that the documents are for.

    Returns:
        None where the file is no model. With an error among the findings the documents say less
        than the model.
    """
    model, found = read_model(content, file)
    if model is None:
        return None, found
    if decision is not None and model.decision(decision) is None:
        known = ", ".join(d.name for d in model.decisions) or "none"
        message = f"no decision is called `{decision}`"
        return None, [*found, Diagnostic("DMN_UNREADABLE", message, model.element.span,
                                         f"decisions: {known}")]  # fmt: skip
    made = imported(convert(model, given, decision), around)
    return made, [*found, *made.found]


def try_dmn(
    content: bytes, file: str, cases: Mapping[str, bytes], given: Given
) -> tuple[tuple[tuple[str, tuple[Outcome, ...]], ...], list[Diagnostic]]:
    """
    The outcomes of test cases, by the name of their file, and what is refused of the model.

    Decisions that have no counterpart are refused; the cases of the others are run.
    """
    from offerwright.interchange.dmn.trial import tried

    model, found = read_model(content, file)
    if model is None:
        return (), found
    made = _sound(model, given)
    found += made.found
    outcomes = []
    for name, text in cases.items():
        read, unread = read_cases(text, name)
        found += unread
        outcomes.append((name, tried(made, read)))
    return tuple(outcomes), found


def _sound(model: Model, given: Given) -> Imported:
    """The import of those decisions that `check` finds nothing wrong with."""
    converted = convert(model, given)
    made = imported(converted)
    found = made.found
    while made.loadout is None and converted.decisions:
        wrong = {n for n, w in converted.decisions.items() if w.file in made.wrong}
        if not wrong:
            break
        converted = _without(converted, wrong)
        made = imported(converted)
    return replace(made, found=found)


def _without(converted: Converted, names: set[str]) -> Converted:
    """The rest when these decisions and those that need them are refused."""
    model = converted.vocabulary.model
    ids = {d.id: d.name for d in model.decisions}
    gone = set(names)
    while more := {
        d.name for d in model.decisions
        if d.name not in gone and any(ids.get(t) in gone for t in d.requires)
    }:  # fmt: skip
        gone |= more
    decisions = {n: w for n, w in converted.decisions.items() if n not in gone}
    return replace(converted, decisions=decisions, refused=converted.refused | gone)
