"""
Faults planted one by one into a healthy repository, and what `check` says of each.

    python tests/analysis/seeded.py     writes the table into docs/analysis.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from offerwright.errors import Diagnostic
from offerwright.facts.delivered import undelivered
from offerwright.pipeline import KINDS, Loadout, compile_repository, findings_of
from offerwright.source.labels import not_raised
from offerwright.source.load import load_documents
from offerwright.source.repository import Repository

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "analysis.md"
MARK = "<!-- the table below is written by tests/analysis/seeded.py -->\n"
WRITTEN: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "seeded_faults.yaml").read_text("utf-8")
)
AS_OF = datetime(2027, 5, 5, 12, tzinfo=UTC)
LIFECYCLE = "rules/lifecycle/order.yaml"
MARKETPLACE = "marketplaces/example-market"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `code` None: a limit that is known, and why."""

    area: str
    name: str
    change: tuple[tuple[str, str, str], ...]
    write: Mapping[str, str]
    code: str | None
    at: str
    limit: str
    base: bool
    snapshot: bool


def faults() -> list[Fault]:
    return [
        Fault(
            area=one["area"],
            name=one["fault"],
            change=tuple((file, old, new) for file, old, new in one.get("change", ())),
            write=one.get("write", {}),
            code=one.get("code"),
            at=one.get("at", ""),
            limit=one.get("limit", ""),
            base=one.get("base", False),
            snapshot=one.get("snapshot", False),
        )
        for one in WRITTEN["faults"]
    ]


def healthy() -> dict[str, str]:
    """The files of the healthy repository."""
    lifecycle = (ROOT / LIFECYCLE).read_text("utf-8")
    # What only another marketplace reports.
    return {**WRITTEN["repository"], LIFECYCLE: lifecycle.replace("  hold: hold\n", "")}


def planted(fault: Fault) -> dict[str, str]:
    """The files with a fault in them."""
    files = healthy()
    for file, old, new in fault.change:
        assert files[file].count(old) == 1, (fault.name, file, old, files[file].count(old))
        files[file] = files[file].replace(old, new)
    return {**files, **fault.write}


def findings(folder: Path, files: Mapping[str, str], fault: Fault | None) -> list[Diagnostic]:
    """What `check` says of these files, with the options that the fault needs."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    loadout, found = compile_repository(repository(folder, files))
    assert loadout is not None, found
    found = [*found, *findings_of(loadout, found), *undelivered(loadout.schema, folder)[0]]
    if fault is not None and fault.base:
        before, now = (load_documents(repository(folder, f), KINDS)[0] for f in (healthy(), files))
        found += not_raised(now, before, "origin/main")
    if fault is not None and fault.snapshot:
        found += matches(loadout, folder)
    return found


def repository(folder: Path, files: Mapping[str, str]) -> Repository:
    contents = {name: text.encode() for name, text in files.items()}
    market = sorted(p for p in (ROOT / MARKETPLACE).rglob("*") if p.is_file())
    contents |= {p.relative_to(ROOT).as_posix(): p.read_bytes() for p in market}
    return Repository(folder, contents)


def matches(loadout: Loadout, folder: Path) -> list[Diagnostic]:
    from offerwright.evaluate.matched import count_matches
    from offerwright.facts.snapshot import build_snapshot
    from offerwright.rules.findings.expected import judge_matches

    built = build_snapshot(loadout.schema, loadout.shop.document, folder)
    return judge_matches(count_matches(loadout.rules, built.frame, AS_OF))


def is_found(fault: Fault, said: list[Diagnostic]) -> bool:
    place = _place(fault)
    return any(
        d.code == fault.code and d.span is not None and f"{d.span.file}:{d.span.line}" == place
        for d in said
    )


def _place(fault: Fault) -> str:
    file, _, text = fault.at.partition("~")
    lines = planted(fault)[file].splitlines() if text else []
    return f"{file}:{next(n for n, line in enumerate(lines, 1) if text in line)}" if text else file


def table() -> str:
    """The faults as Markdown: counts by area, then every fault. The tests hold each line to it."""
    all_faults = faults()
    areas = list(dict.fromkeys(fault.area for fault in all_faults))
    lines = ["| area | planted | found | not found |", "|---|---|---|---|"]
    for area in areas:
        own = [fault for fault in all_faults if fault.area == area]
        lines.append(_counts(area, own))
    lines.append(_counts("**all**", all_faults))
    lines += ["", "| fault | said |", "|---|---|"]
    for fault in sorted(all_faults, key=lambda fault: areas.index(fault.area)):
        said = f"`{fault.code}`" if fault.code else f"not found: {fault.limit}"
        lines.append(f"| {fault.area}: {fault.name} | {said} |")
    return "\n".join(lines) + "\n"


def _counts(area: str, own: list[Fault]) -> str:
    found = sum(fault.code is not None for fault in own)
    return f"| {area} | {len(own)} | {found} | {len(own) - found} |"


def page() -> str:
    """docs/analysis.md with the table of these faults."""
    return PAGE.read_text("utf-8").split(MARK)[0] + MARK + "\n" + table()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
