"""Rules as sentences: every kind, every language, nothing left out, nothing said ambiguously."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from engine_under_test import compiled, shop_files
from evaluate.generated_cells import TESTED, when
from evaluate.generated_shop import Pick
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from test_docs import models_in

from offerwright.errors import has_errors
from offerwright.expressions.cells import Words, read_when
from offerwright.expressions.conditions import (
    Condition,
    Equal,
    IsMissing,
    IsPresent,
    Within,
    alternatives,
)
from offerwright.expressions.types import parse_type
from offerwright.pipeline import KINDS, Loadout
from offerwright.sentences.conditions import Reader, condition_text
from offerwright.sentences.wording import LANGUAGES, wording
from offerwright.sentences.write import WRITERS, sentences
from offerwright.source.yaml import read_yaml

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "sentences"
ROOM = ROOT / "engine" / "offerwright" / "sentences"
ZONE = ZoneInfo("America/Sao_Paulo")
FILES = {
    **shop_files("catalogue", "stock", "specs", "kits", "sales", "nodes", "places"),
    "rules/facts.yaml": """\
kind: facts
name: facts
facts:
  brand: {type: text, from: catalogue.brand}
  name: {type: text, from: catalogue.name}
  color: {type: text, from: catalogue.color}
  category: {type: path, from: catalogue.category}
  tier: {type: enum, of: [gold, silver, none], from: catalogue.tier}
  cost: {type: money, from: catalogue.cost}
  list_price: {type: money, from: catalogue.list_price}
  freight: {type: money, from: catalogue.freight}
  discount: {type: percent, from: catalogue.discount}
  weight: {type: weight, from: catalogue.weight, unit: kg}
  width: {type: length, from: catalogue.width, unit: cm}
  fragile: {type: boolean, from: catalogue.fragile}
  listed_on: {type: date, from: catalogue.listed_on}
  seen_at: {type: datetime, from: catalogue.seen_at}
  lead: {type: duration, from: catalogue.lead}
  tags: {type: list of text, from: catalogue.tags}
  images: {type: list of text, from: catalogue.images}
  specs: {type: map of text, from: specs.value, key: name}
  stock: {type: map of integer, from: stock.on_hand, key: node}
  parts: {type: map of integer, from: kits.units, key: part}
  sold: {type: number, from: sales.sold, per: account}
