"""Routing decisions and their traces, as values."""

from __future__ import annotations

from dataclasses import dataclass

from offerwright.errors import Span


@dataclass(frozen=True, slots=True)
class Part:
    """Units of one line from one node; `parcel` counts from 1 within the order."""

    line: str
    node: str
    parcel: int
    units: int


@dataclass(frozen=True, slots=True)
class NodeSaid:
    """What an attempt says of one node: why it was dropped, or its place in the ranking."""

    node: str
    place: int | None
    """From 1; None for a node that was dropped."""
    because: tuple[str, ...]
    """Why it was dropped; of a ranked node what was compared, in the order of the keys."""


@dataclass(frozen=True, slots=True)
class AttemptSaid:
    """One attempt: what became of every node, and how the choice was made."""

    attempt: str
    span: Span
    chosen: tuple[str, ...]
    """The nodes that ship, best first; empty where the attempt could not carry the order."""
    summary: str
    nodes: tuple[NodeSaid, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What becomes of one order.

    `code` is `ROUTED`, `NO_NODE`, or why the order is refused. Of a routed order `parts` are all
    units of all lines; of any other `lines` holds what was left, as (line, units).
    """

    order: str
    account: str
    code: str
    detail: str
    attempt: str
    parts: tuple[Part, ...]
    lines: tuple[tuple[str, int | None], ...]
    queue: str
    cancel_at: int | None
    """Microseconds since 1970 (UTC)."""
    notes: tuple[str, ...]
    attempts: tuple[AttemptSaid, ...]
    """In the order in which they were tried; empty unless a trace was asked for."""
