"""What cells of `when` need to know beside the type of their fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Words:
    """What cells need to know beside the type: the lists of the repository and its time zone.

    `names` are the values that a word of the engine can have, such as those of `marketplace`.
    """

    lists: Mapping[str, tuple[str, ...]]
    zone: ZoneInfo
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
