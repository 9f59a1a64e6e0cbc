"""Answer + manifest table → outcome: what a status and a body mean, and where the reasons stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from offerwright.connectors.document import Answer, Problems, RequestSpec
from offerwright.connectors.exchange import Failure, Reply, Request
from offerwright.connectors.json_text import BodyRefused, parse_json
from offerwright.connectors.pointer import read_all, read_first
from offerwright.connectors.template import NAME, Names, as_text
from offerwright.marketplaces.operation import Outcome, OutcomeKind, Problem

MAX_PROBLEMS = 50
# Long enough to hold an echoed token whole: texts are shortened only after secrets are hidden.
MAX_TEXT = 20_000
_ABSENT = object()

# What statuses mean wherever a manifest does not say otherwise.
STANDARD: tuple[Answer, ...] = tuple(
    Answer.model_validate(row)
    for row in (
        {"status": "2xx", "outcome": "confirmed"},
        {"status": "3xx", "outcome": "config", "code": "REDIRECTED",
         "note": "the marketplace answered with a redirect, which is never followed"},
        {"status": 401, "outcome": "refresh"},
        {"status": 403, "outcome": "auth"},
        {"status": 404, "for_item": True, "outcome": "rejected", "code": "LISTING_NOT_FOUND",
         "note": "the marketplace knows no such listing"},
        {"status": 408, "outcome": "in_doubt"},
        {"status": [409, 423, 425, 429], "outcome": "retry"},
        {"status": [400, 410, 413, 422], "outcome": "rejected"},
        {"status": "4xx", "outcome": "config"},
        {"status": "5xx", "outcome": "in_doubt"},
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """What one reply means: the outcome, the parsed body and whether the token is over."""

    outcome: Outcome
    body: Any = None
    refresh: bool = False


def judge(
    answered: Reply | Failure, request: Request, spec: RequestSpec,
    answers: Iterable[Answer], problems: Problems, names: Names,
) -> Judged:  # fmt: skip
    """
    Decide what one answer means.

    The request's own entries come first, then `answers` (the document's), then `STANDARD`. A good
    status with a body that cannot be read is in doubt for a write and a retry for a read.
    """
    if isinstance(answered, Failure):
        return Judged(_of_failure(answered, request))
    body, broken = _parsed(answered)
    entry = _entry(answered.status, body, request, (*spec.answers, *answers, *STANDARD), names)
    if broken and 200 <= answered.status < 300 and spec.expects == "json":
        text = f"the answer with status {answered.status} {broken}"
        return Judged(unclear(request, "ANSWER_UNREADABLE", text, answered.status))
    kind: OutcomeKind = "auth" if entry.outcome == "refresh" else entry.outcome
    if kind == "in_doubt" and request.method == "GET":
        kind = "retry"
    reasons = _reasons(body, entry, entry.problems or problems, kind, answered.status)
    outcome = Outcome(
        kind=kind,
        problems=reasons,
        status=answered.status,
        retry_after_s=float(entry.retry_after_s) if entry.retry_after_s else None,
    )
    return Judged(outcome, body, refresh=entry.outcome == "refresh")


def unclear(request: Request, code: str, message: str, status: int | None = None) -> Outcome:
    """The outcome of an answer that says nothing usable: a lost read is only tried again."""
    kind: OutcomeKind = "retry" if request.method == "GET" else "in_doubt"
    return Outcome(kind=kind, problems=(Problem(code, message),), status=status)


def _of_failure(failure: Failure, request: Request) -> Outcome:
    problem = Problem(failure.code, failure.message)
    if failure.kind == "unsent":
        return Outcome("retry", (problem,), retry_after_s=failure.retry_after_s)
    return unclear(request, problem.code, problem.message)


def _parsed(reply: Reply) -> tuple[Any, str]:
    if reply.broken:
        return None, reply.broken
    try:
        return parse_json(reply.body), ""
    except BodyRefused as exc:
        text = f"cannot be used: {clean(str(exc))}"
        return None, text if reply.body else "is empty where a body is due"


def _entry(
    status: int, body: Any, request: Request, entries: Iterable[Answer], names: Names
) -> Answer:
    for entry in entries:
        if (
            _status_fits(status, entry.status)
            and entry.for_item in (None, request.for_item)
            and all(read_all(body, pointer) for pointer in entry.has)
            and all(holds(body, p, wanted, names) for p, wanted in entry.where.items())
        ):
            return entry
    return Answer(status=status, outcome="in_doubt")


def _status_fits(status: int, wanted: int | str | list[int]) -> bool:
    if isinstance(wanted, list):
        return status in wanted
    return status == wanted if isinstance(wanted, int) else str(status)[0] == wanted[0]


def holds(body: Any, pointer: str, wanted: Any, names: Names) -> bool:
    """Whether any value at the pointer equals one of the wanted ones; decimals compare by value."""
    options = wanted if isinstance(wanted, list) else [wanted]
    resolved = [v for option in options if (v := _resolve(option, names)) is not _ABSENT]
    if not resolved:
        return True
    found = read_all(body, pointer)
    return any(same(value, option) for value in found for option in resolved)


def _resolve(option: Any, names: Names) -> Any:
    whole = NAME.fullmatch(option) if isinstance(option, str) else None
    if not whole:
        return option
    value = names.get(whole[1])
    return _ABSENT if value is None else value


def same(found: Any, wanted: Any) -> bool:
    """Equality of a JSON value with ours: numbers by value, also when written as text."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return found is wanted
    if isinstance(wanted, (int, Decimal)):
        number = as_number(found)
        return number is not None and number == wanted
    return isinstance(found, (str, int)) and str(found) == str(wanted)


def as_number(value: Any) -> Decimal | None:
    """A JSON number, or a text that is a plain decimal; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", value):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _reasons(
    body: Any, entry: Answer, where: Problems, kind: OutcomeKind, status: int
) -> tuple[Problem, ...]:
    """The marketplace's reasons; a refusal without one gets the entry's own, so none is silent."""
    listed = [_problem(element, where) for element in _elements(body, where)]
    found = [p for p in listed if p.code or p.message][:MAX_PROBLEMS]
    if kind in ("confirmed", "accepted"):
        return tuple(p for p in found if p.severity == "warning")
    if any(p.severity == "error" for p in found):
        return tuple(found)
    code = entry.code or _word(body, where.summary_code) or f"HTTP_{status}"
    message = _word(body, where.summary_message) or entry.note or f"answered with status {status}"
    return (*found, Problem(code, message))


def _elements(body: Any, where: Problems) -> list[Any]:
    if not (where.code or where.message):
        return []
    return read_all(body, where.each) if where.each else [body]


def _problem(element: Any, where: Problems) -> Problem:
    severity = _word(element, where.severity)
    return Problem(
        code=_first_word(element, where.code),
        message=_first_word(element, where.message),
        field=_first_word(element, where.field),
        severity="warning" if severity in where.warnings else "error",
    )


def _first_word(element: Any, pointers: list[str]) -> str:
    return next(filter(None, (_word(element, pointer) for pointer in pointers)), "")


def _word(element: Any, pointer: str | None) -> str:
    value = None if pointer is None else read_first(element, pointer)
    if value is None or isinstance(value, (bool, dict, list)):
        return ""
    return clean(as_text(value))


def clean(text: str) -> str:
    """One line without control characters, fit for logs and terminals."""
    printable = "".join(c if c.isprintable() else " " for c in text[:MAX_TEXT])
    return " ".join(printable.split())
