"""The plans that `sync` has written, of which the newest stay."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from offerwright.sync.plan_file import ID_LENGTH

KEPT = 50
_NAME = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}\.jsonl")
"""As `keep_plan` names a plan: by its id."""


def drop_old_plans(folder: Path, kept: int = KEPT) -> None:
    """
    Leave the newest plans of a folder, and all that `sync` has not named.

    An older one is of no use, sent or not: what of it was queued lies in the outbox, and the next
    `sync` plans the rest anew.
    """
    plans = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    aged = sorted((found.st_mtime_ns, path) for path in plans if (found := _stat(path)))
    for _, path in aged[: max(len(aged) - kept, 0)]:
        path.unlink(missing_ok=True)


def _stat(path: Path) -> os.stat_result | None:
    """None where this is no file, or no longer: another run may have been faster."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        return found if stat.S_ISREG(found.st_mode) else None
    return None
