"""Values as a merchandiser writes them: in reports, in suggested cases, in updated expectations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from offerwright.expressions.conditions import Atom, Has, Matches, Number, StartsWith, Test
from offerwright.expressions.parse import EPOCH
from offerwright.expressions.types import Type
from offerwright.testing.document import MISSING

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))
# What YAML reads as the text that it is, also inside [ ] and { }.
_PLAIN = re.compile(r"[A-Za-z_À-ÿ][A-Za-z0-9_À-ÿ/.@+ -]*[A-Za-z0-9_À-ÿ/.]|[A-Za-z]")
_WORDS = frozenset({"true", "false", "null", "missing", "present", "yes", "no", "on", "off"})


def number_text(value: Number, type_: Type, zone: ZoneInfo | None = None) -> str:
    """A number, a date or a duration as it is written in a cell of its type."""
    if type_.name == "percent":
        return f"{_plain(Decimal(value) * 100)}%"
    if type_.name == "date":
        return (EPOCH.date() + timedelta(days=int(value))).isoformat()
    if type_.name == "datetime":
        moment = (EPOCH + timedelta(microseconds=int(value))).astimezone(zone or UTC)
        is_midnight = zone is not None and moment.time() == time()
        return moment.date().isoformat() if is_midnight else moment.isoformat()
    if type_.name == "duration":
        return _duration(int(value))
    if type_.name == "money" and Decimal(value) == round(Decimal(value), 2):
        return f"{Decimal(value):.2f}"
    return _plain(Decimal(value))


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _duration(seconds: int) -> str:
    for unit, size in _UNITS:
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit if count != 1 else unit[:-1]}"
    return f"{seconds} seconds"


def pattern_text(atom: Atom) -> str:
    """A pattern of words as it is said of a value that it holds for."""
    if isinstance(atom, StartsWith):
        return f"starts with {atom.prefix}"
    if isinstance(atom, Matches):
        return f"matches {atom.pattern}"
    if isinstance(atom, Has):
        from offerwright.evaluate.trace import words

        inner = atom.test
        return f"has {words(inner)}" if isinstance(inner, Test) else "has it"
    raise TypeError(f"{atom} is no pattern")


def yaml_text(value: object) -> str:
    """One value in flow YAML that is read back as it is; amounts keep the decimals they have."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int):
        return f"{Decimal(value):f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(yaml_text, value))}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{yaml_text(str(k))}: {yaml_text(v)}" for k, v in value.items())
        return f"{{{inside}}}"
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def cells_text(cells: object, type_: Type, zone: ZoneInfo) -> str:
    """A given fact as a test writes it; of a map, or of a fact kept per marketplace, all of it."""
    if isinstance(cells, Mapping):
        inner = type_.of if type_.name == "map" and type_.of else type_
        inside = ", ".join(
            f"{yaml_text(str(key))}: {cells_text(cell, inner, zone)}"
            for key, cell in sorted(cells.items())
        )
        return f"{{{inside}}}"
    if isinstance(cells, tuple):
        # In a list `missing` is a word like any other.
        written = (
            yaml_text(cell) if cell == MISSING else cells_text(cell, type_.of or type_, zone)
            for cell in cells
        )  # fmt: skip
        return f"[{', '.join(written)}]"
    if isinstance(cells, datetime):
        return cells.astimezone(zone).isoformat()
    if isinstance(cells, date):
        return cells.isoformat()
    if isinstance(cells, int | Decimal) and not isinstance(cells, bool):
        return number_text(cells, type_, zone)
    if cells == MISSING:
        return "{is: missing}" if type_.is_text else MISSING
    return yaml_text(cells)
