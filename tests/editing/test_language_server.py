"""What an editor offers, shows and underlines: asked of the language server that editors run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from editing.language_server import LanguageServer
from source.kinds import KINDS, ROOT

from offerwright.pipeline import TEST_KINDS
from offerwright.source.schema import generate_schemas, write_schemas
from offerwright.source.vocabulary import FactWords, Vocabulary
from offerwright.source.yaml import read_yaml

CASES = ROOT / "tests" / "cases" / "editing"
SHOP = Vocabulary(
    facts=(
        FactWords("brand", "text", "From `catalogue.brand`", ("Acme", "Luz: & Lar"), 2),
        FactWords("category", "path", "", ("phones", "phones/android"), 1),
        FactWords("cost", "money in BRL", "What we pay.", (), 0, "3.20", "4899.00"),
        FactWords("sku", "text", "The SKU."),
        FactWords("stock.sp-1", "integer", "", (), 0, "0", "120"),
        FactWords("tier", "enum", "", ("gold", "silver")),
    ),
    names={
        "accounts": ("meli",), "guards": ("floor", "step"), "lists": ("clearance",),
        "marketplaces": ("amazon", "mercadolibre"), "nodes": ("rj-1", "sp-1"),
        "rules": ("markups", "small"),
    },
)  # fmt: skip


def cases(name: str) -> list[Any]:
    located, wrong = read_yaml(b"cases:\n" + (CASES / name).read_bytes(), name)
    assert located is not None, wrong
    return [pytest.param(case, id=case["name"]) for case in located.data["cases"]]


@pytest.fixture(scope="module")
def editor(language_server_script: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("shop")
    write_schemas(folder / "schemas", generate_schemas({**KINDS, **TEST_KINDS}, SHOP))
    running = LanguageServer(language_server_script, folder)
    yield running
    running.close()


def with_schema(case: dict[str, Any]) -> str:
    return f"# yaml-language-server: $schema=../schemas/{case['kind']}.schema.json\n{case['text']}"


@pytest.mark.parametrize("case", cases("completion.yaml"))
def test_an_editor_offers(editor: LanguageServer, case: dict[str, Any]) -> None:
    items = editor.completion("rules/x.yaml", with_schema(case))
    labels = [item["label"] for item in items]
    offers = case.get("offers", [])

    assert [label for label in offers if label not in labels] == []
    assert [label for label in case.get("not_offered", []) if label in labels] == []
    assert labels[: len(case.get("first", []))] == case.get("first", [])
    assert len(set(labels)) == len(labels)
    first = next((item for item in items if offers and item["label"] == offers[0]), {})
    assert case.get("about", "") in (first.get("documentation") or {"value": ""})["value"]
    assert case.get("inserts") in (None, first.get("insertText"))


@pytest.mark.parametrize("case", cases("hover.yaml"))
def test_an_editor_shows(editor: LanguageServer, case: dict[str, Any]) -> None:
    shown = editor.hover("rules/x.yaml", with_schema(case))

    assert [phrase for phrase in case["shows"] if phrase not in shown] == []


@pytest.mark.parametrize("case", cases("problems.yaml"))
def test_an_editor_underlines(editor: LanguageServer, case: dict[str, Any]) -> None:
    found = editor.problems("rules/x.yaml", with_schema(case))

    assert [one["message"] for one in found] == case["says"]
    if "at" in case:
        start = found[0]["range"]["start"]
        # The line of the schema stands above the case.
        assert [start["line"], start["character"] + 1] == case["at"]
    titles = editor.fixes("rules/x.yaml", found)
    assert [title for title in case.get("fixes", []) if title not in titles] == []


def test_the_reference_shop_has_nothing_underlined(
    language_server_script: Path,
) -> None:
    editor = LanguageServer(language_server_script, ROOT)
    try:
        files = [ROOT / "offerwright.yaml", *sorted((ROOT / "rules").rglob("*.yaml"))]
        found = editor.problems_of({str(f.relative_to(ROOT)): f.read_text("utf-8") for f in files})
    finally:
        editor.close()

    assert {name: problems for name, problems in found.items() if problems} == {}
