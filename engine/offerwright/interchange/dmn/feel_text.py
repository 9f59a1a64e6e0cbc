"""FEEL text → pieces: known names with blanks in them, words, numbers, strings, signs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from offerwright.interchange.dmn.feel import At, Constant
from offerwright.money import MAX_DIGITS, SCALE

MAX_LENGTH = 4_000
WHOLE_DIGITS = MAX_DIGITS - SCALE
KEYWORDS = frozenset(
    {"if", "then", "else", "and", "or", "in", "between", "null", "true", "false", "for", "return",
     "some", "every", "satisfies", "instance", "of", "function", "external"}
)  # fmt: skip
# The built-in functions whose names hold blanks.
LONG_NAMES = (
    "date and time", "years and months duration", "string length", "upper case", "lower case",
    "starts with", "ends with", "substring before", "substring after", "round half up",
    "round half down", "round up", "round down", "day of week", "day of year", "week of year",
    "month of year", "list contains", "insert before", "index of", "distinct values",
    "get value", "get entries", "met by", "overlaps before", "overlaps after", "started by",
    "finished by",
)  # fmt: skip
_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.(?!\.)\d+)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_WORD = re.compile(r"[^\W\d]\w*|\?")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_DURATION = re.compile(
    r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(\.\d+)?S)?)?"
)


@dataclass(frozen=True, slots=True)
class FeelRefused(Exception):
    """Why a text is not read, or cannot be said: its place, a sentence, what to write."""

    at: At
    message: str
    hint: str = ""
    code: str = "FEEL_SYNTAX"


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a text may use, in one pattern that tries longer ones first."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        return cls(_pattern(frozenset(names)))


@lru_cache(maxsize=32)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Kept, since the texts of one decision share their names."""
    longest = sorted({n for n in (*names, *LONG_NAMES) if n}, key=lambda n: (-len(n), n))
    return re.compile("|".join(_spaced(name) for name in longest if name not in KEYWORDS))


def _spaced(name: str) -> str:
    pattern = r"\s+".join(map(re.escape, name.split()))
    return pattern + (r"(?!\w)" if re.match(r"\w", name[-1]) else "")


@dataclass
class Scanner:
    """A place in a text that moves on."""

    text: str
    names: Names
    position: int = 0

    def __post_init__(self) -> None:
        if len(self.text) > MAX_LENGTH:
            raise FeelRefused(At(0, 1), f"a text has at most {MAX_LENGTH:,} characters")
        self._skip()

    def _skip(self) -> None:
        found = _SPACE.match(self.text, self.position)
        self.position = found.end() if found else self.position

    @property
    def is_done(self) -> bool:
        return self.position >= len(self.text)

    def looking_at(self, sign: str) -> bool:
        return self.text.startswith(sign, self.position)

    def sign(self, *signs: str) -> str | None:
        """The first of these signs that stands here, taken."""
        for sign in signs:
            if self.looking_at(sign):
                self.position += len(sign)
                self._skip()
                return sign
        return None

    def word(self, *words: str) -> str | None:
        """The first of these words that stands here as a word of its own, taken."""
        found = _WORD.match(self.text, self.position)
        if found and found[0] in words:
            self.position = found.end()
            self._skip()
            return found[0]
        return None

    def peeks(self, *words: str) -> bool:
        found = _WORD.match(self.text, self.position)
        return bool(found and found[0] in words)

    def name(self) -> tuple[str, At] | None:
        """A known name, else a plain word that is no keyword; blanks in it are single."""
        known = self.names.pattern.match(self.text, self.position) if self.names.pattern else None
        found = known or _WORD.match(self.text, self.position)
        if not found or found[0] in KEYWORDS:
            return None
        self.position = found.end()
        self._skip()
        return " ".join(found[0].split()), At(found.start(), found.end())

    def number(self) -> Constant | None:
        found = _NUMBER.match(self.text, self.position)
        if not found:
            return None
        self.position = found.end()
        self._skip()
        value, at = Decimal(found[0]), At(found.start(), found.end())
        if value.adjusted() >= WHOLE_DIGITS:
            message = f"a number has at most {WHOLE_DIGITS} digits before its point"
            raise FeelRefused(at, message, code="FEEL_UNSUPPORTED")
        return Constant("number", value, at)

    def string(self) -> Constant | None:
        if not self.looking_at('"'):
            return None
        found = _STRING.match(self.text, self.position)
        if not found:
            raise FeelRefused(At(self.position, self.position + 1), "this text is never closed",
                              'write " at its end')  # fmt: skip
        self.position = found.end()
        self._skip()
        value = _ESCAPE.sub(_unescaped, found[1])
        return Constant("text", value, At(found.start(), found.end()))

    def refused(self, message: str, hint: str = "") -> FeelRefused:
        """A refusal of what stands here."""
        found = re.compile(r"\w+|\S").match(self.text, self.position)
        end = found.end() if found else max(self.position, 1)
        start = min(self.position, end - 1)
        return FeelRefused(At(start, end), message, hint)

    def unexpected(self) -> FeelRefused:
        if self.is_done:
            return self.refused("the text stops too early")
        found = re.compile(r"\w+|\S").match(self.text, self.position)
        return self.refused(f"`{found[0] if found else ''}` cannot stand here")


def _unescaped(found: re.Match[str]) -> str:
    escape = found[1]
    if escape[0] in "uU" and len(escape) > 1:
        code = int(escape[1:], 16)
        return chr(code) if code < 0x110000 else "\ufffd"
    return _PLAIN_ESCAPES.get(escape, escape)


def moment(kind: str, text: Constant, at: At) -> Constant:
    """The constant that `date("…")`, `date and time("…")`, `duration("…")` or `@"…"` stands for."""
    written = str(text.value).strip()
    if kind == "@":
        kind = "duration" if "P" in written else "date and time" if "T" in written else "date"
    if kind == "duration":
        return Constant("duration", _seconds(written, at), at)
    try:
        if kind == "date" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            return Constant("date", date.fromisoformat(written).isoformat(), at)
        if kind == "date and time" and re.match(r"\d{4}-\d{2}-\d{2}", written):
            return Constant("datetime", datetime.fromisoformat(written).isoformat(), at)
    except ValueError:
        pass
    example = "2026-12-01" if kind == "date" else "2026-12-01T08:00:00-03:00"
    raise FeelRefused(at, f"{written!r} is no {kind} that can be kept", f'write "{example}"',
                      "FEEL_UNSUPPORTED")  # fmt: skip


def _seconds(written: str, at: At) -> int:
    found = _DURATION.fullmatch(written)
    if not found or written.endswith(("P", "T")):
        raise FeelRefused(at, f"{written!r} is no duration", 'write "P3D" or "PT6H"')
    sign, years, months, days, hours, minutes, seconds, part = found.groups()
    if years or months:
        raise FeelRefused(at, "a duration of years or months has no fixed length",
                          "count it in days: P30D", "FEEL_UNSUPPORTED")  # fmt: skip
    if part and part.strip(".0"):
        raise FeelRefused(at, "a duration is kept in whole seconds", code="FEEL_UNSUPPORTED")
    total = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60
    total += int(seconds or 0)
    return -total if sign else total
