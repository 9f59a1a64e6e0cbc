"""A repository without a rule is the one in which somebody deleted it by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from offerwright.errors import OfferwrightError
from offerwright.pipeline import linked
from offerwright.source.repository import Repository, read_repository
from offerwright.whatif.parts import find_part, parts_of, whole
from offerwright.whatif.without import documents_of, readers, without, without_all

ROOT = Path(__file__).parents[2]
MARKUPS = """\
kind: pricing
name: shop
steps:
  - id: markups
    phase: base
    rules:
      # Loud things
      - {id: audio, when: {category: audio}, then: {markup: 18%}}  # agreed
      - id: cables
        when: {category: cables}
        then: {markup: 40%}
    otherwise: {markup: 90%}
    set: {price: cost * (1 + markup)}
  - {id: up, phase: adjust, set: {price: price + 1}}
"""


@pytest.fixture(scope="module")
def reference() -> Repository:
    return read_repository(ROOT, ROOT / "marketplaces")[0]


def shop(files: Mapping[str, str]) -> Repository:
    return Repository(Path("."), {name: text.encode() for name, text in files.items()})


def cut(files: Mapping[str, str], rule: str) -> dict[str, str]:
    made, _ = without_all(shop(files), [rule])
    return {name: body.decode() for name, body in made.files.items()}


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ("shop/audio", "      - {id: audio, when: {category: audio}, then: {markup: 18%}}"),
        (
            "shop/markups/cables",
            "      - id: cables\n        when: {category: cables}\n        then: {markup: 40%}",
        ),
        ("shop/up", "  - {id: up, phase: adjust, set: {price: price + 1}}"),
    ],
)
def test_all_other_lines_stay_where_they_are(rule: str, gone: str) -> None:
    made = cut({"rules/a.yaml": MARKUPS}, rule)["rules/a.yaml"].splitlines()
    before = MARKUPS.splitlines()
    first = MARKUPS[: MARKUPS.index(gone)].count("\n")
    lines = range(first, first + gone.count("\n") + 1)

    assert len(made) == len(before)
    assert [made[n] for n in range(len(before)) if n not in lines] == [
        before[n] for n in range(len(before)) if n not in lines
    ]
    assert all(made[n].split("#")[0].strip() == "" for n in lines)


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("[{id: a, then: {x: 1}}, {id: b, then: {x: 2}}]", ["b"]),
        ("[{id: b, then: {x: 1}}, {id: a, then: {x: 2}}]", ["b"]),
        ("[{id: b, then: {x: 1}} , {id: a, then: {x: 2}} , {id: c, then: {x: 2}}]", ["b", "c"]),
        ("[{id: a, then: {x: 1}}]", []),
        ("\n      - {id: a, then: {x: 1}}", []),
    ],
)
def test_rows_go_out_of_lists_in_either_style(rules: str, left: list[str]) -> None:
    text = (
        "kind: pricing\nname: shop\nsteps:\n  - id: s\n    phase: base\n    otherwise: {x: 1}\n"
        f"    set: {{price: x}}\n    rules: {rules}\n"
    )
    repository = without_all(shop({"rules/a.yaml": text}), ["shop/s/a"])[0]
    (document,) = documents_of(repository)

    assert [row.id for row in document.document.steps[0].rules] == left


def test_a_row_of_a_csv_file_leaves_its_line_empty() -> None:
    document = (
        "kind: pricing\nname: shop\nsteps:\n  - {id: s, phase: base, file: a.csv, "
        "otherwise: {x: 1}, set: {price: x}}\n"
    )
    files = {"rules/a.yaml": document, "rules/a.csv": 'id,then.x,note\na,1,"two\nlines"\nb,2,\n'}

    assert cut(files, "shop/s/a")["rules/a.csv"] == "id,then.x,note\n\n\nb,2,\n"
    assert cut(files, "shop/s/2")["rules/a.csv"] == 'id,then.x,note\na,1,"two\nlines"\n\n'


def test_an_only_row_takes_its_step_along_and_an_only_step_its_document() -> None:
    text = (
        "kind: pricing\nname: shop\nsteps:\n  - id: s\n    phase: base\n    set: {price: x}\n"
        "    rules: [{id: a, then: {x: 1}}]\n"
    )
    more = text + "  - {id: t, phase: adjust, set: {price: price}}\n"

    assert cut({"rules/a.yaml": text}, "shop/s/a") == {}
    assert cut({"rules/a.yaml": more}, "shop/a")["rules/a.yaml"].splitlines() == [
        "kind: pricing",
        "name: shop",
        "steps:",
        *["  ", "", "", ""],
        "  - {id: t, phase: adjust, set: {price: price}}",
    ]


def test_the_otherwise_of_a_table_is_left_out_as_a_row_is() -> None:
    made = cut({"rules/a.yaml": MARKUPS}, "shop/markups/otherwise")["rules/a.yaml"]
    only = (
        "kind: pricing\nname: shop\nsteps:\n  - id: s\n    phase: base\n    set: {price: x}\n"
        "    otherwise: {x: 1}\n"
    )

    assert made == MARKUPS.replace("    otherwise: {markup: 90%}\n", "    \n")
    assert cut({"rules/a.yaml": only}, "shop/otherwise") == {}


def test_a_list_stays_with_nothing_on_it() -> None:
    files = {"rules/l.yaml": "kind: lists\nname: vips\nvalues:\n  - A\n  - B\n"}

    assert cut(files, "vips")["rules/l.yaml"] == "kind: lists\nname: vips\nvalues:\n  []\n\n"


def test_what_an_anchor_holds_together_is_refused() -> None:
    text = (
        "kind: pricing\nname: shop\nsteps:\n"
        "  - {id: a, phase: base, set: &all {price: cost}}\n"
        "  - {id: b, phase: adjust, set: *all}\n"
    )
    with pytest.raises(OfferwrightError, match="cannot be left out as it is written"):
        cut({"rules/a.yaml": text}, "shop/a")


def test_every_part_of_the_reference_rules_can_be_left_out(reference: Repository) -> None:
    """What is read anew is held against what was deleted in the data: `without` refuses else."""
    documents = documents_of(reference)
    done = 0
    for loaded in documents:
        parts = [whole(loaded), *parts_of(loaded)] if loaded.document.kind != "facts" else []
        for part in parts[:12]:
            assert without(reference, documents, part).files != reference.files
            done += 1

    assert done > 80


def test_rules_without_one_compile_to_what_a_hand_made_file_does(reference: Repository) -> None:
    file = "rules/pricing/shop.yaml"
    text = reference.files[file].decode()
    start = text.index("  - id: gold-brands")
    end = text.index("\n\n", start)
    by_hand = {**reference.files, file: (text[:start] + text[end:]).encode()}
    made, _ = without_all(reference, ["shop/gold-brands"])

    assert "gold-brands" not in (text[:start] + text[end:])
    assert linked(made, []).digest == linked(Repository(ROOT, by_hand), []).digest


def test_the_other_readers_of_a_csv_file_are_named(reference: Repository) -> None:
    documents = documents_of(reference)
    part = find_part(documents, "mercadolibre-br/campaigns/black-friday-house")

    assert [(one.kind, one.title) for one in readers(documents, part)] == [
        ("pricing", "amazon-br/campaigns/black-friday-house"),
        ("pricing", "own-shop/campaigns/black-friday-house"),
    ]


def test_what_is_gone_already_is_said_to_be(reference: Repository) -> None:
    with pytest.raises(
        OfferwrightError, match="without shop/markups there is no shop/markups/casa"
    ):
        without_all(reference, ["shop/markups", "shop/markups/casa-cozinha-low"])
