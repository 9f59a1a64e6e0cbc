"""
The first line of a comment, by which the one of before is found again.

It is an HTML comment, which nobody sees. Only a line that opens the comment counts: whoever quotes
one of ours, or talks about it, has written a comment of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT = "review"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._]*(?:[-/][A-Za-z0-9._]+)*")
"""What a comment may be called: `shop`, `shops/brazil`; never `--`, which would end the line."""
LONGEST_NAME = 80
_WORD = r"[A-Za-z0-9._/-]+"
_LINE = re.compile(
    r"<!-- offerwright review"
    rf"(?: name=(?P<name>{_WORD}) head=(?P<head>{_WORD}) rules=(?P<rules>{_WORD}))?"
    r"(?P<outdated> outdated)? -->(?:\r?\n|$)"
)
_NOTHING = "none"
_PLAIN = re.compile(r"[0-9A-Za-z]{1,80}")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a comment says of itself: which one it is, and what it was made of."""

    name: str
    head: str
    """The commit of the head; `none` of a working tree."""
    rules: str
    """The hash of the rules; `none` where they could not be read."""
    is_outdated: bool = False

    def __str__(self) -> str:
        end = " outdated" if self.is_outdated else ""
        return (
            f"<!-- offerwright review name={self.name} head={self.head} rules={self.rules}{end} -->"
        )


def mark_of(name: str, head: str | None, rules: str | None) -> Mark:
    """The mark of a review; what is no plain word of letters and digits is left out."""
    return Mark(name, _plain(head), _plain(rules))


def _plain(word: str | None) -> str:
    return word if word is not None and _PLAIN.fullmatch(word) else _NOTHING


def read_mark(text: str) -> Mark | None:
    """The mark that opens a comment; None where it has none. One without a name is the default."""
    found = _LINE.match(text)
    if found is None:
        return None
    words = [found[word] or other for word, other in
             (("name", DEFAULT), ("head", _NOTHING), ("rules", _NOTHING))]  # fmt: skip
    return Mark(words[0], words[1], words[2], found["outdated"] is not None)


def without_mark(text: str) -> str:
    """The comment without the line that opens it."""
    return _LINE.sub("", text, count=1)


def is_same(one: str, other: str) -> bool:
    """Whether two texts are one comment: forges change line ends and cut blanks at the end."""
    return _as_kept(one) == _as_kept(other)


def _as_kept(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
