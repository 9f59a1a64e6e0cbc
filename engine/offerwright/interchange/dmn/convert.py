"""A model → facts for its inputs and a document for each decision, in the order of their needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from offerwright.errors import Diagnostic, Span
from offerwright.interchange.dmn.decide import Decided, decide
from offerwright.interchange.dmn.draft import Path
from offerwright.interchange.dmn.express import kept
from offerwright.interchange.dmn.kinds import Fact
from offerwright.interchange.dmn.model import Decision, Model
from offerwright.interchange.dmn.names import snake
from offerwright.interchange.dmn.types import LANGUAGE_TYPE, DmnType
from offerwright.interchange.dmn.vocabulary import Given, Vocabulary, vocabulary


@dataclass(frozen=True, slots=True)
class Written:
    """One document: its data, and the elements that its parts came from."""

    file: str
    data: Mapping[str, Any]
    places: Mapping[Path, Span]


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a model. Decisions that are refused have no document."""

    vocabulary: Vocabulary
    facts: Written | None
    decisions: Mapping[str, Written]
    """By the name of the decision."""
    refused: frozenset[str]
    found: tuple[Diagnostic, ...]


def convert(model: Model, given: Given, wanted: str | None = None) -> Converted:
    """
    The documents that say what a model says.

    Args:
        model: the model.
        given: the zone of local moments, and the facts that exist already.
        wanted: only this decision and what it requires; all of them if None.

    Returns:
        The documents, and a finding for every part that has no counterpart; a decision that needs
        a refused one is refused with it.
    """
    known = vocabulary(model, given)
    found = list(known.found)
    written: dict[str, Written] = {}
    refused: set[str] = set(known.refused)
    for decision in _in_order(model, wanted):
        needs = [n for n in _needed(decision, model) if n in refused]
        if needs:
            refused.add(decision.name)
            message = f"`{decision.name}` needs `{needs[0]}`, which is refused"
            found.append(Diagnostic("DMN_UNSUPPORTED", message, decision.element.span))
            continue
        made = decide(decision, known)
        found += made.found
        if made.data is None:
            refused.add(decision.name)
            continue
        known = known.knowing(made.types)
        written[decision.name] = _written(made, known)
    facts = _facts(known, wanted is not None, written)
    return Converted(known, facts, written, frozenset(refused) - known.refused, tuple(found))


def _in_order(model: Model, wanted: str | None) -> Iterator[Decision]:
    """Each decision after those it requires; one that requires itself comes as it stands."""
    done: set[str] = set()

    def visit(decision: Decision, above: frozenset[str]) -> Iterator[Decision]:
        if decision.name in done or decision.name in above:
            return
        for name in _needed(decision, model):
            needed = model.decision(name)
            if needed is not None:
                yield from visit(needed, above | {decision.name})
        if decision.name not in done:
            done.add(decision.name)
            yield decision

    for decision in model.decisions:
        if wanted is None or decision.name == wanted:
            yield from visit(decision, frozenset())


def _needed(decision: Decision, model: Model) -> Iterator[str]:
    """The names of the decisions and inputs that a decision requires."""
    names = {one.id: one.name for one in model.decisions}
    names |= {one.id: one.name for one in model.inputs}
    yield from (names[target] for target in decision.requires if target in names)


def _written(made: Decided, known: Vocabulary) -> Written:
    assert made.data is not None, "only decisions that have a document are written"
    name = known.documents[made.decision.name]
    places = {(): made.decision.element.span, **made.places}
    return Written(f"rules/decisions/{name}.yaml", made.data, places)


def _facts(known: Vocabulary, only_used: bool, written: Mapping[str, Written]) -> Written | None:
    """The document of the facts that the repository does not have yet."""
    text = repr([w.data for w in written.values()])
    facts: dict[str, Any] = {}
    places: dict[Path, Span] = {}
    for data, parts in known.inputs:
        for path, fact in parts:
            is_used = not only_used or re.search(rf"\b{fact.name}\b", text)
            if fact.name in known.given.facts or not is_used:
                continue
            facts[fact.name] = _fact(".".join(path), fact, known.given.source)
            places[("facts", fact.name)] = data.element.span
    if not facts:
        return None
    name = "facts" if known.given.is_new else f"{snake(known.model.name).replace('_', '-')}-facts"
    return Written(f"rules/{name}.yaml", {"kind": "facts", "name": name, "facts": facts}, places)


def _fact(written: str, fact: Fact, source: str) -> dict[str, Any]:
    note = {"note": f"DMN input {written}"} if written != fact.name else {}
    return {**_type(fact.type), "from": f"{source}.{fact.name}", **note}


def _type(type_: DmnType) -> dict[str, Any]:
    if type_.words:
        name: dict[str, Any] = {"type": "enum", "of": list(type_.words)}
    else:
        name = {"type": LANGUAGE_TYPE.get(type_.kind, "text")}
    if type_.is_list:
        name["type"] = f"list of {name['type']}"
    for key, bound in (("minimum", type_.low), ("maximum", type_.high)):
        name |= {} if bound is None else {key: kept(bound)}
    return name
