"""The version of the JSON of a review, apart: who reads one needs nothing of what makes one."""

from __future__ import annotations

VERSION = 1
