"""A review → the bytes of each output: one table of them, for `diff` and for `render`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from offerwright.errors import OfferwrightError
from offerwright.review import offers_table
from offerwright.review.annotations import annotated
from offerwright.review.html import html
from offerwright.review.links import Links, addressed, in_folder
from offerwright.review.markdown import BUDGET, comment
from offerwright.review.report import ROWS
from offerwright.review.sarif import review_log
from offerwright.review.text import text
from offerwright.source.escapes import escaped, shown

Form = Literal[
    "text", "json", "markdown", "html", "csv", "parquet", "sarif", "github", "github-comment",
    "gitlab-comment",
]  # fmt: skip
TABLES: frozenset[str] = frozenset({"csv", "parquet"})
"""Outputs that hold every offer which differs, where it is at hand."""


@dataclass(frozen=True)
class Rendered:
    """
    What an output is made of.

    Args:
        record: the master document.
        offers: all offers that differ, `offers_table`; None where only the document is at hand.
        links: where places can be looked at, if that is known.
        folder: where `offerwright.yaml` lies in the Git repository, whose root code hosts start at.
    """

    record: Mapping[str, Any]
    offers: pl.DataFrame | None = None
    links: Links | None = None
    folder: str = ""

    @property
    def table(self) -> pl.DataFrame:
        if self.offers is not None:
            return self.offers
        try:
            return offers_table.table_of_record(self.record)
        except (pl.exceptions.PolarsError, KeyError, TypeError, ValueError) as problem:
            raise OfferwrightError(f"an offer of the review is not whole: {problem}") from problem


def rendered(of: Rendered, form: str) -> bytes:
    """The bytes of one output; a pure function of the review."""
    return _RENDERINGS[form](of)


def _text(of: Rendered) -> bytes:
    said = text(_shown_record(of.record, 0))
    return "\n".join(map(_no_command, said.split("\n"))).encode()


def _html(of: Rendered) -> bytes:
    return html(_shown_record(of.record, ROWS), of.links).encode()


def _shown_record(record: Mapping[str, Any], offers: int) -> Any:
    """The document with so many offers one by one, and nothing in it that cannot be seen."""
    return _all_shown({**record, "offers": record["offers"][:offers]})


def _all_shown(value: Any) -> Any:
    """The document with control characters shown, line ends among them, in every text."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {key: _all_shown(one) for key, one in value.items()}
    return [_all_shown(one) for one in value] if isinstance(value, list) else value


def _no_command(line: str) -> str:
    """A line of a log that no runner of GitHub takes for a command: neither of their two forms."""
    start = len(line) - len(line.lstrip())
    if line.startswith("::", start):
        line = f"{line[:start]}\\x3a{line[start + 1 :]}"
    return line.replace("##[", "#\\x23[")


def _json(of: Rendered) -> bytes:
    return _as_json(of.record)


def _sarif(of: Rendered) -> bytes:
    return _as_json(review_log(in_folder(of.record, of.folder)))


def _as_json(value: Mapping[str, Any]) -> bytes:
    said = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2)
    return (escaped(said) + "\n").encode()


def _comment(of: Rendered) -> bytes:
    record = of.record if of.links is None else addressed(of.record, of.links)
    return comment(record, BUDGET).encode()


_RENDERINGS: Mapping[str, Callable[[Rendered], bytes]] = {
    "text": _text,
    "json": _json,
    "markdown": _comment,
    "html": _html,
    "csv": lambda of: offers_table.csv(of.table),
    "parquet": lambda of: offers_table.parquet(of.table),
    "sarif": _sarif,
    "github": lambda of: annotated(in_folder(of.record, of.folder)).encode(),
    "github-comment": _comment,
    "gitlab-comment": _comment,
}
FORMS = tuple(_RENDERINGS)
