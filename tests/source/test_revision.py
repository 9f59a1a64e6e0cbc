"""A revision is a hash of what a document means."""

from __future__ import annotations

import pytest
from source.kinds import KINDS, repository_of

from offerwright.source.load import load_documents
from offerwright.source.revision import revision

BASE = """\
kind: pricing
name: p
steps:
  - id: b
    phase: base
    rules:
      - {id: r, when: {brand: Acme, cost: 0..5}, then: {markup: 18%, plus: 4.00}}
      - {id: s, when: {brand: "5"}, then: {markup: 1%, plus: 1}}
    set: {price: cost * (1 + markup) + plus}
  - {id: e, phase: round, ending: 0.99}
"""


def of(text: str, table: str = "id,then.price\nx,5\n") -> str:
    loaded, found = load_documents(repository_of(a_yaml=text, t_csv=table), KINDS)
    assert found == []
    return revision(loaded[0].document, loaded[0].tables)


def test_a_revision_is_short_and_stable() -> None:
    assert of(BASE) == of(BASE)
    assert len(of(BASE)) == 16
    assert int(of(BASE), 16) >= 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: pricing\n", "# a comment\n\nkind:   pricing\n"),
        ("kind: pricing\nname: p\n", "name: p\nkind: pricing\n"),
        ("name: p\n", "name: p\nowner: maria\nnote: hello\nversion: 7\n"),
        ("{brand: Acme, cost: 0..5}", "{cost: 0..5, brand: 'Acme'}"),
        ("{id: s,", "{id: s, note: why,"),
        ("    rules:", "    hit: unique\n    rules:"),
        ("name: p\n", "name: p\noverride: false\nfor: {}\n"),
    ],
)
def test_what_does_not_change_the_meaning_keeps_the_revision(old: str, new: str) -> None:
    assert old in BASE

    assert of(BASE.replace(old, new)) == of(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("18%", "19%"),
        ("name: p", "name: q"),
        ('brand: "5"', "brand: 5"),
        ("0.99", "0.98"),
        ("brand: Acme", "brand: acme"),
        ("    rules:", "    hit: any\n    rules:"),
        ("plus: 1}", "plus: 1, note: x}"),
        ("name: p\n", "name: p\nvalid: {from: 2026-01-01}\n"),
    ],
)
def test_what_changes_the_meaning_changes_the_revision(old: str, new: str) -> None:
    assert old in BASE

    assert of(BASE.replace(old, new)) != of(BASE)


def test_the_order_of_rows_and_steps_counts() -> None:
    lines = BASE.splitlines(keepends=True)
    rows_swapped = [*lines[:6], lines[7], lines[6], *lines[8:]]

    assert of("".join(rows_swapped)) != of(BASE)


def test_a_table_counts_with_its_cells_and_without_its_notes() -> None:
    text = "kind: pricing\nname: p\nsteps: [{phase: base, id: b, file: t.csv}]\n"
    plain = of(text, "id,then.price\nx,5\n")

    assert of(text, "id,then.price\nx,6\n") != plain
    assert of(text, 'id,then.price\r\n"x","5"\r\n') == plain
    assert of(text, "id,then.price,note\nx,5,hello\n") == plain
