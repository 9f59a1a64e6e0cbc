"""Chunks that no writer makes: refused soon and in words, whatever they count, name or repeat."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from offerwright.codec import CodecRefused, Reader, Shapes, texts_from
from offerwright.codec.arrays import numbers_to_bytes
from offerwright.errors import BundleRefused

SHAPES = Shapes(
    {
        "AllOf": "offerwright.expressions.conditions",
        "IsMissing": "offerwright.expressions.conditions",
        "ShopDocument": "offerwright.facts.document",
        "Span": "offerwright.errors",
    }
)
FIRST = 3  # after None, True and False
REFS, DECIMALS, LATER, MASKS, BODY = 6, 4, 5, 2, 3


def chunk(numbers: dict[int, Sequence[int]] | None = None, **head: Any) -> bytes:
    """A chunk whose root is its first own value."""
    parts = [b""] * 7
    for place, held in (numbers or {}).items():
        parts[place] = bytes(held) if place == BODY else numbers_to_bytes("I", held)
    whole = {"sizes": [len(part) for part in parts], "scalars": [], "objects": [], "groups": [],
             "width": "I", "root": FIRST, **head}  # fmt: skip
    text = json.dumps(whole).encode()
    return numbers_to_bytes("I", [len(text)]) + text + b"".join(parts)


def read(*chunks: bytes, texts: Sequence[str] = ()) -> Any:
    return Reader(texts, [memoryview(one) for one in chunks], SHAPES).value()


def nested(size: int, levels: int) -> bytes:
    """Tuples in tuples, each `size` times the one before, and a set of the last."""
    each = (0 if level == 0 else FIRST + level - 1 for level in range(levels))
    refs = [ref for ref in each for _ in range(size)]
    groups = [["tuple", size, "", 1]] * levels + [["set", 1, "", 1]]
    return chunk({REFS: [*refs, FIRST + levels - 1]}, groups=groups, root=FIRST + levels)


@pytest.mark.parametrize(
    "content",
    [
        chunk(groups=[["tuple", 10**11, "", 1]]),
        chunk(groups=[["tuple", 0, "", 10**11]]),
        chunk(groups=[["tuple", -1, "", 1]]),
        chunk(objects=[["Span", -5]]),
        chunk(objects=[["Span", 3]]),
        chunk(objects=[["Span", 1000]] * 3000),
        chunk(objects=[["IsMissing", 10**9]]),
        chunk({REFS: [0]}),
    ],
    ids=["long", "many", "negative", "negative-objects", "unfilled", "repeated", "empty", "more"],
)  # fmt: skip
def test_counts_that_the_bytes_do_not_bear_out_are_refused(content: bytes) -> None:
    with pytest.raises(CodecRefused):
        read(content)


@pytest.mark.parametrize("head", [[1 << 31, 0], [4_000_000_000, 1]])
def test_a_mask_of_gigabytes_in_a_few_bytes_is_refused(head: list[int]) -> None:
    with pytest.raises(CodecRefused):
        read(chunk({MASKS: head, BODY: [1]}))


def test_a_model_that_was_never_made_is_refused() -> None:
    fields = len(SHAPES.named("ShopDocument").fields)

    with pytest.raises(CodecRefused):
        read(chunk({REFS: [0] * fields}, objects=[["ShopDocument", 1]]))


@pytest.mark.parametrize(("size", "levels"), [(2, 64), (1, 9_000)], ids=["doubled", "deep"])
def test_a_set_whose_member_takes_forever_to_hash_is_refused(size: int, levels: int) -> None:
    with pytest.raises(CodecRefused):
        read(nested(size, levels))


def test_tuples_nested_beyond_the_stack_are_refused() -> None:
    levels = 300_000
    refs = [0, *range(FIRST, FIRST + levels - 1)]

    with pytest.raises(CodecRefused):
        read(chunk({REFS: refs}, groups=[["tuple", 1, "", 1]] * levels))


@pytest.mark.parametrize("text", ["NaN", "sNaN", "-Infinity", "1e999999", "price"])
def test_a_number_that_no_rule_says_is_refused(text: str) -> None:
    with pytest.raises(CodecRefused):
        read(chunk({DECIMALS: [0]}), texts=[text])


def test_a_part_that_holds_itself_is_refused() -> None:
    with pytest.raises(CodecRefused):
        read(chunk({LATER: [0]}))


@pytest.mark.parametrize("inner", [b"", chunk({DECIMALS: [0]})], ids=["unreadable", "no-list"])
def test_a_waiting_part_that_is_wrong_is_refused_in_words(inner: bytes) -> None:
    waiting = read(inner, chunk({LATER: [0]}), texts=["1"])

    with pytest.raises(BundleRefused, match="a part of the compiled rules cannot be used: it"):
        len(waiting)


def test_a_head_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(CodecRefused):
        read(numbers_to_bytes("I", array("I", [200_000])) + b"[" * 200_000)


@pytest.mark.parametrize("part", [b"[" * 200_000, b"[1]", b'["\\ud800"]', b'{"a":1}', b'"a"', b""])
def test_a_table_of_what_is_no_text_is_refused(part: bytes) -> None:
    with pytest.raises(CodecRefused):
        texts_from(memoryview(part))
