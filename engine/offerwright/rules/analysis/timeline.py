"""Times at which no document of a kind is in force for an account: holes, and ends without a next.

Time is a column of documents as it is of rows. Only what blocks when it is absent is asked about:
fees, the base of pricing, mapping, inventory. Before the first document starts there is nothing to
say, since rules start when they start.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Span
from offerwright.expressions.types import DATETIME
from offerwright.rules.analysis.words import shown
from offerwright.rules.plan import AccountPlan, DocumentInfo
from offerwright.rules.rows import Window

_SAID: dict[str, str] = {
    "fees": "no fees are known",
    "inventory": "no stock is computed",
    "mapping": "no listing is written",
    "pricing": "no step of the base phase makes a price",
}


def holes_in_time(
    plans: Sequence[AccountPlan], places: Mapping[str, Span], zone: ZoneInfo
) -> list[Diagnostic]:
    """
    Findings about documents whose windows leave a time to nobody.

    Args:
        places: by file, where a document's `valid` stands.
    """
    accounts: dict[tuple[str, str, Window], list[str]] = defaultdict(list)
    for plan in plans:
        for kind, documents in _by_kind(plan).items():
            # A document for some offers leaves all others to nobody.
            for file, hole in _holes([d for d in documents if d.only is None] or documents):
                accounts[kind, file, hole].append(plan.account.name)
    return [
        _finding(kind, places.get(file), hole, names, zone)
        for (kind, file, hole), names in accounts.items()
    ]


def _by_kind(plan: AccountPlan) -> dict[str, list[DocumentInfo]]:
    """The documents that make something for this account, by kind."""
    found: dict[str, list[DocumentInfo]] = defaultdict(list)
    based = {step.document for step in plan.steps if step.phase == "base"}
    for number, document in enumerate(plan.documents):
        if document.kind in _SAID and (document.kind != "pricing" or number in based):
            found[document.kind].append(document)
    return found


def _holes(documents: Sequence[DocumentInfo]) -> Iterator[tuple[str, Window]]:
    """Times after the first start that no window holds, with the file after whose end they come."""
    low = -(1 << 63)
    ordered = sorted(documents, key=lambda d: (low if d.window[0] is None else d.window[0], d.name))
    end, last = ordered[0].window[0] or low, ordered[0]
    for document in ordered:
        start, before = document.window
        if start is not None and start > end:
            yield last.file, (end, start)
        if before is None:
            return
        if before > end:
            end, last = before, document
    yield last.file, (end, None)


def _finding(
    kind: str, span: Span | None, hole: Window, accounts: Sequence[str], zone: ZoneInfo
) -> Diagnostic:
    start, end = (None if m is None else shown(m, DATETIME, zone) for m in hole)
    names = ", ".join(f"`{name}`" for name in sorted(accounts))
    whom = f"account {names}" if len(accounts) == 1 else f"accounts {names}"
    until = f"until {end}" if end else "on"
    return Diagnostic(
        "WINDOW_HOLE",
        f"from {start} {until} {_SAID[kind]} for {whom}: no {kind} document for all offers is in "
        "force",
        span,
        "let the next document start where this one ends, or write one without `valid`",
        "warning",
    )
