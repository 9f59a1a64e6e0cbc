"""What could not be read or computed of two states of the rules, and what stands in for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from offerwright.errors import Diagnostic

SideName = Literal["base", "head"]


@dataclass(frozen=True, slots=True)
class StandIn:
    """
    A file with errors, of which the other side's version is computed instead.

    `is_there` is whether the other side has it; without it the file is left out.
    """

    side: SideName
    file: str
    is_there: bool

    @property
    def as_json(self) -> dict[str, Any]:
        other = "head" if self.side == "base" else "base"
        return {"side": self.side, "file": self.file, "from": other if self.is_there else None}


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is not read on a side, and why."""

    side: SideName
    problem: Diagnostic

    @property
    def as_json(self) -> dict[str, Any]:
        one = self.problem
        file = one.span.file if one.span is not None else ""
        said = {"code": one.code, "message": one.message, "hint": one.hint}
        return {"side": self.side, "file": file, **said}


@dataclass(frozen=True)
class Gaps:
    """
    All that is missing of a review; nothing, by default.

    `findings` are the errors of the head, which block, `base_findings` those of the base: as JSON,
    the form of `check`.
    """

    findings: Sequence[Mapping[str, Any]] = ()
    base_findings: Sequence[Mapping[str, Any]] = ()
    stand_ins: tuple[StandIn, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "findings": list(self.findings),
            "base_findings": list(self.base_findings),
            "stand_ins": [one.as_json for one in self.stand_ins],
            "unread": [one.as_json for one in self.unread],
        }


NO_GAPS = Gaps()
"""Both sides are read and computed whole."""
