"""The reference page: it is up to date, nothing is left out, and every example gives what it says."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from engine_under_test import marketplace_files, sound

from offerwright.evaluate.columns import FAULTS
from offerwright.evaluate.operations import _OPERATIONS, evaluate
from offerwright.evaluate.run import Executor, Offers
from offerwright.evaluate.trace import written
from offerwright.expressions.cells import _OPERATORS as CELL_OPERATORS
from offerwright.expressions.entries import (
    AS_OF,
    CELLS,
    CURRENCY,
    FACTS,
    FUNCTION_NOTES,
    HIT_POLICIES,
    HIT_ROWS,
    LISTS,
    OPERATORS,
    ZONE,
    Cell,
    HitPolicy,
)
from offerwright.expressions.functions import FUNCTIONS
from offerwright.expressions.parse import Refusal, parse
from offerwright.expressions.reference import reference_markdown
from offerwright.expressions.syntax import Apply, Node
from offerwright.expressions.typing import check
from offerwright.facts.snapshot import build_snapshot
from offerwright.pipeline import Loadout
from offerwright.rules.document import Hit, Take

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.fromisoformat(AS_OF)
KNOWN, UNKNOWN = "KNOWN", "UNKNOWN"
EXAMPLES = [
    *((FUNCTIONS[name].example, note.gives, note.unknown) for name, note in FUNCTION_NOTES.items()),
    *((one.example, one.gives, one.unknown) for one in OPERATORS),
]


def shop_files(*documents: str) -> dict[str, str]:
    facts = "".join(
        f"  {f.name}: {{type: {f.type}, from: catalogue.{f.name}{', ' + f.more if f.more else ''}}}\n"
        for f in FACTS
    )
    return {
        "offerwright.yaml": (
            f"kind: shop\nname: shop\ntime_zone: {ZONE}\ncurrency: {CURRENCY}\n"
            "accounts: {a: {marketplace: alpha}}\nsources: {catalogue: {file: catalogue.csv}}\n"
        ),
        "rules/facts.yaml": f"kind: facts\nname: shop\nfacts:\n{facts}",
        **marketplace_files("alpha"),
        **{f"rules/list{n}.yaml": text for n, text in enumerate(LISTS)},
        **{f"rules/document{n}.yaml": text for n, text in enumerate(documents)},
    }


def offers(loadout: Loadout, root: Path, products: dict[str, dict[str, str]]) -> Offers:
    """The offers of products whose facts stand in a CSV file as they are written here."""
    names = [fact.name for fact in FACTS]
    rows = [{"sku": sku, **dict.fromkeys(names, ""), **known} for sku, known in products.items()]
    pl.DataFrame(rows, schema=dict.fromkeys(["sku", *names], pl.String)).write_csv(
        root / "catalogue.csv", quote_style="never"
    )
    snapshot = build_snapshot(loadout.schema, loadout.shop.document, root)
    assert len(snapshot.frame) == len(products), snapshot.rejects
    return Executor(loadout.rules).run(snapshot.frame, NOW)[0]


@cache
def shop() -> Loadout:
    return sound(shop_files())


@pytest.fixture(scope="module")
def two_products(tmp_path_factory: pytest.TempPathFactory) -> Offers:
    known = {fact.name: fact.value for fact in FACTS}
    return offers(shop(), tmp_path_factory.mktemp("shop"), {KNOWN: known, UNKNOWN: {}})


def test_the_page_is_what_the_tables_say() -> None:
    page = (ROOT / "docs" / "reference" / "language.md").read_text("utf-8")

    assert page == reference_markdown(), (
        "docs/reference/language.md is stale: write reference_markdown() to it"
    )


def test_every_function_has_its_note_and_its_section() -> None:
    page = reference_markdown()

    assert sorted(FUNCTION_NOTES) == sorted(FUNCTIONS)
    assert [name for name in FUNCTIONS if f"\n### {name}\n" not in page] == []
    assert [name for name, note in FUNCTION_NOTES.items() if f"{name}(" not in note.form] == []
    assert [n for n, f in FUNCTIONS.items() if f"{n}(" not in f.example] == []


def operations(node: Node) -> set[str]:
    if not isinstance(node, Apply):
        return set()
    return {node.operation}.union(*(operations(argument) for argument in node.arguments))


def test_every_operator_of_the_grammar_has_an_entry() -> None:
    # What typing makes of `+` and `-` between dates and times has no sign of its own.
    made = {"days_between", "moments_between", "date_add", "date_sub", "moment_add", "moment_sub",
            "midnight"}  # fmt: skip
    shown = set()
    for one in OPERATORS:
        node = parse(one.example)
        assert not isinstance(node, Refusal), one.form
        shown |= operations(node)

    assert set(_OPERATIONS) - set(FUNCTIONS) - made - shown == set()


def test_every_word_of_a_cell_has_an_entry() -> None:
    cells = " ".join(cell.cell for cell in CELLS)

    assert [word for word in CELL_OPERATORS if f"{{{word}: " not in cells] == []


def test_every_hit_policy_has_an_entry() -> None:
    said = " ".join(policy.written for policy in HIT_POLICIES)

    assert [hit for hit in get_args(Hit) if f"hit: {hit}" not in said] == []
    assert [take for take in get_args(Take) if f"take: {take}" not in said] == []


@pytest.mark.parametrize(("text", "known", "unknown"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_an_example_gives_what_the_page_says(
    two_products: Offers, text: str, known: str, unknown: str
) -> None:
    node = parse(text)
    assert not isinstance(node, Refusal)
    typed = check(node, two_products.plan.scope)
    assert not isinstance(typed, Refusal), typed
    column = evaluate(typed, two_products.rows)
    kind = typed.type.name if typed.type.name in ("date", "datetime", "percent") else ""

    assert [shown(column, row, kind) for row in (0, 1)] == [known, unknown]


def shown(column: Any, row: int, kind: str) -> str:
    state = 0 if column.state is None else int(column.state[row])
    text = FAULTS.get(state) or written(column, row, kind)
    plain = re.fullmatch(r"(-?\d+)\.(\d*?)0*", text)
    return text if plain is None else f"{plain[1]}.{plain[2]}".rstrip(".")


def cell_products(cell: Cell) -> dict[str, dict[str, str]]:
    values = [*(("T", v) for v in cell.holds), *(("F", v) for v in cell.fails)]
    found = {f"{kind}{n}": {cell.fact: value} for n, (kind, value) in enumerate(values)}
    return found if cell.cell in ("present", "missing") else {**found, "M": {}}


@pytest.mark.parametrize("cell", CELLS, ids=[cell.form for cell in CELLS])
def test_a_cell_is_true_and_false_for_what_the_page_says(cell: Cell, tmp_path: Path) -> None:
    document = (
        "kind: pricing\nname: p\nsteps:\n"
        "  - {id: none, phase: base, set: {price: 1, holds: 0, fails: 0}}\n"
        f"  - {{id: holds, phase: base, when: {{{cell.fact}: {cell.cell}}}, set: {{holds: 1}}}}\n"
        f"  - {{id: fails, phase: base, when: {{not: {{{cell.fact}: {cell.cell}}}}}, set: {{fails: 1}}}}\n"
    )
    found = offers(sound(shop_files(document)), tmp_path, cell_products(cell))
    said = {
        sku: "".join(shown(found.rows.get(name), row, "") for name in ("holds", "fails"))
        for row, sku in enumerate(found.frame["sku"])
    }

    assert said == {sku: {"T": "10", "F": "01", "M": "00"}[sku[0]] for sku in said}


def hit_document(policy: HitPolicy) -> str:
    rows = "".join(f"      - {row}\n" for row in HIT_ROWS)
    hit = policy.written.replace(", ", "\n    ")
    otherwise = "    otherwise: {off: 0%}\n" if policy.otherwise == "needed" else ""
    if "list" in policy.written:
        head = "kind: decision\nname: said\nresults: {said: {type: percent}}\n"
        return f"{head}{hit}\nrules:\n{rows.replace('off:', 'said:')}".replace(
            "\n    take", "\ntake"
        )
    return (
        f"kind: pricing\nname: p\nsteps:\n  - id: t\n    phase: base\n    {hit}\n    rules:\n{rows}"
        f"{otherwise}    set: {{price: 1, said: off}}\n"
    ).replace("off", "share")


@pytest.mark.parametrize("policy", HIT_POLICIES, ids=[p.written for p in HIT_POLICIES])
def test_a_hit_policy_gives_what_the_page_says(policy: HitPolicy, tmp_path: Path) -> None:
    products = {
        f"P{n}": {"cost": cost, "tier": tier} for n, (cost, tier, _) in enumerate(policy.gives)
    }
    found = offers(sound(shop_files(hit_document(policy))), tmp_path, products)
    kind = "" if "count" in policy.written else "percent"
    said = []
    for row in range(len(products)):
        codes = [b.code for b in found.blocks if b.aspect == "price" and b.mask[row]]
        said.append(codes[0] if codes else shown_share(found, row, kind))

    assert said == [gives for _, _, gives in policy.gives]


def shown_share(found: Offers, row: int, kind: str) -> str:
    column = found.rows.get("said")
    vocabulary = getattr(column, "vocabulary", None)
    if vocabulary is not None:
        return ", ".join(
            f"{value * 100:f}".rstrip("0").rstrip(".") + "%"
            for value in vocabulary[int(column.codes[row])]
        )  # type: ignore[union-attr]
    return shown(column, row, kind)
