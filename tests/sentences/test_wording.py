"""The catalogue of phrases: complete in every language, with the places that the engine fills."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest

from offerwright.frames import ASPECTS
from offerwright.guards.document import CheckName, Else
from offerwright.rules.document import Hit, Take
from offerwright.rules.effects import EFFECTS
from offerwright.rules.plan import PHASES
from offerwright.sentences.wording import LANGUAGES, Language, wording
from offerwright.sentences.write import WRITERS
from offerwright.source.document import SCOPE_KEYS

ENGINE = Path(__file__).resolve().parents[2] / "engine" / "offerwright"
FILES = sorted([*(ENGINE / "sentences").glob("*.py"), *(ENGINE / "pages").glob("*.py")])
TEMPLATES = sorted((ENGINE / "pages" / "templates").glob("*.jinja"))
CATALOGUE = wording("en").phrases

# What comes after the dot where a key is put together, by how the key begins.
ROUNDING = ("up", "down", "nearest", "half_up", "half_even")
SHAPES = ("from", "above", "to", "below", *(
    f"{low}_{high}{turned}" for low in ("from", "above") for high in ("to", "below")
    for turned in ("", "_not")
))  # fmt: skip
ENDINGS: dict[str, tuple[str, ...]] = {
    "allocate.": ("partition", "shared"),
    "approval.": ("down", "up", "at_most"),
    "attribute.max_": ("block", "cut"),
    "bounds.": ("at_least", "at_least_of", "at_most", "at_most_of"),
    "change.": ("down", "up"),
    "change.from_": ("live", "price"),
    "check.": tuple(name for name in get_args(CheckName) if name != "hold"),
    "check.move.": ("down", "up"),
    "check.step.": ("down", "up"),
    "duration.": ("day", "hour", "minute"),
    "effect.": tuple(EFFECTS),
    "else.": get_args(Else),
    "entry.": ("marketplace", "account"),
    "expression.": ("if", "then", "else", "and", "or", "not", "in", "between", "is", "missing",
                    "present"),
    "fee.": ("rate", "fee"),
    "hit.": tuple(word for word in get_args(Hit) if word != "collect"),
    "hit.collect.": get_args(Take),
    "hold.": ("block", "warn", *ASPECTS),
    "kind.": tuple(WRITERS),
    "kits.": ("kits", "components", "in_turn"),
    "lifecycle.": ("ignore", "refuse"),
    "no_row.": ("blocks_price", "blocks_stock", "blocks_content", "nothing", "missing"),
    "number.": SHAPES,
    "on_block.": ("hold", "zero"),
    "phase.": PHASES,
    "round.": ROUNDING,
    "routing.": ("asc", "desc"),
    "safety.per_": ("pool", "node"),
    "scope.": SCOPE_KEYS,
    "size.": ("characters", "bytes"),
    "test.": tuple(word + turned for word in ("under", "starts", "matches", "has")
                   for turned in ("", "_not")),
    "time.": SHAPES,
}  # fmt: skip

# Those that `conditions` puts together of a sort and a shape.
OF_CONDITIONS = {"number.", "test.", "time."}


def places(phrase: object) -> set[str]:
    """The names of the places of a phrase, in any of its forms."""
    forms = [phrase] if isinstance(phrase, str) else list(phrase.values())  # type: ignore[attr-defined]
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """(what is called, the call) for every use of the catalogue."""
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in ("say", "count") and node.args:
                    yield name, node


def constants() -> set[str]:
    """Every word of the room that is a key of the catalogue, or the beginning of one."""
    found = set()
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def of_templates() -> dict[str, set[str]]:
    """Every phrase that a template of a page says, with the places that it fills."""
    found: dict[str, set[str]] = {}
    for file in TEMPLATES:
        for key, place in re.findall(r'say\("([\w.]+)"(?:, (\w+)=)?', file.read_text("utf-8")):
            found.setdefault(key, set()).update(filter(None, [place]))
    return found


def families() -> set[str]:
    """How the keys begin that are put together."""
    joined = (
        node
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant)
    )
    first = {str(node.values[0].value) for node in joined}  # type: ignore[attr-defined]
    return {text for text in first if re.fullmatch(r"[a-z_]+\.(?:[a-z]+[._])*", text)}


def test_every_phrase_that_is_used_is_there_and_no_other() -> None:
    used = (constants() | set(of_templates())) & set(CATALOGUE)
    for beginning in families() | OF_CONDITIONS:
        used |= {beginning + ending for ending in ENDINGS[beginning]}

    assert used == set(CATALOGUE)


def test_a_phrase_that_is_named_in_a_call_exists() -> None:
    named = {
        node.args[0].value
        for _, node in calls()
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }

    assert named - set(CATALOGUE) == set()
    assert len(named) > 60


def test_the_places_of_a_phrase_are_those_that_its_calls_fill() -> None:
    wrong = []
    for name, node in calls():
        if not isinstance(node.args[0], ast.Constant) or any(k.arg is None for k in node.keywords):
            continue
        filled = {k.arg for k in node.keywords} | ({"n"} if name == "count" else set())
        if places(CATALOGUE[node.args[0].value]) - filled:  # type: ignore[index]
            wrong.append(node.args[0].value)

    assert wrong == []


def test_the_templates_of_pages_say_phrases_that_exist() -> None:
    said = of_templates()

    assert set(said) - set(CATALOGUE) - {"kind."} == set()
    assert {k: filled for k, filled in said.items() if places(CATALOGUE.get(k, "")) != filled} == {}


def test_phrases_with_a_number_are_counted_and_no_others() -> None:
    counted = {k for k, phrase in CATALOGUE.items() if not isinstance(phrase, str)}
    called = {
        node.args[0].value
        for name, node in calls()
        if name == "count" and isinstance(node.args[0], ast.Constant)
    }

    joined = ("duration.", "scope.", "size.")
    assert {k for k in counted if not k.startswith(joined)} == {
        k for k in called if not str(k).startswith(joined)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_phrase_with_the_same_places(language: Language) -> None:
    phrases = wording(language).phrases

    assert list(phrases) == list(CATALOGUE)
    assert {k: places(p) for k, p in phrases.items()} == {
        k: places(p) for k, p in CATALOGUE.items()
    }
    assert {k: isinstance(p, str) for k, p in phrases.items()} == {
        k: isinstance(p, str) for k, p in CATALOGUE.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_with_a_number_has_both_forms_and_says_what_is_counted(language: Language) -> None:
    counted = {k: p for k, p in wording(language).phrases.items() if not isinstance(p, str)}

    assert {k: sorted(p) for k, p in counted.items()} == {k: ["one", "other"] for k in counted}
    assert [k for k, p in counted.items() if not places(p) & {"n", "names"}] == []


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_a_language_is_translated(language: Language) -> None:
    phrases = wording(language).phrases
    same = {k for k, p in phrases.items() if p == CATALOGUE[k] and places(p)}

    assert same <= {"quoted", "row", "step", "step.when", "attribute.pair", "lifecycle.do",
                    "table_then", "size.bytes", "fact.currency", "attribute.to"}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [("en", 0, "0 hours"), ("en", 1, "1 hour"), ("en", 2, "2 hours"), ("pt", 0, "0 hora"),
     ("pt", 1, "1 hora"), ("pt", 2, "2 horas"), ("es", 0, "0 horas"), ("es", 1, "1 hora")],
)  # fmt: skip
def test_a_number_takes_its_form(language: Language, number: int, said: str) -> None:
    assert wording(language).count("duration.hour", number) == said


def test_a_phrase_without_a_number_cannot_be_counted() -> None:
    with pytest.raises(KeyError):
        wording("en").count("when", 2)
    with pytest.raises(KeyError):
        wording("en").say("duration.hour")


def test_lists_are_read_aloud() -> None:
    words: Any = wording("en")

    assert words.all_of([]) == ""
    assert words.all_of(["a"]) == "a"
    assert words.all_of(["a", "b", "c"]) == "a, b and c"
    assert words.one_of(["a", "b"]) == "a or b"


def test_spanish_does_not_put_two_like_sounds_together() -> None:
    words = wording("es")

    assert words.all_of(["pay", "invoice"]) == "pay e invoice"
    assert words.all_of(["a", "“Hilo”"]) == "a e “Hilo”"
    assert words.all_of(["agua", "hielo"]) == "agua y hielo"
    assert words.one_of(["7", "ocho"]) == "7 u ocho"
    assert words.one_of(["pay", "cancel"]) == "pay o cancel"
    assert wording("pt").all_of(["pay", "invoice"]) == "pay e invoice"
