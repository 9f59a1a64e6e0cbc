"""Masks of row parts as rows of 64-bit words, to AND thousands of pairs of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from offerwright.evaluate.uniform import Array

_AT_ONCE = 1_024
"""Pairs whose words stay in the cache."""


def rows_of_masks(masks: Sequence[int], words: int) -> Array:
    """One row of 64-bit words for every mask, the lowest bits first."""
    held = b"".join([mask.to_bytes(words * 8, "little") for mask in masks])
    return np.frombuffer(held, dtype=np.uint64).reshape(len(masks), words)


def met(left: Array, right: Array, pairs: tuple[Array, Array], settled: Array) -> Iterator[Array]:
    """
    What every pair of masks has in common, without what a settled part beats, in runs of pairs.

    Args:
        left: rows of words, and so `right`.
        pairs: the numbers of the rows that meet.
        settled: the words of the parts that win over all behind them.
    """
    for start in range(0, len(pairs[0]), _AT_ONCE):
        at = slice(start, start + _AT_ONCE)
        found = left.take(pairs[0][at], axis=0)
        found &= right.take(pairs[1][at], axis=0)
        _drop_beaten(found, settled)
        yield found


def keys(found: Array) -> list[bytes]:
    """Every row as the words that are not zero, each behind its place: short, and quick to hash."""
    row, word = np.nonzero(found)
    packed = np.stack([word.astype(np.uint64), found[row, word]], axis=1).tobytes()
    ends = (16 * np.bincount(row, minlength=len(found)).cumsum()).tolist()
    return [packed[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def _drop_beaten(found: Array, settled: Array) -> None:
    certain = found & settled
    word = (certain != 0).argmax(axis=1)
    rows = np.arange(len(found))
    low = certain[rows, word]
    # Up to the lowest settled bit; where there is none this is every bit of a word.
    found[rows, word] &= ((low & (~low + np.uint64(1))) << np.uint64(1)) - np.uint64(1)
    last = np.where(low != 0, word, found.shape[1])
    found *= np.arange(found.shape[1]) <= last[:, None]
