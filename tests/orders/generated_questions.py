"""Generated filters and questions: conditions of every form over facts of every kind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from offerwright.errors import Span
from offerwright.expressions.cells import Words, read_when
from offerwright.expressions.types import BOOLEAN, DURATION, INTEGER, NUMBER, PATH, TEXT, Type
from offerwright.orders.question import Filter, Question
from offerwright.rules.plan import RowPlan, TablePlan
from offerwright.rules.row_masks import table_of_rows

TYPES: dict[str, Type] = {
    "distance_km": NUMBER,
    "node.load": INTEGER,
    "order.time": DURATION,
    "node.open": BOOLEAN,
    "node.kind": Type("enum", values=("shop", "store", "hub")),
    "node.zone": PATH,
    "order.zip": TEXT,
    "node.words": Type("list", of=TEXT),
}
WORDS = Words({"near": ("01310", "05422")}, ZoneInfo("UTC"), {})
SPAN = Span("rules/routing/orders.yaml", 1, 1, 1, 2)

numbers = st.sampled_from(["0", "1", "49.9", "50", "50.05", "50.1", "300", "-7.5"])
paths = st.sampled_from(["br", "br/sp", "br/sp/1", "brx", "ar"])
texts = st.sampled_from(["01310", "01311", "05422", "0", ""])
kinds = st.sampled_from(["shop", "store", "hub"])
words = st.sampled_from(["cold", "fast", "big", "missing"])


def ranges(ends: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    compared = st.tuples(st.sampled_from(["<", "<=", ">", ">="]), ends).map(" ".join)
    return st.one_of(compared, ends)


def cells(name: str) -> st.SearchStrategy[Any]:
    """A cell of one fact, any of its forms."""
    plain: dict[str, st.SearchStrategy[Any]] = {
        "distance_km": st.one_of(ranges(numbers), st.just("0..50"), st.just("(49.9..50.1]")),
        "node.load": st.one_of(ranges(st.sampled_from(["0", "2", "5"])), st.just("1..3")),
        "order.time": ranges(st.sampled_from(["6 hours", "14 hours", "90 minutes"])),
        "node.open": st.booleans(),
        "node.kind": kinds,
        "node.zone": st.one_of(paths, st.fixed_dictionaries({"under": paths})),
        "order.zip": st.one_of(
            texts.filter(bool),
            st.fixed_dictionaries({"starts_with": st.sampled_from(["0", "013", "9"])}),
            st.fixed_dictionaries({"matches": st.sampled_from(["0131.", "[0-9]+"])}),
            st.just({"in": "near"}),
        ),
        "node.words": st.fixed_dictionaries({"has": words}),
    }
    one = st.one_of(plain[name], st.sampled_from(["missing", "present"]))
    several = st.lists(one, min_size=1, max_size=3)
    either = st.one_of(one, several) if name != "node.words" else one
    return st.one_of(either, either.map(lambda cell: {"not": cell}))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """A `where`: facts, and below them `any`, `all` and `not`."""
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=2, unique=True))
    found: dict[str, Any] = {name: draw(cells(name)) for name in names}
    if depth and draw(st.booleans()):
        key = draw(st.sampled_from(["any", "all", "not"]))
        below = conditions(depth=depth - 1)
        found[key] = draw(below if key == "not" else st.lists(below, min_size=1, max_size=2))
    return found


def table(where: dict[str, Any]) -> TablePlan:
    """A `where` as it is compiled."""
    row = RowPlan("where", SPAN, read_when(where, TYPES, WORDS))
    return table_of_rows("where", SPAN, "any", None, (row,), (), False)


def filters() -> st.SearchStrategy[tuple[Filter, ...]]:
    """The filters of one to three attempts."""
    one = st.builds(
        Filter,
        attempt=st.just("attempt"),
        where=st.one_of(st.none(), conditions().map(table)),
        stock_for=st.sampled_from(["every_line", "any_line"]),
    )
    return st.lists(one, min_size=1, max_size=3).map(tuple)


facts_of_a_node = st.fixed_dictionaries(
    {
        "distance_km": st.none() | numbers.map(Decimal),
        "node.load": st.integers(0, 6),
        "order.time": st.none() | st.sampled_from([0, 5_400, 21_600, 50_399, 50_400, 86_399]),
        "node.open": st.none() | st.booleans(),
        "node.kind": st.none() | kinds,
        "node.zone": st.none() | paths,
        "order.zip": st.none() | texts,
        "node.words": st.none() | st.lists(words, max_size=2).map(tuple),
    }
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """An order of one to three SKUs before up to five nodes that have something of it."""
    needs = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    nodes = draw(st.lists(st.integers(0, 9), max_size=5, unique=True))
    offers = [
        (node, sku, draw(st.integers(1, 6)))
        for node in sorted(nodes)
        for sku in range(len(needs))
        if draw(st.booleans())
    ]
    return Question(needs, tuple(offers), {node: draw(facts_of_a_node) for node in nodes})
