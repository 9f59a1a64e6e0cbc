"""
Filters → rules of durable-rules, and the facts of nodes → integers that its rules can test.

Nothing but whole numbers below 2^53 goes in: the engine compares text with numbers, reads its own
floats, and knows no decimals. A number becomes twice its whole part at the scale of the constants
that it is compared with, plus one where something is left over, so that every comparison stays
exact. A word becomes its number among the words that the filters name, 0 for all others. What only
Python can test (paths, patterns, lists) is tested before and goes in as 1 or 0. A missing value is
a field that is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from offerwright.errors import OfferwrightError
from offerwright.expressions.conditions import (
    Atom,
    Equal,
    IsMissing,
    IsPresent,
    Test,
    Under,
    Within,
    alternatives,
    tests,
)
from offerwright.money import scaled
from offerwright.orders.question import Facts, Filter, Scalar
from offerwright.rules.axes import holds

Pattern: TypeAlias = dict[str, Any]
NEED, OFFER = 1, 2
# Its hash buckets hold 512 equality tests of one field, and probing a full one never ends.
MOST_TESTS = 400
MOST_MARKERS = 30
# What is needed reaches all rules at once, and the engine has room for 64 of them then.
MOST_RULES = 60
# A fact has room for 254 fields; six are those of every offer, some are the engine's own.
MOST_FIELDS = 200
_LARGEST = 2**52


class DurableLimit(OfferwrightError):
    """The filters are more, or hold larger numbers, than durable-rules can take."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How the facts of one set of filters become integers."""

    scales: Mapping[str, int]
    """Decimals of the constants, by fact that is ordered."""
    words: Mapping[str, Mapping[Scalar, int]]
    """Numbers of the words that are named, by fact that is not."""
    opaque: tuple[tuple[str, Atom], ...]
    fields: Mapping[str, str]

    def fields_of(self, facts: Facts) -> dict[str, int]:
        """The fields of one node."""
        found: dict[str, int] = {}
        for name, field in self.fields.items():
            value = facts[name]
            if value is not None:
                found[field] = self._number(name, value)
        for number, (name, atom) in enumerate(self.opaque):
            value = facts[name]
            if value is not None:
                found[f"o{number}"] = int(_holds(atom, value))
        return found

    def _number(self, name: str, value: Scalar) -> int:
        if name in self.scales and not isinstance(value, str | tuple):
            return max(-_LARGEST, min(_LARGEST, doubled(value, self.scales[name])))
        return self.words.get(name, {}).get(value, 0)


def _holds(atom: Atom, value: Scalar) -> bool:
    if isinstance(atom, Under):
        return value == atom.path or (isinstance(value, str) and value.startswith(atom.path + "/"))
    return holds(atom, value)


def doubled(value: Decimal | int, scale: int) -> int:
    """Twice the whole part at a scale, plus one where something is left over."""
    number, own = scaled(value) if isinstance(value, Decimal) else (int(value), 0)
    if own <= scale:
        return int(2 * number * 10 ** (scale - own))
    whole, rest = divmod(number, 10 ** (own - scale))
    return int(2 * whole + (rest != 0))


def coding_of(filters: Sequence[Filter]) -> Coding:
    """The coding of all facts that the filters test. Raises `DurableLimit`."""
    found = [
        test for one in filters if one.where for r in one.where.rows for test in tests(r.condition)
    ]
    scales: dict[str, int] = {}
    words: dict[str, dict[Scalar, int]] = {}
    opaque: dict[tuple[str, Atom], None] = {}
    for test in found:
        if test.type.is_ordered:
            known = [scaled(Decimal(cut))[1] for atom in test.atoms for cut in _constants(atom)]
            scales[test.fact] = max([scales.get(test.fact, 0), *known])
        else:
            named = words.setdefault(test.fact, {})
            for atom in test.atoms:
                if isinstance(atom, Equal):
                    named.setdefault(atom.value, len(named) + 1)
                elif not isinstance(atom, IsMissing | IsPresent):
                    opaque.setdefault((test.fact, atom))
    names = dict.fromkeys(test.fact for test in found)
    fields = {name: f"v{number}" for number, name in enumerate(names)}
    return Coding(scales, words, tuple(opaque), fields)


def _constants(atom: Atom) -> Iterator[Decimal | int]:
    if isinstance(atom, Within):
        yield from (end for end in (atom.low, atom.high) if end is not None)
    elif isinstance(atom, Equal) and not isinstance(atom.value, str):
        yield atom.value


