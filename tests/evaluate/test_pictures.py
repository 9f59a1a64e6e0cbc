"""Addresses of images: one look answers for all of a host, and says what a look at each says."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from offerwright.evaluate.pictures import pictures_of
from offerwright.rules.content_plan import ImageBounds

HOSTS = [
    "https://a.example.com/", "https://A.Example.com:80/", "http://a.example.com/",
    "https://localhost/", "https://x.local/", "https://x.local.com/", "https://10.0.0.1/",
    "https://a.com?q/", "https://u@a.com/", "ftp://a.com/", "https://a.internal#/", "https://a.com",
    "HTTPS://a.com/", "https:///", "https://b.home.arpa:1/", "https://a_b.com/",
    "https://a.com:123456/",
]  # fmt: skip
DENSE = ["", "1.jpg", "/a//b?c#d", "https://localhost/", "local/"]
ANY = [*DENSE, "x y", "é", "\x85", "\t"]


@st.composite
def lists(draw: st.DrawFn) -> list[list[str | None] | None]:
    """Few hosts, so that many addresses share one; in some lists no white space could be."""
    hosts = draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=6))
    ends = draw(st.sampled_from([DENSE, ANY]))
    url = st.builds(str.__add__, st.sampled_from(hosts), st.sampled_from(ends))
    some = st.lists(st.none() | url if draw(st.booleans()) else url, max_size=4)
    return draw(st.lists(st.none() | some, min_size=1, max_size=6))


@settings(max_examples=200, deadline=None)
@given(found=lists(), https_only=st.booleans())
def test_an_address_is_usable_beside_others_as_it_is_alone(
    found: list[list[str | None] | None], https_only: bool
) -> None:
    bounds = ImageBounds(min=0, max=99, https_only=https_only)

    together = pictures_of(pl.Series(found, dtype=pl.List(pl.String)), bounds).lists

    alone = {url: _alone(url, bounds) for held in found for url in held or ()}
    kept = [None if held is None else [u for u in held if alone[u]] for held in found]
    assert together.to_pylist() == kept


def _alone(url: str | None, bounds: ImageBounds) -> bool:
    lists = pictures_of(pl.Series([[url]], dtype=pl.List(pl.String)), bounds).lists.to_pylist()
    return lists == [[url]] and url is not None


def test_only_public_hosts_are_usable() -> None:
    bounds = ImageBounds(min=0, max=99, https_only=True)
    urls = [f"{host}1.jpg" for host in HOSTS]

    (kept,) = pictures_of(pl.Series([urls], dtype=pl.List(pl.String)), bounds).lists.to_pylist()

    assert kept == [
        "https://a.example.com/1.jpg", "https://A.Example.com:80/1.jpg",
        "https://x.local.com/1.jpg", "https://a.com?q/1.jpg", "https://a.com1.jpg",
    ]  # fmt: skip
