"""Findings → a SARIF 2.1.0 log, which code hosts show beside the changed lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from offerwright import __version__
from offerwright.codes import CODES
from offerwright.errors import Diagnostic, Span

LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def sarif_log(found: Sequence[Diagnostic]) -> dict[str, Any]:
    """Columns count characters; places are relative to where the command ran."""
    codes = sorted({d.code for d in found})
    rules = [_rule(code) for code in codes]
    return log(rules, [_result(d, codes.index(d.code)) for d in found])


def log(rules: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One run of these rules (`reportingDescriptor`) and results, as SARIF has them."""
    driver = {"name": "offerwright", "version": __version__, "rules": list(rules)}
    return {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": list(results),
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": f"{CODES.get(code, code)}."}}


def _result(found: Diagnostic, rule: int) -> dict[str, Any]:
    text = f"{found.message}. {found.hint}" if found.hint else found.message
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": LEVELS[found.severity],
        "message": {"text": text},
        "locations": [] if found.span is None else [_location(found.span)],
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": number, **_location(r.span), "message": {"text": r.message}}
            for number, r in enumerate(found.related)
        ]
    if found.fix is not None:
        result["fixes"] = [_fix(found)]
    return result


def _location(span: Span) -> dict[str, Any]:
    return location(span.file, _region(span))


def location(file: str, region: Mapping[str, int]) -> dict[str, Any]:
    """A place in a file, which is named relative to where the command ran."""
    return {"physicalLocation": {"artifactLocation": _artifact(file), "region": dict(region)}}


def _artifact(file: str) -> dict[str, Any]:
    return {"uri": quote(file)}


def _region(span: Span) -> dict[str, Any]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": max(span.end_column, span.column) if span.line == span.end_line
        else span.end_column,
    }  # fmt: skip


def _fix(found: Diagnostic) -> dict[str, Any]:
    fix = found.fix
    assert fix is not None
    replacement = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.text}}
    change = {"artifactLocation": _artifact(fix.span.file), "replacements": [replacement]}
    return {"description": {"text": found.hint or found.message}, "artifactChanges": [change]}