""",
    "rules/grades.yaml": "kind: lists\nname: grades\nvalues: [A, B, C]\n",
}


def loadout_of(files: dict[str, str]) -> Loadout:
    loadout, found = compiled({**FILES, **files})
    wrong = [(d.code, d.message, str(d.span)) for d in found if has_errors([d])]
    assert loadout is not None and wrong == []
    return loadout


def cases(name: str) -> list[Any]:
    located, wrong = read_yaml((CASES / name).read_bytes(), name)
    assert located is not None, wrong
    return [
        pytest.param(case, id=case.get("name") or str(case["en"])) for case in located.data["cases"]
    ]


@pytest.fixture(scope="module")
def shop() -> Loadout:
    return loadout_of({})


@pytest.mark.parametrize("case", cases("conditions.yaml"))
def test_a_condition_is_read_aloud(case: dict[str, Any], shop: Loadout) -> None:
    condition = read_when(case["when"], shop.rules.plans[0].scope.types, shop.rules.words)
    read = {
        language: condition_text(condition, Reader(wording(language), ZONE))
        for language in LANGUAGES
        if language in case
    }

    assert read == {language: case[language] for language in read}


@pytest.mark.parametrize("case", cases("rules.yaml"))
def test_a_document_becomes_sentences(case: dict[str, Any]) -> None:
    files = {**case.get("files", {}), "rules/case.yaml": case["document"]}
    name = case["document"].split("name: ")[1].splitlines()[0]
    for language in [one for one in LANGUAGES if one in case]:
        said: dict[str, str] = {}
        for one in sentences(loadout_of(files), language):
            if one.document == name and one.span.file == "rules/case.yaml":
                rule = one.rule or "head"
                said[rule if rule not in said else f"{rule}#2"] = one.text
        wanted = case[language]

        assert {rule: said.get(rule) for rule in wanted} == wanted
        if language == "en":
            assert list(said) == list(wanted)


def test_a_sentence_says_where_its_rule_stands() -> None:
    case = cases("rules.yaml")[0].values[0]
    said = {s.rule: s.span for s in sentences(loadout_of({"rules/case.yaml": case["document"]}))}
    lines = case["document"].splitlines()

    assert "id: gold" in lines[said["markups/gold"].line - 1]
    assert "otherwise" in lines[said["markups/otherwise"].line - 1]


def test_a_document_that_reaches_no_account_is_told_all_the_same() -> None:
    document = (
        "kind: pricing\nname: far\nfor: {trade_policy: '9'}\nsteps:\n"
        "  - {id: one, phase: base, when: {cost: '>= 5'}, set: {price: cost}}\n"
    )
    loadout, _ = compiled({**FILES, "rules/case.yaml": document})
    assert loadout is not None

    said = {s.rule: s.text for s in sentences(loadout) if s.document == "far"}
    assert said["one"] == "Base price: when cost is 5 or more, set price to cost."


def test_every_kind_of_rule_is_told_and_nothing_else() -> None:
    assert set(WRITERS) == set(KINDS) - {"test"}


# Keys of documents that say nothing about what a rule does, or that are told in another way.
UNTOLD = {
    "kind", "name", "owner", "note", "version",  # the head: pages show it
    "id", "rules", "file", "when", "then", "where",  # read with their table or their step
    "from_", "before",  # read with `valid`
    "currency", "type", "of", "results",  # kinds of values, shown as columns
    "separator",  # how a cell is split, which no reader of rules asks
}  # fmt: skip


def test_every_key_of_a_document_is_told_or_named_here() -> None:
    read = {
        node.attr
        for file in ROOM.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    }
    models: dict[str, type[BaseModel]] = {}
    for kind in WRITERS:
        models_in(KINDS[kind], models)
    untold = {
        f"{model.__name__}.{name}"
        for model in models.values()
        for name in model.model_fields
        if name not in read | UNTOLD | {"marketplace", "account", *SCOPED}
    }

    assert untold == set()


SCOPED = ("trade_policy", "category", "brand", "sku")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_shop_is_told_whole(language: Any) -> None:
    from offerwright.pipeline import check

    loadout, _, _ = check(ROOT)
    assert loadout is not None
    said = sentences(loadout, language)
    told = Counter((s.kind, s.document) for s in said)

    assert {(d.document.kind, d.name) for d in loadout.documents} - {key for key in told} == {
        (d.document.kind, d.name) for d in loadout.documents if d.document.kind == "test"
    }
    rows = {(s.document, s.rule) for s in said}
    for loaded in loadout.documents:
        for step in getattr(loaded.document, "steps", ()):
            csv = loaded.tables.get(getattr(step, "file", None) or "")
            ids = [] if csv is None else [row[csv.position["id"]] for row in csv.rows]
            assert {(loaded.name, f"{step.id}/{id_}") for id_ in ids} <= rows
    assert all(s.text.endswith((".", ":")) and "{" not in s.text.replace("{{", "") for s in said)
    assert sentences(loadout, language) == said


# --- nothing is ambiguous ---------------------------------------------------------------------

TYPES = {
    name: parse_type({"enum": "enum", "list": "list of text", "map": "map of text"}.get(kind, kind),
                     "BRL", ("gold", "silver", "none"))
    for name, kind in TESTED.items()
    if "." not in name and name not in ("tier", "rank", "stock")
}  # fmt: skip
FEW = {name: TESTED[name] for name in ("cost", "brand", "category", "tags", "fragile")}


def meaning(condition: Condition) -> frozenset[frozenset[object]]:
    """The condition without the order of its parts; a range with one end turned to be plain."""
    return frozenset(
        frozenset(part for test in conjunction for part in _parts(test))
        for conjunction in alternatives(condition)
    )


def _parts(test: Any) -> list[object]:
    if not test.negated:
        return [(test.fact, frozenset(map(_plain, test.atoms)), False)]
    return [_turned(test.fact, atom) for atom in test.atoms]


def _plain(atom: Any) -> object:
    if isinstance(atom, Equal):
        return (atom.value, isinstance(atom.value, bool))
    return meaning(atom.test) if hasattr(atom, "test") else atom


def _turned(fact: str, atom: Any) -> object:
    if type(atom).__name__ in ("IsMissing", "IsPresent"):
        other = "IsPresent" if type(atom).__name__ == "IsMissing" else "IsMissing"
        return (fact, frozenset([IsPresent() if other == "IsPresent" else IsMissing()]), False)
    if isinstance(atom, Within) and atom.high is None:
        atom = Within(None, atom.low, high_included=not atom.low_included)
        return (fact, frozenset([atom]), False)
    if isinstance(atom, Within) and atom.low is None:
        atom = Within(atom.high, None, low_included=not atom.high_included)
        return (fact, frozenset([atom]), False)
    return (fact, frozenset([_plain(atom)]), True)


@settings(max_examples=40, deadline=None)
@given(st.data())
@pytest.mark.parametrize("language", LANGUAGES)
def test_two_conditions_that_read_the_same_are_the_same(language: Any, data: Any) -> None:
    pick, read = Pick(data.draw), {}
    words = Words({"grades": ("A", "B")}, ZONE)
    for _ in range(6):
        raw = when(pick, FEW, 2)
        if not raw:
            continue
        condition = read_when(raw, {n: t for n, t in TYPES.items() if t is not None}, words)
        text = condition_text(condition, Reader(wording(language), ZONE))
        known = read.setdefault(text, meaning(condition))

        assert _presence(known) == _presence(meaning(condition)), text


def _presence(found: Any) -> str:
    return repr(sorted(map(repr, (sorted(map(repr, part)) for part in found))))
