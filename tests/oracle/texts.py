"""Templates and lengths of texts (section 7): an own, minimal reading of the Jinja2 subset."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from oracle.values import SpecError, plain
from oracle.world import World


class NotRendered(Exception):
    """A name that the template shows is missing."""


_PIECE = re.compile(r"\{\{-?\s*(?P<shown>.*?)\s*-?\}\}|\{%-?\s*(?P<word>.*?)\s*-?%\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d+|[^\W\d]\w*(?:\.\w+)*|==|!=|[|(),])"""
)


def render(template: str, world: World) -> str | None:
    """The text, or None when a name that is shown is missing. Raises Fault, SpecError.

    As in Jinja2, one line break at the end of the template does not count.
    """
    try:
        return "".join(_shown(template.removesuffix("\n"), world))
    except NotRendered:
        return None


def _shown(template: str, world: World) -> Iterator[str]:
    """The pieces of the text; `taken` holds, per open `if`, (is shown now, was shown before)."""
    taken: list[tuple[bool, bool]] = []
    position = 0
    for piece in [*_PIECE.finditer(template), None]:
        shown = all(now for now, _ in taken)
        if shown:
            yield template[position : piece.start() if piece else None]
        if piece is None:
            return
        position = piece.end()
        if piece["word"] is not None:
            taken = _branch(taken, piece["word"], shown, world)
        elif shown:
            value = _Template(piece["shown"], world).expression()
            if value is None:
                raise NotRendered
            yield plain(value)


def _branch(
    taken: list[tuple[bool, bool]], words: str, shown: bool, world: World
) -> list[tuple[bool, bool]]:
    keyword, _, condition = words.partition(" ")
    if keyword == "if":
        now = shown and bool(_Template(condition, world).expression())
        return [*taken, (now, now)]
    if keyword == "elif":
        now = not taken[-1][1] and bool(_Template(condition, world).expression())
        return [*taken[:-1], (now, now or taken[-1][1])]
    if keyword == "else":
        return [*taken[:-1], (not taken[-1][1], True)]
    if keyword == "endif":
        return taken[:-1]
    raise SpecError(f"no {keyword!r} in templates")


class _Template:
    """One expression of a template; a missing name is None, which is false and fails when shown."""

    def __init__(self, text: str, world: World) -> None:
        self.tokens = _TOKEN.findall(text)
        self.world = world

    def accept(self, *words: str) -> str | None:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in words else None

    def expression(self) -> Any:
        value = self.disjunction()
        if self.accept("if"):
            condition = self.disjunction()
            other = self.expression() if self.accept("else") else ""
            return value if condition else other
        return value

    def disjunction(self) -> Any:
        value = self.conjunction()
        while self.accept("or"):
            other = self.conjunction()
            value = value or other
        return value

    def conjunction(self) -> Any:
        value = self.comparison()
        while self.accept("and"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self) -> Any:
        if self.accept("not"):
            return not self.comparison()
        value = self.filtered()
        if operator := self.accept("==", "!="):
            return (value == self.filtered()) == (operator == "==")
        return value

    def filtered(self) -> Any:
        value = self.atom()
        while self.accept("|"):
            name, arguments = self.tokens.pop(0), []
            if self.accept("("):
                while not self.accept(")"):
                    arguments.append(self.atom())
                    self.accept(",")
            if name == "default":
                value = arguments[0] if value is None else value
            elif value is not None:
                value = _FILTERS[name](plain(value), *arguments)
        return value

    def atom(self) -> Any:
        if self.accept("("):
            value = self.expression()
            self.accept(")")
            return value
        token = self.tokens.pop(0)
        if token[0] in "\"'":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        return int(token) if token.isdigit() else self.world.value(token)


def _titled(text: str) -> str:
    """As in Jinja2: a capital after the start, white space, hyphens and opening brackets."""
    parts = re.split(r"([-\s({\[<]+)", text)
    return "".join(part[:1].upper() + part[1:].lower() for part in parts)


_FILTERS: dict[str, Callable[..., str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": _titled,
    "trim": str.strip,
    "replace": str.replace,
    "truncate_chars": lambda text, size: cut_characters(text, size, "characters"),
}


# --- lengths ----------------------------------------------------------------------------------


def folded(text: str) -> str:
    """White space as single blanks, none at the ends."""
    return " ".join(text.split())


def size_of(text: str, count: str) -> int:
    return len(text.encode()) if count == "bytes" else len(text)


def cut_characters(text: str, most: int, count: str) -> str:
    """The longest beginning of at most that size that ends between graphemes."""
    end = 0
    for position in range(1, len(text) + 1):
        if size_of(text[:position], count) > most:
            break
        if _is_boundary(text, position):
            end = position
    return text[:end]


def cut_words(text: str, most: int, count: str) -> str:
    """The same, but ending after a whole word; a first word that is too long is cut inside."""
    if size_of(text, count) <= most:
        return text
    beginning = cut_characters(text, most, count)
    if not text[len(beginning) :][:1].isspace():
        words = re.match(r"(.*)\s", beginning, re.DOTALL)
        if words and words[1].strip():
            beginning = words[1]
    return beginning.rstrip()


def _is_boundary(text: str, position: int) -> bool:
    """Whether a cut falls between graphemes: marks, joiners, skin tones and flags stay together."""
    if position == len(text):
        return True
    before, after = text[position - 1], text[position]
    if unicodedata.category(after) in ("Mn", "Mc", "Me") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return False
    if "\u200d" in (before, after) or (before, after) == ("\r", "\n"):
        return False
    flags = 0
    while flags < position and "\U0001f1e6" <= text[position - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return not ("\U0001f1e6" <= after <= "\U0001f1ff" and flags % 2)


def holds_word(text: str, word: str) -> bool:
    """Whether a word or phrase stands in the text as whole words; case and accents are ignored."""
    pattern = rf"(?<!\w){re.escape(_bare(word))}(?!\w)"
    return re.search(pattern, _bare(text)) is not None


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", folded(text)).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c))