def rules_of(filters: Sequence[Filter], coding: Coding) -> dict[str, dict[str, Any]]:
    """
    One rule per alternative of every filter, by name.

    A rule joins what is needed of a SKU with what a node offers of it. Raises `DurableLimit`.
    """
    rules: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(filters):
        rows = one.where.rows if one.where is not None else ()
        parts = [part for row in rows for part in alternatives(row.condition)] or [()]
        enough: Pattern = (
            {"$gte": {"free": {"need": "units"}}}
            if one.stock_for == "every_line"
            else {"$gte": {"free": 1}}
        )
        for index, part in enumerate(parts):
            offer: list[Pattern] = [{"kind": OFFER}, {"sku": {"need": "sku"}}, enough]
            offer += [pattern_of(test, coding) for test in part]
            # Where the last test of a join fails, the engine reads on behind its end until it
            # crashes or finds what looks like one. So the last test never fails.
            offer.append({"one": {"need": "one"}})
            _check_markers(offer)
            rules[f"f{number}p{index}"] = {
                "all": [{"need": {"kind": NEED}}, {"offer": {"$and": offer}}],
                "run": f"f{number}",
            }
    _check_size(rules, filters, coding)
    return rules


def _check_markers(patterns: Sequence[Pattern]) -> None:
    """A join has room for 32 tests and marks of `$and` and `$or`, which begin and end."""
    if 6 + sum(map(_markers, patterns)) > MOST_MARKERS:
        raise DurableLimit("a filter is too deep for durable-rules: use --engine twin")


def _markers(pattern: Pattern) -> int:
    found = 0
    for operator in ("$and", "$or"):
        if operator in pattern:
            found += 2 + sum(map(_markers, pattern[operator]))
    return found


def _check_size(rules: Mapping[str, object], filters: Sequence[Filter], coding: Coding) -> None:
    named: dict[str, int] = {}
    for one in filters:
        for row in one.where.rows if one.where is not None else ():
            for test in tests(row.condition):
                named[test.fact] = named.get(test.fact, 0) + len(test.atoms)
    fields = len(coding.fields) + len(coding.opaque)
    for found, most, what in (
        (len(rules), MOST_RULES, "alternatives in all attempts"),
        (max(named.values(), default=0), MOST_TESTS, "tests of one fact"),
        (fields, MOST_FIELDS, "facts, paths and patterns"),
    ):
        if found > most:
            raise DurableLimit(
                f"durable-rules takes at most {most} {what} here, not {found}: use --engine twin"
            )


def pattern_of(test: Test, coding: Coding) -> Pattern:
    """The pattern that is true exactly where a test is; unknown is not true."""
    field = coding.fields[test.fact]
    found = [_atom(test, atom, field, coding) for atom in test.atoms]
    if not test.negated:
        return _joined("$or", found)
    if all(isinstance(atom, IsPresent) for atom in test.atoms):
        return {"$nex": {field: 1}}
    return _joined("$and", [{"$ex": {field: 1}}, *found])


def _joined(operator: str, parts: list[Pattern]) -> Pattern:
    return parts[0] if len(parts) == 1 else {operator: parts}


def _atom(test: Test, atom: Atom, field: str, coding: Coding) -> Pattern:
    """One atom, or under `not` where it is false."""
    if isinstance(atom, IsMissing | IsPresent):
        is_there = isinstance(atom, IsPresent) != test.negated
        return {"$ex" if is_there else "$nex": {field: 1}}
    if isinstance(atom, Within):
        return _within(atom, field, coding.scales[test.fact], test.negated)
    if isinstance(atom, Equal):
        number = _constant(test, atom.value, coding)
        return {"$neq": {field: number}} if test.negated else {field: number}
    return {f"o{coding.opaque.index((test.fact, atom))}": int(not test.negated)}


def _constant(test: Test, value: Scalar, coding: Coding) -> int:
    if test.fact in coding.scales and not isinstance(value, str | tuple):
        return _bound(value, coding.scales[test.fact])
    return coding.words[test.fact][value]


def _bound(value: Decimal | int, scale: int) -> int:
    found = doubled(value, scale)
    if abs(found) >= _LARGEST:
        raise DurableLimit(f"{value} is too large for durable-rules: use --engine twin")
    return found


def _within(atom: Within, field: str, scale: int, negated: bool) -> Pattern:
    parts: list[Pattern] = []
    for end, included, inside, outside in (
        (atom.low, atom.low_included, ("$gte", "$gt"), ("$lt", "$lte")),
        (atom.high, atom.high_included, ("$lte", "$lt"), ("$gt", "$gte")),
    ):
        if end is not None:
            operator = (outside if negated else inside)[not included]
            parts.append({operator: {field: _bound(end, scale)}})
    if not parts:  # open on both sides: any value that is there
        return {"$nex" if negated else "$ex": {field: 1}}
    return _joined("$or" if negated else "$and", parts)
