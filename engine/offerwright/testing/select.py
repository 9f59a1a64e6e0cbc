"""`-k`: words joined by `and`, `or`, `not` and brackets → which cases run."""

from __future__ import annotations

import re
from collections.abc import Callable

from offerwright.errors import OfferwrightError

Selects = Callable[[str], bool]
_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_JOINERS = ("and", "or", "not", "(", ")")


def selector(expression: str) -> Selects:
    """
    A function that says whether the name of a case is selected.

    A word is found anywhere in the name, whatever its case; words that follow each other are one
    phrase. `not` binds tighter than `and`, `and` tighter than `or`. Raises `OfferwrightError` for
    an expression that is none.
    """
    tokens = _TOKEN.findall(expression)
    if not tokens:
        raise OfferwrightError("-k needs a word, such as -k 'floor and not sale'")
    parser = _Parser(tokens)
    found = parser.any_of()
    if parser.tokens:
        raise parser.wrong()
    return found


class _Parser:
    """The tokens that are left of an expression."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def any_of(self) -> Selects:
        parts = [self._all_of()]
        while self._takes("or"):
            parts.append(self._all_of())
        return lambda name: any(part(name) for part in parts)

    def _all_of(self) -> Selects:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return lambda name: all(part(name) for part in parts)

    def _one(self) -> Selects:
        if self._takes("not"):
            inner = self._one()
            return lambda name: not inner(name)
        if self._takes("("):
            inside = self.any_of()
            if not self._takes(")"):
                raise self.wrong()
            return inside
        return self._phrase()

    def _phrase(self) -> Selects:
        words = []
        while self.tokens and self.tokens[0].lower() not in _JOINERS:
            words.append(self.tokens.pop(0))
        if not words:
            raise self.wrong()
        phrase = " ".join(words).casefold()
        return lambda name: phrase in name.casefold()

    def _takes(self, word: str) -> bool:
        if self.tokens and self.tokens[0].lower() == word:
            self.tokens.pop(0)
            return True
        return False

    def wrong(self) -> OfferwrightError:
        """What stands where it cannot stand."""
        here = f"at {self.tokens[0]!r}" if self.tokens else "at its end"
        return OfferwrightError(
            f"-k cannot be read {here}: write words, joined by and, or, not and brackets"
        )
