"""Which images of an offer are shown: usable addresses, in order, no more than asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from offerwright.evaluate.blanks import BLANKS
from offerwright.evaluate.facts import SnapshotColumns
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.text_columns import TEXT, Truth
from offerwright.expressions.syntax import Col, Typed

if TYPE_CHECKING:
    from offerwright.rules.content_plan import ImageBounds

# A host name with a top-level word: no address in digits, however it is written, passes.
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_REST = rf"(?::[0-9]{{1,5}})?(?:[/?#][^{BLANKS}]*)?$"
_PRIVATE = (
    r"(?i)^https?://(?:[^/:?#]*\.)?"
    r"(?:localhost|local|internal|localdomain|home\.arpa)(?:[:/?#]|$)"
)
# So many hosts are looked at for all their addresses; those of others one by one.
_HOSTS = 4
_UP_TO_PATH = re.compile("https?://[^/]*/")
LIST = pa.large_list(TEXT)


@dataclass(frozen=True)
class Pictures:
    """The lists of images as an Arrow array, and where there are fewer than asked for."""

    lists: Any
    few: Truth
    are_all: bool = False
    """Whether nothing was left out: the lists are those of the fact."""


def pictures(source: Typed, images: ImageBounds, rows: Rows) -> Pictures:
    """The images that a list fact gives; computed once for the accounts that ask for the same."""
    urls = _urls(source, rows)
    if urls is None:
        empty = pa.array([[]], LIST).take(pa.array(np.zeros(rows.size, dtype=np.int64)))
        return Pictures(empty, np.full(rows.size, images.min > 0))
    asked = ("images", images.min, images.max, images.https_only)
    found = rows.memo.once(asked, (urls,), lambda: pictures_of(urls, images))
    if found.are_all:
        rows.memo.once("series", (found.lists,), lambda: urls)
    return found


def _urls(source: Typed, rows: Rows) -> pl.Series | None:
    """The list fact as it stands in the snapshot."""
    if not (isinstance(source, Col) and isinstance(rows.facts, SnapshotColumns)):
        return None
    return rows.facts.lists(source.name)


def pictures_of(urls: pl.Series, images: ImageBounds) -> Pictures:
    """Of every list the first usable addresses, at most `images.max`; null where there is none."""
    lists: Any = urls.to_arrow(compat_level=pl.CompatLevel.newest())
    ends = lists.offsets.to_numpy()
    ends, first = ends - ends[0], int(ends[0])
    held = lists.values.slice(first, int(ends[-1])).cast(TEXT)
    usable = _usable(held, images.https_only)
    there = np.asarray(lists.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    before = np.concatenate(([0], np.cumsum(usable)))
    counts = np.where(there, before[ends[1:]] - before[ends[:-1]], 0)
    few = counts < images.min
    if usable.all() and (not len(counts) or counts.max() <= images.max):
        return Pictures(lists, few, are_all=True)
    # Of every list the first ones only: how many usable ones stand before each in its own list.
    in_list = before[1:] - np.repeat(before[ends[:-1]], np.diff(ends))
    kept = usable & (in_list <= images.max)
    ends = np.concatenate(([0], np.cumsum(kept)))[ends]
    missing = pa.array(~there) if lists.null_count else None
    shorter = pa.LargeListArray.from_arrays(pa.array(ends), held.filter(kept), mask=missing)
    return Pictures(shorter, few)


def _usable(urls: Any, https_only: bool) -> NDArray[np.bool_]:
    """
    Which addresses are usable.

    Behind the `/` of its host an address is usable whatever follows, but white space. So where no
    byte could be some, one look at a host answers for all addresses of it: a catalogue has few.
    """
    usable = np.zeros(len(urls), dtype=bool)
    left = pc.fill_null(pc.starts_with(urls, "http"), False)
    for _ in range(_HOSTS if _is_dense(urls) else 0):
        at = pc.index(left, True).as_py()
        host = _UP_TO_PATH.match(urls[at].as_py()) if at >= 0 else None
        if host is None:
            break
        same = pc.and_(left, pc.starts_with(urls, host[0]).fill_null(False))
        if _passing(urls.slice(at, 1), https_only)[0]:
            usable |= same.to_numpy(zero_copy_only=False)
        left = pc.and_not(left, same)
    rows = np.flatnonzero(left.to_numpy(zero_copy_only=False))
    usable[rows] = _passing(urls.take(pa.array(rows)), https_only) if len(rows) else False
    return usable


def _passing(urls: Any, https_only: bool) -> NDArray[np.bool_]:
    """Which addresses are usable, each looked at by itself; none is null."""
    scheme = "https" if https_only else "https?"
    kept = pc.match_substring_regex(urls, f"^{scheme}://{_HOST}{_REST}")
    if _may_be_private(urls):
        kept = pc.and_not(kept, pc.match_substring_regex(urls, _PRIVATE))
    return np.asarray(kept.to_numpy(zero_copy_only=False), dtype=bool)


def _is_dense(urls: Any) -> bool:
    """Whether all bytes are printable ones of ASCII without the blank."""
    data = urls.buffers()[2]
    held = np.frombuffer(b"" if data is None else data, dtype=np.uint8)
    return bool(len(held)) and int(held.min()) > 0x20 and int(held.max()) < 0x7F


def _may_be_private(urls: Any) -> bool:
    """Whether the end of a private host stands anywhere: a search of all bytes at once."""
    data = urls.buffers()[2]
    held = b"" if data is None else data.to_pybytes().lower()
    return any(end in held for end in (b"local", b"internal", b"home.arpa"))
