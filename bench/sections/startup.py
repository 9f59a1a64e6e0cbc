"""The start of a command; it stands in bench/startup.py, which runs alone too."""

from __future__ import annotations

import startup
from results import Setup


def section(setup: Setup) -> str:
    """The tables, as Markdown."""
    return startup.section(setup.folder / "startup", times=1 if setup.quick else startup.TIMES)
