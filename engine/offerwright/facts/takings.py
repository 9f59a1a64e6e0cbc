"""When snapshots were taken, and what their sources were then: a line for each, beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from offerwright.facts.archive import replace_file
from offerwright.facts.manifest import Manifest

TAKEN = "taken.jsonl"
KEPT = 2_000
"""So many takings are remembered: a fortnight of one every ten minutes."""
DAY = 86_400


@dataclass(frozen=True, slots=True)
class TakenSource:
    """One source of a taking: its rows, and when its file was last written (Unix seconds)."""

    rows: int
    modified: int | None


@dataclass(frozen=True)
class Taking:
    """One snapshot as it was taken. Equal sources give the snapshot of the same id again."""

    at: int
    id: str
    sources: Mapping[str, TakenSource]


def modified_times(files: Mapping[str, Path]) -> dict[str, int | None]:
    """When the file of every source was last written; None where that cannot be told."""
    found: dict[str, int | None] = dict.fromkeys(files)
    for name, path in files.items():
        with suppress(OSError):
            found[name] = int(path.stat().st_mtime)
    return found


def note_taking(
    folder: Path, manifest: Manifest, modified: Mapping[str, int | None], at: int
) -> None:
    """Remember that a snapshot was taken, in one step; the oldest lines go."""
    sources = {s.name: TakenSource(s.kept, modified.get(s.name)) for s in manifest.sources}
    every = [*takings(folder), Taking(at, manifest.id, sources)][-KEPT:]
    lines = (json.dumps(asdict(one), sort_keys=True, separators=(",", ":")) for one in every)
    replace_file(folder / TAKEN, "".join(f"{line}\n" for line in lines).encode())


def takings(folder: Path) -> list[Taking]:
    """All that are remembered, oldest first. A line that cannot be read is as if it were not."""
    try:
        lines = (folder / TAKEN).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in lines:
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            said = json.loads(line)
            sources = {name: TakenSource(**one) for name, one in said["sources"].items()}
            found.append(Taking(int(said["at"]), str(said["id"]), sources))
    return found


def last_of(every: Iterable[Taking], id_: str) -> Taking | None:
    """The last time that a snapshot was taken."""
    return next((one for one in reversed(list(every)) if one.id == id_), None)


def day_before(every: Sequence[Taking], taking: Taking) -> Taking | None:
    """
    Of those before it, the newest that is a day older; where none is, the oldest.

    What comes first in the file was taken first, also within one second.
    """
    before = every[: len(every) - 1 - every[::-1].index(taking)]
    older = [one for one in before if one.at <= taking.at - DAY]
    return older[-1] if older else (before[0] if before else None)
