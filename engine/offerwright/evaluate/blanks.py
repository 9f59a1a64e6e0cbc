"""White space in columns of text, folded to single blanks: found by bytes, not by pattern."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate.text_columns import Texts, changed, shown, sizes

# What Unicode calls white space; `\s` means less in Arrow's patterns and more in Python's.
BLANKS = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_RUN = re.compile(f"[{BLANKS}]+")
_SPACE = 0x20
# White space beyond ASCII as UTF-8: of two bytes the second behind 0xC2, of three all as a number.
_WIDE = [x.encode() for x in map(chr, range(0x80, 0x3001)) if _RUN.fullmatch(x)]
_SECONDS = [wide[1] for wide in _WIDE if len(wide) == 2]
_TRIPLES = [int.from_bytes(wide) for wide in _WIDE if len(wide) == 3]
_LEADS = sorted({wide[0] for wide in _WIDE})


def folded(texts: Texts) -> Texts:
    """Runs of white space as single blanks, none at the ends; null where no text is left."""
    at = _unfolded(texts)
    new = [_folded(text) for text in texts.take(at).to_pylist()] if at else []
    texts = changed(texts, at, new)
    return shown(texts, sizes(texts, "bytes") > 0)


def not_blank(texts: Texts) -> Texts:
    """The texts as they are; null where there is nothing but white space."""
    at = _unfolded(texts)
    held = texts.take(at).to_pylist() if at else []
    empty = [row for row, text in zip(at, held, strict=True) if not _folded(text)]
    texts = changed(texts, empty, [None] * len(empty))
    return shown(texts, sizes(texts, "bytes") > 0)


def _folded(text: str | None) -> str | None:
    return None if text is None else _RUN.sub(" ", text).strip(" ")


def _unfolded(texts: Texts) -> list[int]:
    """The rows with other white space than single blanks between other characters."""
    _, offsets, data = texts.buffers()
    if not len(texts) or data is None:
        return []
    ends = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    held = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]
    ends = ends - ends[0]
    starts, stops = ends[:-1], ends[1:]
    filled = stops > starts
    starts, stops = starts[filled], stops[filled] - 1
    blank = held == _SPACE
    runs = np.flatnonzero(blank[1:] & blank[:-1])
    found = [starts[blank[starts]], stops[blank[stops]], runs, _controls(held), _wide(held)]
    places = np.concatenate(found)
    if not len(places):
        return []
    # Two blanks may belong to two texts; both are then found at their ends as well.
    rows = np.searchsorted(ends, places, side="right") - 1
    return np.unique(rows).tolist()  # type: ignore[no-any-return]


def _controls(held: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Tabs and line breaks."""
    return np.flatnonzero((held >= 0x09) & (held <= 0x0D))


def _wide(held: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Where white space beyond ASCII begins."""
    leads = np.zeros(len(held), dtype=bool)
    for lead in _LEADS:
        leads |= held == lead
    at: NDArray[np.intp] = np.flatnonzero(leads)
    if not len(at):
        return at
    first, second, third = (
        held[np.minimum(at + n, len(held) - 1)].astype(np.int64) for n in range(3)
    )
    two = (first == 0xC2) & np.isin(second, _SECONDS)
    found = two | np.isin(first << 16 | second << 8 | third, _TRIPLES)
    return at[np.flatnonzero(found)]
