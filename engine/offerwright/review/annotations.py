"""A review → annotations of GitHub beside the changed lines, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from offerwright.review.remarks import LEVELS, Remark, remarks
from offerwright.review.words import count
from offerwright.source.annotations import ANNOTATIONS, Level, command

_WORDS: Mapping[str, Level] = {"error": "error", "warning": "warning", "note": "notice"}


def annotated(record: Mapping[str, Any]) -> str:
    """One workflow command a line: at most ten of each level, then how many more there are."""
    found = remarks(record)
    shown = [one for level in LEVELS for one in _of(found, level)[:ANNOTATIONS]]
    return "".join(f"{line}\n" for line in _lines(shown, len(found) - len(shown)))


def _of(found: Sequence[Remark], level: str) -> list[Remark]:
    return [one for one in found if one.level == level]


def _lines(shown: Sequence[Remark], more: int) -> Iterator[str]:
    for one in shown:
        yield command(_WORDS[one.level], _properties(one), one.text)
    if more:
        yield command("notice", {}, f"and {count(more, 'more remark')} in the price review")


def _properties(one: Remark) -> dict[str, object]:
    if one.place is None:
        return {"title": one.title}
    place = one.place
    return {
        "file": place.file, "line": place.line, "endLine": place.end_line, "title": one.title,
    }  # fmt: skip
