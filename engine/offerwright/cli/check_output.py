"""Findings → text for people, JSON, annotations of GitHub, SARIF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from offerwright.cli.report import (
    VERSION,
    diagnostic_json,
    dump_pretty,
    echo,
    number_of,
    put,
    summary_of,
    tell,
)
from offerwright.errors import Diagnostic
from offerwright.source.annotations import ANNOTATIONS, Level, command

OUTPUTS = ("text", "json", "github", "sarif")
LEVELS: Mapping[str, Level] = {"error": "error", "warning": "warning", "note": "notice"}


@dataclass(frozen=True)
class Checked:
    """All that was read and found; `elsewhere` counts findings that nobody asked for."""

    files: Mapping[str, bytes]
    found: list[Diagnostic]
    repositories: int
    elsewhere: int


def write_checked(checked: Checked, output: str, notes: bool) -> None:
    """
    Write the findings to stdout in one of `OUTPUTS`; what only people want goes to stderr.

    Args:
        notes: whether text and annotations hold notes; JSON and SARIF always do.
    """
    shown = [d for d in checked.found if notes or d.severity != "note"]
    if output == "json":
        echo(dump_pretty({
            "version": VERSION,
            "diagnostics": diagnostic_json(checked.found),
            "summary": summary_of(checked.found),
        }))  # fmt: skip
    elif output == "sarif":
        from offerwright.source.sarif import sarif_log

        echo(dump_pretty(sarif_log(checked.found)))
    elif output == "github":
        for line in map(annotation, _worst_first(shown)[:ANNOTATIONS]):
            put(line + "\n")
    else:
        _write_text(checked, shown)


def _worst_first(found: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(found, key=lambda d: ("error", "warning", "note").index(d.severity))


def _write_text(checked: Checked, shown: list[Diagnostic]) -> None:
    from offerwright.source.snippet import render_text

    if shown:
        put(render_text(shown, checked.files) + "\n")
    counts = summary_of(checked.found)
    words = ", ".join(f"{n} {name[:-1] if n == 1 else name}" for name, n in counts.items() if n)
    if len(shown) < len(checked.found):
        words += " (`--notes` shows them)"
    among = f" in {checked.repositories} repositories" if checked.repositories > 1 else ""
    more = f" ({checked.elsewhere} more in other files)" if checked.elsewhere else ""
    files = number_of(len(checked.files), "file")
    tell(f"Checked {files}{among}: {words or 'everything is in order'}{more}")


def annotation(found: Diagnostic) -> str:
    """A workflow command of GitHub."""
    level = LEVELS[found.severity]
    properties: dict[str, object] = {}
    if found.span is not None:
        place = found.span
        properties = {"file": place.file, "line": place.line, "col": place.column}
        properties["title"] = found.code
    return command(level, properties, f"{found.message} {found.hint}".strip())
