"""A small shop for the oracle's own tests: one account, a clock, a few documents."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from oracle import evaluate_offer, world_of_offer
from oracle.world import World

# 22:30 on Monday, 30 November 2026, in São Paulo.
AS_OF = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
ZONE = "America/Sao_Paulo"
ACCOUNT = {"name": "meli", "marketplace": "mercadolibre", "currency": "BRL"}


def world(
    facts: dict[str, Any],
    types: dict[str, str] | None = None,
    lists: dict[str, Any] | None = None,
    documents: list[dict[str, Any]] | None = None,
) -> World:
    return world_of_offer(
        documents or [], lists or {}, facts, ACCOUNT, types or {}, AS_OF, ZONE, None
    )


def offer(
    documents: list[dict[str, Any]],
    facts: dict[str, Any],
    live: dict[str, Any] | None = None,
    types: dict[str, str] | None = None,
) -> dict[str, Any]:
    return evaluate_offer(documents, {}, facts, ACCOUNT, types or {}, AS_OF, ZONE, live)


def pricing(*steps: dict[str, Any], name: str = "prices", **head: Any) -> dict[str, Any]:
    """A pricing document; a step without an id is named by its place."""
    named = [{"id": f"step{place}", **step} for place, step in enumerate(steps)]
    return {"kind": "pricing", "name": name, **head, "steps": named}


def fees(*tables: dict[str, Any], name: str = "schedule", **head: Any) -> dict[str, Any]:
    named = [{"id": f"fee{place}", **table} for place, table in enumerate(tables)]
    return {"kind": "fees", "name": name, **head, "fees": named}


def band(cell: Any, fee: str, rate: str = "0%") -> dict[str, Any]:
    """A row of a fee table for prices that pass the cell."""
    return {
        "id": f"row{fee}{rate}",
        "when": {"price": cell},
        "then": {"fee": Decimal(fee), "rate": rate},
    }
