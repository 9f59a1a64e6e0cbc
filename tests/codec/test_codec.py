"""Frozen values as bytes: what comes back is equal, and nothing but what was written comes back."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offerwright.codec import Apart, CodecRefused, Later, Reader, Shapes, opened, sealed
from offerwright.codec.masks import masks_from_bytes, masks_to_bytes
from offerwright.codec.write import Written, written
from offerwright.errors import BundleRefused, Span
from offerwright.expressions.conditions import AllOf, Equal, IsMissing
from offerwright.expressions.conditions import Test as Asked
from offerwright.expressions.syntax import Const
from offerwright.expressions.types import TEXT, money

CONDITIONS = "offerwright.expressions.conditions"
SHAPES = Shapes(
    {
        "AllOf": CONDITIONS,
        "Const": "offerwright.expressions.syntax",
        "Equal": CONDITIONS,
        "IsMissing": CONDITIONS,
        "Span": "offerwright.errors",
        "Test": CONDITIONS,
        "Type": "offerwright.expressions.types",
    },
    later={"AllOf": ("parts", ("parts",))},
    later_from=3,
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.text(max_size=8), st.integers(-(2**63), 2**200),
    st.decimals(allow_nan=False, allow_infinity=False), st.dates(),
    st.datetimes(timezones=st.sampled_from([None, UTC])).map(lambda one: one.replace(fold=0)),
    st.just(ZoneInfo("America/Sao_Paulo")),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=4), inner, max_size=4),
        st.frozensets(st.text(max_size=4), max_size=4),
        st.builds(Const, inner, st.sampled_from([TEXT, money("BRL")])),
    ),
    max_leaves=25,
)  # fmt: skip


def reader(done: Written) -> Reader:
    return Reader(done.texts, [memoryview(chunk) for chunk in done.chunks], SHAPES)


def back(value: Any) -> Any:
    return reader(written(value, SHAPES)).value()


def shown(value: Any) -> str:
    """With the types and the digits that `==` does not tell apart; a set in one order."""
    if isinstance(value, frozenset):
        return repr(sorted(value))
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}{[shown(one) for one in value]}"
    if isinstance(value, dict):
        return repr([(key, shown(one)) for key, one in value.items()])
    if isinstance(value, Const):
        return f"Const({shown(value.value)}, {value.type})"
    return repr(value)


@given(VALUES)
def test_what_was_written_comes_back(value: Any) -> None:
    assert shown(back(value)) == shown(value)


@given(VALUES)
def test_equal_values_give_equal_bytes(value: Any) -> None:
    assert written(pickle.loads(pickle.dumps(value)), SHAPES) == written(value, SHAPES)


@given(VALUES)
def test_what_was_read_gives_the_same_bytes_again(value: Any) -> None:
    assert written(back(value), SHAPES) == written(value, SHAPES)


@given(st.lists(st.integers(2**63, 2**2_100), max_size=30))
def test_masks_come_back(masks: list[int]) -> None:
    heads, body = masks_to_bytes(masks)

    assert list(masks_from_bytes(heads, memoryview(body))) == masks


def test_masks_that_differ_in_a_row_take_a_few_bytes() -> None:
    masks = [(1 << 2_000) - 1 & ~(1 << number) for number in range(1_000, 2_000)]
    heads, body = masks_to_bytes(masks)

    assert len(body) < 250 + 1_000 * 4
    assert len(heads) == 2_000


def test_numbers_keep_their_digits() -> None:
    found = back((Decimal("1.0"), Decimal("1.00"), Decimal("-0"), 1, True))

    assert [str(one) for one in found] == ["1.0", "1.00", "-0", "1", "True"]


def test_days_and_moments_stay_apart() -> None:
    moment = datetime(2026, 11, 27, tzinfo=UTC)
    found = back((date(2026, 11, 27), moment))

    assert type(found[0]) is date
    assert found == (date(2026, 11, 27), moment)


def test_a_moment_whose_zone_would_be_lost_is_not_written() -> None:
    with pytest.raises(TypeError, match="would be lost"):
        written(datetime(2026, 11, 27, tzinfo=ZoneInfo("America/Sao_Paulo")), SHAPES)


def test_what_is_equal_is_stored_once_and_shared() -> None:
    first, second = (Span("rules/a.yaml", 1, 2, 1, 9) for _ in range(2))
    found = back([first, second])

    assert found[0] is found[1]
    assert found[0] == first


def rows(count: int) -> AllOf:
    return AllOf(tuple(Asked(f"fact{n}", TEXT, (Equal("x"), IsMissing())) for n in range(count)))


def test_long_parts_are_read_when_they_are_looked_at() -> None:
    read = reader(written(rows(3), SHAPES))
    parts = read.value().parts

    assert isinstance(parts, Later)
    read.chunks = []
    with pytest.raises(BundleRefused):
        len(parts)


def test_short_parts_are_read_at_once() -> None:
    assert isinstance(back(rows(2)).parts, tuple)


def test_a_part_that_waits_is_equal_to_its_tuple() -> None:
    parts = back(rows(4)).parts

    assert parts == rows(4).parts
    assert rows(4).parts == parts
    assert parts == back(rows(4)).parts
    assert (len(parts), parts[1], parts[2:]) == (4, rows(4).parts[1], rows(4).parts[2:])
    assert hash(parts) == hash(rows(4).parts)
    assert pickle.loads(pickle.dumps(back(rows(4)))) == rows(4)


def test_threads_get_one_and_the_same_part() -> None:
    parts = back(rows(200)).parts
    got: list[Any] = []
    threads = [Thread(target=lambda: got.append(parts.items)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 8
    assert all(one is got[0] for one in got)


class Stranger:
    pass


@pytest.mark.parametrize("value", [Stranger(), print, 1.5, b"x", -(2**70)])
def test_a_class_that_is_not_in_the_table_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        written((1, value), SHAPES)


def test_a_class_that_is_not_in_the_table_is_not_read() -> None:
    done = written(Span("a", 1, 1, 1, 1), SHAPES)
    chunk = done.chunks[-1].replace(b'"Span"', b'"Path"')

    with pytest.raises(CodecRefused, match="cannot be read"):
        Reader(done.texts, [memoryview(chunk)], SHAPES).value()


def test_a_class_with_other_fields_is_refused() -> None:
    with pytest.raises(CodecRefused, match="`Span` is made otherwise in this engine"):
        SHAPES.expecting({"Span": ["file", "line"]}).named("Span")


def test_a_class_that_was_not_announced_is_refused() -> None:
    chunk = memoryview(written(Span("a", 1, 1, 1, 1), SHAPES).chunks[-1])

    with pytest.raises(CodecRefused, match="cannot be read"):
        Reader(["a"], [chunk], SHAPES.expecting({})).value()


def test_what_is_written_apart_is_read_when_it_is_looked_at() -> None:
    done = written(("near", Apart(Span("far", 1, 1, 1, 1))), SHAPES)
    damaged = [memoryview(b"nothing"), memoryview(done.chunks[-1])]
    near, far = Reader(done.texts, [*map(memoryview, done.chunks)], SHAPES).value()
    again, never = Reader(done.texts, damaged, SHAPES).value()

    assert (near, far[0]) == ("near", Span("far", 1, 1, 1, 1))
    assert again == "near"
    with pytest.raises(BundleRefused, match="cannot be used"):
        never[0]


@given(st.binary(max_size=80))
def test_bytes_that_are_no_chunk_are_refused(content: bytes) -> None:
    with pytest.raises(CodecRefused):
        Reader((), [memoryview(content)], SHAPES).value()


def test_the_envelope_gives_its_parts_back() -> None:
    envelope = opened(sealed("thing", {"name": "é"}, [b"one", b"", b"three\n"]), "thing")

    assert [bytes(part) for part in envelope.parts] == [b"one", b"", b"three\n"]
    assert envelope.head["name"] == "é"
