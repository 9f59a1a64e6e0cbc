"""What is done for many rows at once says what is said of one row: cut points, walks, choices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offerwright.errors import Span
from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals, Truths, Words
from offerwright.evaluate.cuts import cuts_at
from offerwright.evaluate.next_states import NextStates
from offerwright.evaluate.uniform import each, is_uniform, repeated
from offerwright.evaluate.walk import TableWalk
from offerwright.expressions.conditions import ALWAYS, Value
from offerwright.expressions.types import NUMBER, TEXT
from offerwright.rules.axes import Axis, OrderedAxis, WordAxis, word_mask
from offerwright.rules.plan import RowPlan, TablePlan

HERE = Span("test.yaml", 1, 1, 1, 1)
numbers = st.integers(-(10**6), 10**6) | st.integers(-40, 40)
cut_points = st.builds(lambda n, places: Decimal(n).scaleb(-places), numbers, st.integers(0, 3))


@st.composite
def ordered_axes(draw: Any, parts: int = 3, least: int = 0, most: int = 12) -> OrderedAxis:
    cuts = sorted(draw(st.sets(cut_points, min_size=least, max_size=most)))
    masks = st.integers(0, 2**parts - 1)
    held = draw(st.lists(masks, min_size=2 * len(cuts) + 1, max_size=2 * len(cuts) + 1))
    return OrderedAxis("cost", NUMBER, tuple(cuts), tuple(held), draw(masks))


@given(ordered_axes(), st.integers(0, 4), st.data())
def test_a_value_is_of_the_class_of_its_segment(
    axis: OrderedAxis, scale: int, data: st.DataObject
) -> None:
    near = [int(Decimal(cut).scaleb(scale)) + step for cut in axis.cuts for step in (-1, 0, 1)]
    values = data.draw(st.lists(st.sampled_from([0, *near]) | numbers, min_size=1, max_size=8))
    seen = list(dict.fromkeys(axis.masks))
    cuts = cuts_at(axis, scale, seen.index)

    expected = [axis.masks[axis.segment(Decimal(v).scaleb(-scale))] for v in values]
    assert [seen[cuts.class_of(v)] for v in values] == expected
    # So many that buckets are worth it.
    many = np.array(values * (2_000 // len(values)), dtype=np.int64)
    found = cuts.classes_of(many)
    assert [seen[n] for n in found[: len(values)].tolist()] == expected
    assert np.array_equal(found, np.resize(found[: len(values)], len(many)))
    wide = np.array(values, dtype=object)
    assert [seen[n] for n in cuts.classes_of(wide).tolist()] == expected


def test_cut_points_far_apart_are_found_without_buckets() -> None:
    cuts = tuple(Decimal(n) for n in (*range(100), 10**15))
    axis = OrderedAxis("cost", NUMBER, cuts, tuple(range(2 * len(cuts) + 1)), 0)
    found = cuts_at(axis, 0, lambda mask: mask)
    values = np.array([-1, 0, 57, 99, 100, 10**15 - 1, 10**15, 10**15 + 1] * 500)

    assert found.buckets is None
    assert found.classes_of(values)[:8].tolist() == [0, 1, 115, 199, 200, 200, 201, 202]


@pytest.mark.parametrize(
    "edges",
    [
        (-(2**62) + 1, 2**62 - 1),
        (-(2**63), 2**63 - 1),
        (-(2**63), 0),
        (2**63 - 40, 2**63 - 1),
        (-(2**64), 2**64),
    ],
)
def test_cut_points_at_the_ends_of_what_64_bits_hold_are_found(edges: tuple[int, int]) -> None:
    low, high = edges
    cuts = tuple(Decimal(n) for n in sorted({*range(low, low + 6), *range(high - 5, high + 1)}))
    axis = OrderedAxis("cost", NUMBER, cuts, tuple(range(2 * len(cuts) + 1)), 0)
    found = cuts_at(axis, 0, lambda mask: mask)
    asked = sorted({-(2**63), low, low + 3, low + 30, 0, high - 30, high - 3, high, 2**63 - 1})
    asked = [value for value in asked if -(2**63) <= value < 2**63]

    expected = [axis.segment(Decimal(value)) for value in asked]
    assert found.classes_of(np.array(asked * 300))[: len(asked)].tolist() == expected
    assert found.classes_of(np.array(asked))[: len(asked)].tolist() == expected


WORDS = tuple(f"w{n}" for n in range(40))


@st.composite
def tables(draw: Any) -> TablePlan:
    """A table of two or three axes whose masks are drawn, wider than one word of bits or not."""
    parts = draw(st.sampled_from([5, 64, 130]))
    seed = draw(st.integers(0, 2**32))
    random = np.random.default_rng(seed)
    density = draw(st.sampled_from([0.02, 0.3]))

    def mask() -> int:
        return sum(1 << int(bit) for bit in np.flatnonzero(random.random(parts) < density))

    def words(fact: str) -> WordAxis:
        entries: dict[Value, tuple[int, int]] = {
            word: (mask(), mask()) for word in WORDS[: int(random.integers(0, 40))]
        }
        return WordAxis(fact, TEXT, mask(), entries, (), {}, mask())

    cuts = tuple(Decimal(n) for n in range(0, int(random.integers(0, 60)) * 7, 7))
    masks = tuple(mask() for _ in range(2 * len(cuts) + 1))
    axes: list[Axis] = [words("a"), OrderedAxis("b", NUMBER, cuts, masks, mask()), words("c")]
    rows = tuple(RowPlan(f"r{n}", HERE, ALWAYS) for n in range(parts))
    hit = draw(st.sampled_from(["first", "unique"]))
    axes = axes[: draw(st.integers(1, 3))]
    return TablePlan("t", HERE, hit, None, tuple(axes), tuple(range(parts)), rows, (), False)


def _columns(table: TablePlan, random: np.random.Generator, rows: int) -> list[Any]:
    state = (random.random(rows) < 0.1).astype(np.uint8)
    made: dict[str, Any] = {
        "a": Words(random.integers(0, 40, rows).astype(np.int32), WORDS, None),
        "b": Decimals(random.integers(-5, 450, rows), 0, state),
        "c": Words(random.integers(0, 40, rows).astype(np.int32), WORDS, state),
    }
    return [made[axis.fact] for axis in table.axes]


def _mask(axis: Axis, column: Any, row: int) -> int:
    if column.state is not None and column.state[row]:
        return axis.missing
    if isinstance(axis, OrderedAxis):
        return axis.masks[axis.segment(Decimal(int(column.values[row])))]
    return word_mask(axis, column.vocabulary[column.codes[row]])


@given(tables(), st.integers(0, 2**32))
def test_a_walk_that_searches_or_forgets_says_what_one_says_that_has_room(
    table: TablePlan, seed: int
) -> None:
    random = np.random.default_rng(seed)
    roomy, narrow, forgetful = TableWalk(table), TableWalk(table), TableWalk(table, most_kept=0)
    for level in narrow.levels:
        level.next = NextStates(most=300)
    before: list[tuple[Any, list[int], list[int]]] = []
    for rows in (1, 300, 30, 900):
        columns = _columns(table, random, rows)
        expected = said(*roomy.matches(columns, rows, roomy.every))
        assert said(*narrow.matches(columns, rows, narrow.every)) == expected
        states, masks = forgetful.matches(columns, rows, forgetful.every)
        assert said(states, masks) == expected
        before.append((states, masks, expected))

    assert all(said(states, masks) == expected for states, masks, expected in before)
    assert all(level.next.table.size <= 300 for level in narrow.levels)


def said(states: Any, masks: list[int]) -> list[int]:
    """The mask of every row."""
    return [masks[state] for state in states]


def test_what_a_walk_remembers_does_not_grow_without_end() -> None:
    """Ever new words: no state comes twice."""
    words: dict[Value, tuple[int, int]] = {f"w{n}": (1 << n, 0) for n in range(640)}
    axes: list[Axis] = [WordAxis(fact, TEXT, 0, words, (), {}, 0) for fact in "ab"]
    rows = tuple(RowPlan(f"r{n}", HERE, ALWAYS) for n in range(640))
    table = TablePlan("t", HERE, "unique", None, tuple(axes), tuple(range(640)), rows, (), False)
    walk = TableWalk(table, most_kept=130_000)
    most = 0
    for start in range(0, 640, 40):
        here = Words(
            np.arange(start, start + 40, dtype=np.int32), tuple(f"w{n}" for n in range(640))
        )
        states, masks = walk.matches([here, here], 40, walk.every)
        most = max(most, walk.kept())
        assert said(states, masks) == [1 << n for n in range(start, start + 40)]

    assert most < 260_000


@given(tables(), st.integers(0, 2**32))
def test_a_walk_of_thousands_leaves_the_parts_that_all_axes_accept(
    table: TablePlan, seed: int
) -> None:
    random = np.random.default_rng(seed)
    columns = _columns(table, random, 1_500)
    walk = TableWalk(table)
    first_half = [c.take(column, np.arange(20)) for column in columns]
    walk.matches(first_half, 20, walk.every)  # some pairs are known already
    states, masks = walk.matches(columns, 1_500, walk.every)

    for row in range(0, 1_500, 7):
        expected = walk.every
        for axis, column in zip(table.axes, columns, strict=True):
            expected &= _mask(axis, column, row)
        found = masks[states[row]]
        assert found == (expected & -expected if table.hit == "first" else expected)


whole = st.integers(-(2**63) + 1, 2**63 - 1)


@given(st.lists(st.tuples(st.booleans(), whole, whole, st.booleans()), min_size=1, max_size=9))
def test_a_choice_between_columns_is_that_of_every_row(
    rows: list[tuple[bool, int, int, bool]],
) -> None:
    mask, yes, no, there = (list(held) for held in zip(*rows, strict=True))
    state = np.where(there, 0, c.OVERFLOW).astype(np.uint8)
    left = Decimals(np.array(yes, dtype=np.int64), 2)
    right = Decimals(np.array(no, dtype=np.int64), 2, state)
    found = c.where(np.array(mask), left, right)

    expected = [
        a if m else b if t else None for m, a, b, t in zip(mask, yes, no, there, strict=True)
    ]
    states = [0] * len(rows) if found.state is None else found.state.tolist()
    assert [
        None if s else v for v, s in zip(found.values.tolist(), states, strict=True)
    ] == expected
    assert all(s in (0, c.OVERFLOW) for s in states)


@given(st.sampled_from([0, 1, 2, 257, 300]), st.integers(-9, 9))
def test_what_is_held_once_reads_as_if_it_stood_in_every_row(rows: int, number: int) -> None:
    held = repeated(number, rows, np.int64)
    doubled = each(lambda values: values * 2, held)

    assert held.tolist() == [number] * rows
    assert doubled.tolist() == [2 * number] * rows
    assert is_uniform(held) == (rows > 0)
    # Of a few rows all are computed.
    assert is_uniform(doubled) == (rows == 1 or rows > 256)


def test_a_table_of_one_value_is_walked_once_and_says_it_of_every_row() -> None:
    axis = WordAxis("a", TEXT, 0, {True: (1, 0), False: (2, 0)}, (), {}, 0)
    rows = tuple(RowPlan(f"r{n}", HERE, ALWAYS) for n in range(2))
    table = TablePlan("t", HERE, "first", None, (axis,), (0, 1), rows, (), False)
    states, masks = TableWalk(table).matches([Truths(repeated(False, 4, bool))], 4, 3)

    assert [masks[state] for state in states.tolist()] == [2, 2, 2, 2]
