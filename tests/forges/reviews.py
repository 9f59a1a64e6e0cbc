"""Reviews to comment with: small ones, written by hand."""

from __future__ import annotations

from typing import Any

from review.test_markdown import record

FIRST, SECOND = "1" * 40, "2" * 40


def review(commit: str = FIRST, size: int = 1) -> dict[str, Any]:
    """Offers change, and a guard blocks."""
    found = record([f"SKU-{n}" for n in range(size)])
    return {**found, "head": {"name": "HEAD", "commit": commit, "rules": "a" * 16}}


def passing(commit: str = FIRST) -> dict[str, Any]:
    """Offers change, and no guard objects."""
    return {**review(commit), "blocks": False, "guards": []}


def quiet(commit: str = FIRST) -> dict[str, Any]:
    """Nothing changes."""
    return {**passing(commit), "differs": False, "accounts": [], "rules": [], "offers": [],
            "movers": {"up": [], "down": []}}  # fmt: skip
