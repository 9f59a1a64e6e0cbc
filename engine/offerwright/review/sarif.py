"""A review → a SARIF 2.1.0 log: what guards object to, at the rule that moved the offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from offerwright.review.remarks import LEVELS, Place, Remark, remarks
from offerwright.source.escapes import shown
from offerwright.source.sarif import location, log


def review_log(record: Mapping[str, Any]) -> dict[str, Any]:
    """One run; its rules are the guards that object and the codes of findings."""
    found = remarks(record)
    subjects = sorted({one.subject for one in found})
    rules = [_rule(subject, found) for subject in subjects]
    return log(rules, [_result(one, subjects.index(one.subject)) for one in found])


def _rule(subject: str, found: Sequence[Remark]) -> dict[str, Any]:
    own = [one for one in found if one.subject == subject]
    worst = min((one.level for one in own), key=LEVELS.index)
    return {
        "id": subject,
        "shortDescription": {"text": shown(own[0].about)},
        "defaultConfiguration": {"level": worst},
    }


def _result(one: Remark, rule: int) -> dict[str, Any]:
    return {
        "ruleId": one.subject,
        "ruleIndex": rule,
        "level": one.level,
        "message": {"text": _plain(f"{one.title}: {one.text}")},
        "locations": [] if one.place is None else [_location(one.place)],
    }


def _plain(text: str) -> str:
    """A message in which nothing is a link or a placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    escaped = "".join(f"\\{c}" if c in "\\[]" else c for c in shown(text))
    return escaped.replace("{", "{{").replace("}", "}}")


def _location(place: Place) -> dict[str, Any]:
    return location(place.file, {"startLine": place.line, "endLine": place.end_line})
