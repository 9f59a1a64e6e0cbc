"""A share as people read it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_TENTH = Decimal("0.1")


def percent(share: str | None, *, signed: bool = True) -> str:
    """`0.0213` as `+2.1 %`, half away from zero; `–` where there is none."""
    if share is None:
        return "–"
    value = (Decimal(share) * 100).quantize(_TENTH, ROUND_HALF_UP)
    return f"{value:+f} %" if signed else f"{value:f} %"
