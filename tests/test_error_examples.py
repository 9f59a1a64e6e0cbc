"""Every example of docs/errors.md: the wrong one gives its code, the right one does not."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from offerwright.errors import Diagnostic
from offerwright.pipeline import compile_repository, findings_of
from offerwright.source.repository import Repository

ROOT = Path(__file__).resolve().parents[1]

BASE = {
    "offerwright.yaml": """\
kind: shop
name: examples
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  meli: {marketplace: mercadolibre, site: MLB, credentials: meli, settings: {seller_id: "1"}}
  meli-outlet: {marketplace: mercadolibre, site: MLB, credentials: o, settings: {seller_id: "2"}}
sources:
  catalogue: {file: data/catalogue.csv, sku: sku}
  costs: {file: data/costs.csv, sku: sku}
  stock: {file: data/stock.csv, sku: sku}
  brands: {file: data/brands.csv, sku: brand}
  erp: {file: data/erp.csv, sku: sku}
""",
    "rules/facts.yaml": """\
kind: facts
name: shop
facts:
  brand: {type: text, from: catalogue.brand}
  name: {type: text, from: catalogue.name}
  category: {type: path, from: catalogue.category}
  cost: {type: money, from: costs.cost}
  on_hand: {type: map of integer, from: stock.on_hand, key: node}
""",
    "rules/guards/floor.yaml": """\
kind: guards
name: floor
guards:
  - {id: step, check: step_from_live, down: 30%, else: needs_approval}
  - {id: moved, check: share_moved, at_most: 20%, else: needs_approval}
