"""The hash of what is said: by its published definition, and never another for the same words."""

from __future__ import annotations

import polars as pl
import pytest

from offerwright.sync.hashes import VERSION, digests, said_hashes

# XXH3-128 with seed 0, as the reference implementation prints it.
PUBLISHED = {
    "": "99aa06d3014798d86001c324468d497f",
    "a": "a96faf705af16834e6c632b61e964e1f",
    "abc": "06b05ab6733a618578af5f94892f3950",
}


@pytest.mark.parametrize(("text", "expected"), list(PUBLISHED.items()))
def test_it_is_the_hash_that_is_published(text: str, expected: str) -> None:
    assert digests(pl.Series([text])).to_list() == [expected]


def hash_of(**parts: str | None) -> str:
    said = pl.DataFrame({n: [t] for n, t in parts.items()}, schema=dict.fromkeys(parts, pl.String))
    (found,) = said_hashes(said, list(parts)).to_list()
    return str(found)


def test_a_message_is_its_parts_with_their_names_and_lengths_in_bytes() -> None:
    (whole,) = digests(pl.Series(["head:2:hibody:3:né"])).to_list()

    assert VERSION == "1"
    assert hash_of(head="hi", body="né") == f"1-{whole}"


def test_a_part_that_is_not_sent_is_not_an_empty_one() -> None:
    assert hash_of(body="x", more=None) == hash_of(body="x")
    assert hash_of(body="x", more="") != hash_of(body="x")


def test_what_one_part_says_less_and_the_next_more_is_another_message() -> None:
    assert hash_of(a="xb:1:y", b="") != hash_of(a="x", b="y")


def test_a_row_has_the_same_hash_in_any_company() -> None:
    bodies = [f"{number:x}" * (number % 40) for number in range(500)]
    alone = [hash_of(body=body) for body in bodies]

    assert said_hashes(pl.DataFrame({"body": bodies}), ["body"]).to_list() == alone
    assert len(set(alone)) == len(set(bodies))
