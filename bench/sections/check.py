"""`offerwright check` of a large repository; it stands in bench/check.py, which runs alone too."""

from __future__ import annotations

import check
from results import Setup


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    return check.section(setup.folder / "large", times=1 if setup.quick else check.TIMES)
