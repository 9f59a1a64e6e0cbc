"""A repository becomes documents: kinds, names, tables, order, speed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

from pydantic_core import core_schema
from source.kinds import KINDS, ROOT, repository_of

from offerwright.facts.document import ShopDocument
from offerwright.source.load import load_documents, load_one
from offerwright.source.model_errors import VERDICTS
from offerwright.source.repository import Repository, read_repository, shipped_marketplaces

LIST = "kind: lists\nname: {}\nvalues: [x]\n"
TABLE = (
    "kind: pricing\nname: p\nsteps: [{{phase: base, id: b, file: {}, otherwise: {{price: 1}}}}]\n"
)


def test_documents_come_in_the_order_of_their_files() -> None:
    files = {f"rules/{n}.yaml": LIST.format(n).encode() for n in ("c", "a", "b")}

    loaded, found = load_documents(Repository(Path("."), files), KINDS)

    assert found == []
    assert [(d.file, d.name) for d in loaded] == [
        ("rules/a.yaml", "a"), ("rules/b.yaml", "b"), ("rules/c.yaml", "c"),
    ]  # fmt: skip


def test_a_mistake_stops_only_its_own_file() -> None:
    repository = repository_of(a_yaml="kind: [\n", b_yaml=LIST.format("b"), c_yaml="kind: lists\n")

    loaded, found = load_documents(repository, KINDS)

    assert [d.file for d in loaded] == ["rules/b.yaml"]
    assert [(d.code, d.span and d.span.file) for d in found] == [
        ("UNCLOSED_BRACKET", "rules/a.yaml"),
        ("MISSING_KEY", "rules/c.yaml"),
    ]


def test_a_yaml_error_hides_what_the_model_would_say() -> None:
    repository = repository_of(a_yaml="kind: lists\nkind: lists\nnmae: x\n")

    assert [d.code for d in load_documents(repository, KINDS)[1]] == ["DUPLICATE_KEY"]


def test_two_documents_of_one_kind_and_name_are_refused() -> None:
    repository = repository_of(a_yaml=LIST.format("x"), b_yaml=LIST.format("x"))

    found = load_documents(repository, KINDS)[1]

    assert [(d.code, str(d.span), str(d.related[0].span)) for d in found] == [
        ("DUPLICATE_NAME", "rules/b.yaml:2:7", "rules/a.yaml:2:7")
    ]


def test_one_name_in_two_kinds_is_fine() -> None:
    fees = "kind: fees\nname: x\nfees: [{id: f, otherwise: {rate: 1%}}]\n"

    loaded, found = load_documents(repository_of(a_yaml=LIST.format("x"), b_yaml=fees), KINDS)

    assert (len(loaded), found) == (2, [])


def test_tests_of_rules_are_no_documents() -> None:
    repository = repository_of(a_yaml=LIST.format("a"), **{"a.test_yaml": "cases: []\n"})
    assert "rules/a.test.yaml" in repository.files

    loaded, found = load_documents(repository, KINDS)

    assert ([d.file for d in loaded], found) == (["rules/a.yaml"], [])


def test_only_what_lies_under_the_folder_is_loaded() -> None:
    files = {
        "rules/a.yaml": LIST.format("a").encode(),
        "marketplaces/m/b.yaml": LIST.format("b").encode(),
    }
    repository = Repository(Path("."), files)

    assert [d.name for d in load_documents(repository, KINDS)[0]] == ["a"]
    assert [d.name for d in load_documents(repository, KINDS, "marketplaces/m/b.yaml")[0]] == ["b"]


def test_a_table_is_found_beside_its_document() -> None:
    files = {
        "rules/pricing/a.yaml": TABLE.format("../tables/t.csv").encode(),
        "rules/tables/t.csv": b"id,then.price\nx,5\n",
    }

    loaded, found = load_documents(Repository(Path("."), files), KINDS)

    assert found == []
    assert loaded[0].tables["../tables/t.csv"].rows == (("x", "5"),)
    assert loaded[0].tables["../tables/t.csv"].file == "rules/tables/t.csv"


def test_a_misspelt_table_is_suggested() -> None:
    repository = repository_of(a_yaml=TABLE.format("markup.csv"), markups_csv="id\n")

    found = load_documents(repository, KINDS)[1]

    assert [(d.code, d.hint) for d in found] == [("FILE_NOT_FOUND", "did you mean 'markups.csv'?")]


def test_a_damaged_table_is_shown_in_its_own_file() -> None:
    repository = repository_of(a_yaml=TABLE.format("t.csv"), t_csv="id,then.price\nx\n")

    loaded, found = load_documents(repository, KINDS)

    assert loaded == ()
    assert [(d.code, str(d.span)) for d in found] == [("CELL_COUNT", "rules/t.csv:2:1")]


def test_a_fact_that_is_called_file_is_no_table() -> None:
    text = "kind: pricing\nname: p\nsteps: [{phase: base, id: b, when: {file: x.csv}, set: {price: 1}}]\n"

    loaded, found = load_documents(repository_of(a_yaml=text), KINDS)

    assert (len(loaded), found) == (1, [])


def test_the_shop_is_loaded_alone() -> None:
    shop = (ROOT / "tests" / "corpus" / "ok" / "shop.yaml").read_bytes()
    repository = Repository(Path("."), {"offerwright.yaml": shop})

    loaded, found = load_one(repository, "offerwright.yaml", ShopDocument)

    assert found == []
    assert loaded is not None
    assert (loaded.document.currency, loaded.located.key(("currency",)).line) == ("BRL", 4)


def test_a_missing_file_is_said_to_be_missing() -> None:
    loaded, found = load_one(Repository(Path("."), {}), "offerwright.yaml", ShopDocument)

    assert (loaded, [d.code for d in found]) == (None, ["FILE_NOT_FOUND"])


def test_the_reference_repository_is_read_without_findings() -> None:
    repository, found = read_repository(ROOT, shipped_marketplaces())
    known = tuple(f"kind: {kind}".encode() for kind in KINDS)
    ours = {n: c for n, c in repository.files.items() if c.startswith(known)}
    tables = {n: c for n, c in repository.files.items() if n.endswith(".csv")}

    loaded, wrong = load_documents(Repository(ROOT, ours | tables), KINDS)

    assert (found, wrong) == ([], [])
    assert len(loaded) == sum(1 for name in ours if name.startswith("rules/"))


def test_5_000_rules_are_read_well_under_two_seconds() -> None:
    rows = "".join(
        f"      - {{id: r{i}, when: {{category: {{under: phones}}, cost: 0..500, tier: gold}}, "
        f"then: {{markup: 18%, plus: 4.00}}, note: rule number {i}}}\n"
        for i in range(50)
    )
    files = {
        f"rules/f{n}.yaml": f"kind: pricing\nname: f{n}\nsteps:\n  - id: s\n    phase: base\n    rules:\n{rows}".encode()
        for n in range(100)
    }
    start = time.process_time()

    loaded, found = load_documents(Repository(Path("."), files), KINDS)

    assert time.process_time() - start < 2.0
    assert (len(loaded), found) == (100, [])


def test_reading_imports_no_heavy_library() -> None:
    program = (
        "import sys; import offerwright.source.load, offerwright.source.snippet, "
        "offerwright.source.revision, offerwright.rules.document\n"
        "heavy = {'polars', 'numpy', 'jsonschema', 'rich', 'pyarrow', 'ruamel', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, cwd=ROOT / "engine",
    )  # fmt: skip

    assert ran.stdout == "[]\n"


# What strict models of YAML data cannot raise: other types, lax parsing, calls, dates of pydantic.
NEVER = (
    "json_", "dataclass", "named_tuple", "arguments_type", "argument", "url_", "uuid_", "complex",
    "fraction", "bytes_", "time_", "datetime_", "date_", "timezone", "set_", "frozen", "tuple_",
    "mapping_", "iterable", "iteration", "callable", "is_subclass", "enum", "float_", "counter",
    "ordered", "deque", "no_such", "needs_python", "recursion", "get_attribute", "default_factory",
    "none_required", "multiple_of", "string_unicode", "string_not_ascii", "bool_parsing",
    "int_parsing_size", "int_from_float", "decimal_max", "decimal_whole", "missing_sentinel",
    "ellipsis", "invalid_key", "multiple_argument", "frozen_",
)  # fmt: skip
OWN_WORDS = {"value_error", "assertion_error"}


def test_every_error_of_pydantic_has_words_of_ours() -> None:
    kinds = set(get_args(core_schema.ErrorType))
    unknown = {
        kind
        for kind in kinds - set(VERDICTS) - OWN_WORDS
        if not any(part in kind for part in NEVER)
    }

    assert unknown == set()
