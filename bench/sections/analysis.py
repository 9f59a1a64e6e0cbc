"""The proofs of decision tables; they stand in bench/analysis.py, which runs alone as well."""

from __future__ import annotations

import analysis
from results import Setup


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    return analysis.section(analysis.SIZES[:1] if setup.quick else analysis.SIZES)
