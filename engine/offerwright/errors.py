"""
What can go wrong, as values for a user's mistakes and as one small tree of exceptions.

A user's mistake is a `Diagnostic`: a stable code, a place, one sentence, a hint. Stages collect
them all and go on; the boundary raises one `ConfigError` that carries them. A programmer's mistake
is an ordinary exception and is never caught.

    OfferwrightError            exit code 2
    ├── ConfigError             1   findings in the configuration repository
    ├── BundleRefused           2   compiled rules of another engine, damaged, or changed
    ├── SnapshotRefused         2   inputs missing, unreadable, or shrunk beyond their bound
    ├── StalePlan               5   the plan no longer fits the ledger
    ├── StoreLocked             6   another run holds the store
    ├── StoreRefused            2   the store is read-only, newer, or damaged
    ├── MarketplaceAway         7   unreachable or throttled after all retries
    ├── ForgeRefused            2   GitHub or GitLab does not want to
    ├── ForgeAway               7   GitHub or GitLab unreachable or throttled after all retries
    └── CredentialsRefused      8   never retried
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file. Lines and columns count from 1; `end_column` is not included.

    `file` is relative to the repository root, with forward slashes.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that belongs to a diagnostic: the first of two equal keys, say."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What certainly belongs in a stretch of a file: the text that replaces all of it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong, where, and what to write instead."""

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    severity: Severity = "error"
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


def sorted_diagnostics(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings without doubles, by place, then code: the same whatever the file order."""
    nowhere = Span("", 0, 0, 0, 0)
    return sorted(dict.fromkeys(found), key=lambda d: (d.span or nowhere, d.code, d.message))


def has_errors(found: Iterable[Diagnostic]) -> bool:
    return any(d.severity == "error" for d in found)


class OfferwrightError(Exception):
    """Anything that a command reports and ends with; the message is for the user."""

    exit_code: ClassVar[int] = 2


class ConfigError(OfferwrightError):
    """The repository does not pass `check`; `diagnostics` says where."""

    exit_code = 1

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        # A note says what cannot be analysed; it stops nothing.
        self.diagnostics = sorted_diagnostics(d for d in diagnostics if d.severity != "note")
        errors = sum(d.severity == "error" for d in self.diagnostics)
        super().__init__(f"{errors} error{'s' if errors != 1 else ''} in the configuration")


class BundleRefused(OfferwrightError):
    """Compiled rules that this engine does not read: another version, or not as they were."""


class SnapshotRefused(OfferwrightError):
    """The inputs cannot be trusted; the last good snapshot stays."""


class StalePlan(OfferwrightError):
    """The ledger has moved since the plan was made."""

    exit_code = 5


class StoreLocked(OfferwrightError):
    """Another run holds the store."""

    exit_code = 6


class StoreRefused(OfferwrightError):
    """The store cannot be used as it is."""


class MarketplaceAway(OfferwrightError):
    """No answer, or throttled, after our own retries."""

    exit_code = 7


class ForgeRefused(OfferwrightError):
    """GitHub or GitLab does not do what it was asked; the message says why."""


class ForgeAway(OfferwrightError):
    """GitHub or GitLab does not answer, or throttles for longer than we wait."""

    exit_code = 7


class CredentialsRefused(OfferwrightError):
    """The marketplace, or the forge, refuses the credentials; trying again cannot help."""

    exit_code = 8
