"""The catalogue of phrases, one data file per language, with named places to fill."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files
from typing import Literal, TypeAlias

from offerwright.source.yaml import read_yaml

Language: TypeAlias = Literal["en", "es", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "es", "pt")
_PLAIN = re.compile(r"[^\s,;:“”\"]+")
# Words that sentences are made of: a brand called `missing` is not a brand that is missing.
_OURS = frozenset({"and", "or", "e", "ou", "y", "o", "u", "missing", "present", "true", "false"})
# Spanish says "e" for "y" before the sound i, and "u" for "o" before the sound o.
_SOFTENED = {
    "y": ("e", re.compile(r"[“(]*h?[ií](?![aeou])", re.IGNORECASE)),
    "o": ("u", re.compile(r"[“(]*h?[oó]", re.IGNORECASE)),
}


@dataclass(frozen=True)
class Wording:
    """The phrases of one language. A phrase with a number in it has the forms `one` and `other`."""

    language: Language
    phrases: Mapping[str, str | Mapping[str, str]]

    def say(self, key: str, /, **values: str) -> str:
        """The phrase with its places filled. Raises `KeyError` for an unknown key or place."""
        phrase = self.phrases[key]
        if not isinstance(phrase, str):
            raise KeyError(f"{key} counts something")
        return phrase.format_map(values)

    def count(self, key: str, number: int, /, **values: str) -> str:
        """The phrase in the form that the number needs; `{n}` is the number."""
        phrase = self.phrases[key]
        if isinstance(phrase, str):
            raise KeyError(f"{key} counts nothing")
        # One is singular in all three; Portuguese also counts nought so, which CLDR says as well.
        single = number == 1 or (number == 0 and self.language == "pt")
        return phrase["one" if single else "other"].format_map({"n": str(number), **values})

    def all_of(self, parts: Iterable[str]) -> str:
        """`a, b and c`."""
        return self._listed(parts, "list.and")

    def one_of(self, parts: Iterable[str]) -> str:
        """`a, b or c`."""
        return self._listed(parts, "list.or")

    def quoted(self, text: str) -> str:
        """A text of the shop: as it is where it is one word and none of ours, else in marks."""
        plain = _PLAIN.fullmatch(text) and text not in _OURS
        return text if plain else self.say("quoted", text=text)

    def sentence(self, text: str) -> str:
        """The text with a capital letter and a full stop."""
        ended = text if text.endswith((".", "!", "?", ":")) else f"{text}."
        return ended[:1].upper() + ended[1:]

    def _listed(self, parts: Iterable[str], key: str) -> str:
        *first, last = list(parts) or [""]
        return self.joined([", ".join(first), last], key) if first else last

    def joined(self, parts: Iterable[str], key: str) -> str:
        """The parts with the word of `key` before every one but the first."""
        return reduce(lambda so_far, part: f"{so_far} {self._before(part, key)} {part}", parts)

    def _before(self, part: str, key: str) -> str:
        word = self.say(key)
        if self.language != "es":
            return word
        softer, sound = _SOFTENED[word]
        return softer if sound.match(part) else word


@cache
def wording(language: Language) -> Wording:
    """The catalogue of a language. Raises `ValueError` where the file that ships is damaged."""
    name = f"{language}.yaml"
    content = (files("offerwright.sentences") / "wording" / name).read_bytes()
    located, found = read_yaml(content, name)
    if located is None:
        raise ValueError(f"{name}: {found[0].message}")
    return Wording(language, located.data)
