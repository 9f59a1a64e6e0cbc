"""The bytes of a file → a master document, or one sentence that says why it is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from offerwright.errors import OfferwrightError
from offerwright.review.version import VERSION

SCHEMA = "output/review.schema.json"
CHECKED = 5_000
"""So many offers are looked at one by one: no rendering shows more of them than this, but the
tables, which take nothing that does not fit their types."""


def read_record(data: bytes, name: str) -> dict[str, Any]:
    """
    A document of `schemas/output/review.schema.json`.

    Raises:
        OfferwrightError: not JSON, cut off, something else, or of another version.
    """
    record = _parsed(data, name)
    if not isinstance(record, dict) or not {"base", "head", "totals"} <= record.keys():
        raise OfferwrightError(
            f"{name} is no review; write one with `offerwright diff BASE..HEAD -o json`"
        )
    if record.get("version") != VERSION:
        raise OfferwrightError(
            f"{name} is a review of version {json.dumps(record.get('version'))}, and this engine "
            f"reads version {VERSION}; make it again with `offerwright diff`"
        )
    fault = best_match(_validator().iter_errors(_beginning(record)))
    if fault is not None:
        raise OfferwrightError(f"{name} is no whole review: {_said(fault)}")
    return record


def _parsed(data: bytes, name: str) -> Any:
    try:
        return json.loads(data)
    except RecursionError:
        raise OfferwrightError(f"{name} is nested too deeply to be a review") from None
    except UnicodeDecodeError:
        raise OfferwrightError(f"{name} is not text in UTF-8, so it is no review") from None
    except json.JSONDecodeError as problem:
        if not data.strip():
            raise OfferwrightError(f"{name} is empty, so it is no review") from None
        is_cut = problem.pos >= len(problem.doc.rstrip()) or "Unterminated" in problem.msg
        what = "is cut off" if is_cut else "is not JSON"
        place = f"line {problem.lineno}, column {problem.colno}"
        raise OfferwrightError(f"{name} {what}: {problem.msg} at {place}") from None
    except ValueError:
        raise OfferwrightError(f"{name} holds a number that no review has") from None


def _beginning(record: Mapping[str, Any]) -> dict[str, Any]:
    offers = record.get("offers")
    return {**record, "offers": offers[:CHECKED] if isinstance(offers, list) else offers}


def _said(fault: ValidationError) -> str:
    place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in fault.absolute_path)
    text = fault.message if len(fault.message) <= 200 else f"{fault.message[:199]}…"
    return f"{place.lstrip('.') or 'the document'}: {text}"


@cache
def _validator() -> Draft202012Validator:
    package = Path(__file__).resolve().parent.parent
    installed = package / "_shipped" / "schemas"
    folder = installed if installed.is_dir() else package.parent.parent / "schemas"
    return Draft202012Validator(json.loads((folder / SCHEMA).read_bytes()))
