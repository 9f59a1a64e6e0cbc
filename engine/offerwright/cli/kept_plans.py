"""The plans that `sync` has written, of which the newest stay."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

KEPT = 50


def drop_old_plans(folder: Path, kept: int = KEPT) -> None:
    """
    Leave the newest plans of a folder.

    An older one is of no use, sent or not: what of it was queued lies in the outbox, and the next
    `sync` plans the rest anew. A file that is being written bears another name and stays.
    """
    plans = [path for path in folder.glob("*.jsonl") if not path.name.startswith("new-")]
    aged = sorted(plans, key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in aged[: max(len(aged) - kept, 0)]:
        # Another run may have been faster.
        with suppress(FileNotFoundError):
            path.unlink()
