"""`.offerwright/shadow`: the log of shadow runs, and the reviews behind its newest lines."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from offerwright.cli.options import STATE
from offerwright.errors import OfferwrightError
from offerwright.whatif.shadow import Line, is_line, kept_reviews, with_line

LOG = "log.jsonl"


def shadow_folder(home: Path) -> Path:
    """Where the log and the reviews lie."""
    return home / STATE / "shadow"


def read_log(home: Path) -> list[Line]:
    """All lines, the oldest first; none where nothing was shadowed."""
    file = shadow_folder(home) / LOG
    try:
        text = file.read_text(encoding="utf-8")
        # Not `splitlines`: JSON leaves U+2028 and its like in texts as they are.
        lines = [_line(one) for one in text.split("\n") if one]
    except FileNotFoundError:
        return []
    except ValueError as problem:
        raise OfferwrightError(
            f"{file} cannot be read ({problem}); delete it to begin anew"
        ) from problem
    return lines


def _line(text: str) -> Line:
    """One line. Raises `ValueError` for what no run has written."""
    said: Any = json.loads(text)
    if not is_line(said):
        raise ValueError(f"{text[:40]!r} is no run")
    return said


def review_file(home: Path, run: str) -> Path:
    """Where the review of a run lies, as long as it is kept."""
    return shadow_folder(home) / f"{run}.json"


def keep(home: Path, line: Line) -> None:
    """
    Add a line, and drop what is older than what is kept. The log is whole at every moment.

    A log that cannot be read is begun anew: what it said is lost, and the live job goes on.
    """
    folder = shadow_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        before: Sequence[Line] = read_log(home)
    except OfferwrightError:
        before = []
    lines = with_line(before, line)
    text = "".join(json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n" for one in lines)
    fresh = folder / f".{LOG}.{os.getpid()}"
    fresh.write_text(text, encoding="utf-8", newline="\n")
    fresh.replace(folder / LOG)
    # Of a candidate that was stopped while it wrote.
    review_file(home, line["id"]).with_suffix(".part").unlink(missing_ok=True)
    kept = kept_reviews(lines)
    for path in sorted(folder.glob("*.json")):
        if path.stem not in kept:
            path.unlink(missing_ok=True)