""",
    "rules/pricing/markups.csv": "id,when.category,then.price\na,,1.00\n",
}

Place = tuple[str, str]
"""A file, and what surrounds an example in it; `<<4>>` is the example, indented by four."""


LISTS: Place = ("rules/example.yaml", "kind: lists\nname: example\nvalues: [a]\n<<>>\n")
HEAD: Place = ("rules/example.yaml", "kind: lists\nvalues: [a]\n<<>>\n")
RAW: Place = ("rules/example.yaml", "<<>>\nname: example\nsteps: []\n")
FACTS: Place = ("rules/example.yaml", "kind: facts\nname: example\nfacts:\n<<2>>\n")
SHOP: Place = ("offerwright.yaml", "")
STEPS: Place = ("rules/example.yaml", "kind: pricing\nname: example\nsteps:\n<<2>>\n")
STEP: Place = (
    "rules/example.yaml",
    "kind: pricing\nname: example\nsteps:\n  - id: one\n    phase: base\n<<4>>\n",
)
ROWS: Place = (
    "rules/example.yaml",
    "kind: pricing\nname: example\nsteps:\n  - id: one\n    phase: base\n"
    "    otherwise: {markup: 20%}\n    set: {price: cost * (1 + markup)}\n    rules:\n<<6>>\n",
)
FIRST: Place = (ROWS[0], ROWS[1].replace("    phase: base\n", "    phase: base\n    hit: first\n"))
ANY: Place = (ROWS[0], ROWS[1].replace("    phase: base\n", "    phase: base\n    hit: any\n"))
OPEN: Place = (ROWS[0], ROWS[1].replace("    otherwise: {markup: 20%}\n", ""))
BOUNDS: Place = (
    "rules/example.yaml",
    "kind: pricing\nname: example\nsteps:\n  - id: one\n    phase: bounds\n<<4>>\n",
)
ROW: Place = (
    "rules/example.yaml",
    "kind: pricing\nname: example\nsteps:\n  - id: one\n    phase: base\n"
    "    set: {price: cost}\n<<4>>\n",
)
FEE: Place = (
    "rules/example.yaml",
    "kind: fees\nname: example\nfees:\n  - id: one\n    rules:\n      - id: a\n<<8>>\n",
)
FEES: Place = ("rules/example.yaml", "kind: fees\nname: example\n<<>>\n")
SHARES: Place = (
    "rules/example.yaml",
    "kind: inventory\nname: example\npool: {on_hand: on_hand}\n"
    "allocate:\n  method: partition\n  marketplaces:\n<<4>>\n",
)
ALLOCATE: Place = (
    "rules/example.yaml",
    "kind: inventory\nname: example\npool: {on_hand: on_hand}\n<<>>\n",
)
ENTRY: Place = (
    "rules/example.yaml",
    "kind: inventory\nname: example\npool: {on_hand: on_hand}\n"
    "allocate:\n  method: shared\n  marketplaces:\n    - account: meli\n<<6>>\n",
)
ATTRIBUTE: Place = (
    "rules/example.yaml",
    "kind: mapping\nname: example\nattributes:\n  NAME:\n<<4>>\n",
)
GUARDS: Place = ("rules/example.yaml", "kind: guards\nname: example\nguards:\n<<2>>\n")
OWN_GUARDS: Place = ("rules/guards/floor.yaml", "kind: guards\nname: floor\n<<>>\n")
APPROVES: Place = ("rules/example.yaml", "kind: approvals\nname: example\napproves:\n<<2>>\n")
CASES: Place = (
    "rules/example.test.yaml",
    "kind: test\nname: example\nas_of: 2026-12-01\naccount: meli\n"
    "fixtures: {phone: {brand: Acme, cost: 480.00}}\ncases:\n<<2>>\n",
)
STATES: Place = (
    "rules/example.yaml",
    "kind: lifecycle\nname: example\ninitial: a\nstates:\n<<2>>\n",
)
ATTEMPTS: Place = (
    "rules/example.yaml",
    "kind: routing\nname: example\nstock: {on_hand: on_hand}\notherwise: {queue: manual}\n"
    "attempts:\n<<2>>\n",
)
CSV: Place = ("rules/pricing/markups.csv", "id,when.cost,then.markup,then.plus,note\n<<>>\n")
CSV_ROW: Place = ("rules/pricing/markups.csv", "id,then.markup\n<<>>\n")
CSV_HEAD: Place = ("rules/pricing/markups.csv", "<<>>\n")
PAYLOAD = (
    "kind: payload\nname: price\naspect: price\naction: update\nparts:\n  body:\n    offers:\n"
    "      - price: {$value: price}\n"
)
READS = (
    "readback:\n  sku: {from: operation}\n  price: body#/offers/0/price\n"
    "  sale_price: {absent: true}\n  quantity: {absent: true}\n  currency: {from: account}\n"
)
PRICE = "marketplaces/mercadolibre/payloads/price.yaml"
CONTRACT = "contract: {body: price.schema.json}\n"
BODY: Place = (
    PRICE,
    (PAYLOAD + CONTRACT + READS).replace("      - price: {$value: price}", "      -\n<<8>>"),
)
PART: Place = (PRICE, PAYLOAD + "<<>>\n" + READS)
NEEDS: Place = (
    PRICE,
    "<<needs>>" + (PAYLOAD + CONTRACT + READS).replace("price}\n", "price}\n<<8>>\n", 1),
)
READBACK: Place = (
    PRICE, (PAYLOAD + CONTRACT + READS).replace("  price: body#/offers/0/price", "<<2>>")
)  # fmt: skip

# Where the example of a code stands: the file, and what surrounds it.
PLACES: dict[str, Place] = {
    "ALIAS": LISTS, "APPROVAL_WITHOUT_BOUND": APPROVES,
    "APPROVAL_WITHOUT_EFFECT": APPROVES, "BAD_BOUND": FACTS, "BAD_FROM": FACTS,
    "BOUNDS_ALWAYS_CROSS": BOUNDS, "BAD_INDENTATION": FEES, "BAD_MISSING": FACTS, "BAD_NAME": HEAD, "BAD_UNIT": FACTS,
    "CANNOT_SET": STEP, "CASE_WITHOUT_EXPECT": CASES, "UNKNOWN_CODE": CASES,
    "UNKNOWN_FIXTURE": CASES, "WRONG_GIVEN": CASES,
    "CELL_COUNT": CSV, "DEAD_ROW": FIRST, "DUPLICATE_KEY": LISTS, "EMPTY_KEY": LISTS,
    "ENCODING": BODY, "ENUM_WITHOUT_OF": FACTS, "FEE_READS_PRICE": FEE, "FILE_NOT_FOUND": ROW,
    "KEY_NOT_TEXT": LISTS, "LIKE_A_PRICE": STEP, "KEY_WITHOUT_MAP": FACTS, "MAP_WITHOUT_KEY": FACTS,
    "MISSING_KEY": GUARDS, "MISSING_SALES_RATE": ALLOCATE, "MISSING_SHARE": SHARES, "MIXED_RESULT": ROWS, "NO_CONTRACT": PART,
    "NO_FLOOR": OWN_GUARDS, "PATH_OUTSIDE": ROW, "QUOTE_NEEDED": LISTS, "READBACK_POINTER": READBACK,
    "RESULTS_CONFLICT": ANY, "ROW_NEVER_MATCHES": ROWS, "TABLE_GAP": OPEN,
    "RESERVED_NAME": FACTS, "RULES_OVERLAP": ROWS, "SEPARATOR": CSV_HEAD, "SMART_QUOTE": HEAD, "SOURCE_OUTSIDE": SHOP,
    "DEAD_END": STATES, "EFFECT_OUT_OF_ORDER": STATES, "FINAL_STATE_LEFT": STATES,
    "STOCK_NOT_RELEASED": STATES, "UNKNOWN_EFFECT": STATES, "UNKNOWN_STATE": STATES,
    "UNREACHABLE_STATE": STATES,
    "TAG": LISTS, "TEMPLATE_NOT_QUOTED": ATTRIBUTE, "TEXT_AFTER_QUOTE": CSV_ROW,
    "TWO_ACCOUNTS_SHARE": SHARES, "UNCLOSED_BRACKET": LISTS, "UNCLOSED_QUOTE": LISTS,
    "UNDECLARED_NEED": NEEDS, "UNKNOWN_HEADING": CSV_HEAD, "UNKNOWN_KEY": STEPS,
    "UNKNOWN_KIND": RAW, "UNKNOWN_SOURCE": FACTS, "UNKNOWN_TIME_ZONE": SHOP,
    "UNKNOWN_TYPE": FACTS, "UNKNOWN_VALUE": STEPS, "WRONG_CONDITION": FEE, "WRONG_EXPRESSION": STEP,
    "WRONG_HYSTERESIS": ENTRY,
    "ATTEMPT_UNREACHABLE": ATTEMPTS, "BAD_BAND": ATTEMPTS, "RANK_KEY_IDLE": ATTEMPTS,
    "RANK_NOT_TOTAL": ATTEMPTS, "WRONG_STOCK_TEST": ATTEMPTS,
    "WRONG_TEMPLATE": ATTRIBUTE, "WRONG_TYPE": STEPS, "YAML_SYNTAX": LISTS,
}  # fmt: skip


def examples() -> dict[str, tuple[str, str]]:
    """Code → the wrong and the right example of its section."""
    text = (ROOT / "docs" / "errors.md").read_text("utf-8")
    parts = re.split(r"^### (\S+)$", text, flags=re.MULTILINE)
    found = {}
    for code, section in zip(parts[1::2], parts[2::2], strict=True):
        block = re.search(r"```\w+\n# wrong\n(.*?)\n# right\n(.*?)\n```", section, re.DOTALL)
        if block:
            found[code] = (block[1], block[2])
    return found


EXAMPLES = examples()


def placed(code: str, example: str) -> dict[str, str]:
    """The repository with the example in its place."""
    file, around = PLACES[code]
    if code == "WRONG_TYPE":
        example = f"- {{id: fees, phase: fees, {example}}}"
    if code == "SOURCE_OUTSIDE":
        own = "  stock: {file: data/stock.csv, sku: sku}"
        return {file: BASE[file].replace(own, f"  {example}")}
    if code == "UNKNOWN_TIME_ZONE":
        return {file: re.sub("time_zone: .*", example, BASE[file])}
    if code == "UNDECLARED_NEED":
        *needs, example = example.splitlines()
        around = around.replace("<<needs>>", "\n".join(needs) + "\n")
    if code == "FEE_READS_PRICE":
        example = f"when: {{cost: 0..5}}\n{example}"
    if code == "WRONG_CONDITION":
        example = f"{example}\nthen: {{rate: 12%}}"
    mark = re.search(r"<<(\d*)>>", around)
    assert mark is not None, code
    indented = textwrap.indent(example, " " * int(mark[1] or 0))
    return {file: around.replace(mark[0], indented, 1)}


def findings(code: str, example: str) -> list[Diagnostic]:
    files = {**BASE, **placed(code, example)}
    if PLACES[code][0].endswith(".csv"):
        files["rules/example.yaml"] = (
            "kind: pricing\nname: example\nsteps:\n"
            "  - {id: one, phase: base, file: pricing/markups.csv, set: {price: cost}}\n"
        )
    if code in ("FILE_NOT_FOUND", "PATH_OUTSIDE"):
        files["rules/markups.csv"] = files["rules/pricing/markups.csv"]
    contents = {name: text.encode() for name, text in files.items()}
    for file in sorted((ROOT / "marketplaces" / "mercadolibre").rglob("*")):
        if file.is_file():
            contents.setdefault(file.relative_to(ROOT).as_posix(), file.read_bytes())
    for name in ("amazon", "mercadolibre"):
        manifest = ROOT / "marketplaces" / name / "marketplace.yaml"
        contents[f"marketplaces/{name}/marketplace.yaml"] = manifest.read_bytes()
    loadout, found = compile_repository(Repository(Path("/examples"), contents))
    return [*found, *(findings_of(loadout, found) if loadout is not None else [])]


def test_every_example_has_a_place() -> None:
    assert sorted(EXAMPLES) == sorted(PLACES)


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_the_wrong_example_gives_its_code(code: str) -> None:
    assert code in {d.code for d in findings(code, EXAMPLES[code][0])}


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_the_right_example_does_not(code: str) -> None:
    assert code not in {d.code for d in findings(code, EXAMPLES[code][1])}
