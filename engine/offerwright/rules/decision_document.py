"""How a decision is written: a table whose results are facts for every other document."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from offerwright.rules.document import Table
from offerwright.source.document import Document, Expression, Model, Name


class Result(Model):
    """One fact that the decision gives."""

    type: str
    """text, enum, boolean, integer, number, percent, money, weight, length, date, datetime or
    duration. With `take: list` the fact is a list of it."""
    of: list[str] | None = None
    """The words of an enum."""
    currency: str | None = None
    """The currency of money; the shop's if absent."""
    note: str | None = None
    """What it means."""


class DecisionDocument(Document, Table):
    """A table whose results are facts: other documents test and name them like any fact."""

    kind: Literal["decision"]
    derive: dict[Name, Expression] = Field(default_factory=dict)
    """Facts computed before the table, for its conditions and results."""
    results: dict[Name, Result] = Field(min_length=1)
    """The facts that the table gives, by name."""
