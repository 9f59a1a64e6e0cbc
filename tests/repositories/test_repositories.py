"""Both repositories hold good documents and tables, whatever the engine does with them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from repositories.documents import (
    MODELS,
    OLIST,
    ROOT,
    data_of,
    document_files,
    rows_of,
    table_files,
)

REPOSITORIES = (ROOT, OLIST)
DOCUMENTS = [file for root in REPOSITORIES for file in document_files(root)]
TABLES = [file for root in REPOSITORIES for file in table_files(root)]


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_every_document_fits_its_model(file: Path) -> None:
    data = data_of(file)
    document = MODELS[data["kind"]].model_validate(data)

    assert document.kind == data["kind"]


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_the_first_line_tells_an_editor_where_the_schema_is(file: Path) -> None:
    first = file.read_text(encoding="utf-8").split("\n", 1)[0]
    schema = first.removeprefix("# yaml-language-server: $schema=")

    assert (file.parent / schema).resolve() == (
        ROOT / "schemas" / f"{data_of(file)['kind']}.schema.json"
    )


@pytest.mark.parametrize("root", REPOSITORIES, ids=name_of)
def test_names_are_unique_per_kind(root: Path) -> None:
    names = Counter((d["kind"], d["name"]) for d in map(data_of, document_files(root)))

    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("file", TABLES, ids=name_of)
def test_row_ids_are_unique_in_every_table(file: Path) -> None:
    ids = Counter(row["id"] for row in rows_of(file))

    assert [name for name, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("file", TABLES, ids=name_of)
def test_every_table_is_named_by_a_document_beside_it(file: Path) -> None:
    documents = [path.read_text(encoding="utf-8") for path in file.parent.glob("*.yaml")]

    assert any(f"file: {file.name}" in text for text in documents)


@pytest.mark.parametrize("file", TABLES, ids=name_of)
def test_every_row_has_as_many_cells_as_the_header(file: Path) -> None:
    ragged = [row["id"] for row in rows_of(file) if None in row or None in row.values()]

    assert ragged == []


def test_the_markup_bands_of_every_branch_meet_without_gap_or_overlap() -> None:
    bands: dict[str, list[str]] = {}
    for row in rows_of(ROOT / "rules" / "pricing" / "markups.csv"):
        bands.setdefault(row["when.category"], []).append(row["when.cost"])

    broken = []
    for branch, cells in bands.items():
        end = "0"
        for cell in cells[:-1]:
            start, _, next_end = cell.partition("..")
            if start != end:
                broken.append((branch, cell))
            end = next_end
        if cells[-1] != f">= {end}":
            broken.append((branch, cells[-1]))
    assert broken == []


def test_no_branch_of_the_markups_lies_below_another() -> None:
    rows = rows_of(ROOT / "rules" / "pricing" / "markups.csv")
    branches = {row["when.category"].removeprefix("under ") for row in rows}

    assert [(a, b) for a in branches for b in branches if b.startswith(f"{a}/")] == []
    assert len(rows) >= 40
