"""A misspelt word → the hint that names what was probably meant, or what is allowed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

_LISTED = 12


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`did you mean 'price'?` for a near miss (at most two words), else the empty text."""
    known = {folded(name): name for name in sorted(allowed, reverse=True)}
    written = folded(word)
    near = get_close_matches(written, sorted(known), n=2, cutoff=0.6)
    if len(near) == 2 and _likeness(written, near[0]) > _likeness(written, near[1]) + 0.1:
        near = near[:1]
    if not near:
        return ""
    names = " or ".join(repr(known[name]) for name in near)
    return f"did you mean {names}?" + lookalikes(word)


def suggest(word: str, allowed: Iterable[str]) -> str:
    """`did_you_mean`, else the list of what is allowed."""
    names = sorted(set(allowed))
    return did_you_mean(word, names) or allowed_words(names)


def suggest_among(word: str, allowed: Iterable[str]) -> str:
    """The near miss and what else is allowed, for short lists: `did you mean 'x'? (allowed: …)`."""
    names = list(allowed)
    near, listed = did_you_mean(word, names), allowed_words(names)
    return f"{near} ({listed})" if near and listed else near or listed


def allowed_words(names: Iterable[str]) -> str:
    """`allowed: a, b, c` (the first twelve), or the empty text where nothing is."""
    listed = list(names)
    if not listed:
        return ""
    rest = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return f"allowed: {', '.join(listed[:_LISTED])}{rest}"


def lookalikes(word: str) -> str:
    """Names letters that look Latin and are not: a Cyrillic `а` cannot be seen."""
    strange = [
        c for c in word if c.isalpha() and not unicodedata.name(c, "LATIN").startswith("LATIN")
    ]
    if not strange:
        return ""
    name = unicodedata.name(strange[0]).capitalize()
    return f" ('{strange[0]}' is the letter {name!r})"


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, other, one).ratio()


def folded(word: str) -> str:
    """The word without case, accents and the difference between `-`, `_` and a blank."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return letters.replace("-", "_").replace(" ", "_")
