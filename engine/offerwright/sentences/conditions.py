"""Conditions → phrases: `category is under phones and cost is 500 or more`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from zoneinfo import ZoneInfo

from offerwright.expressions.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Condition,
    Equal,
    Has,
    IsMissing,
    IsPresent,
    Matches,
    StartsWith,
    Test,
    Under,
    Within,
)
from offerwright.sentences.values import value_text
from offerwright.sentences.wording import Wording

_TIMES = ("date", "datetime")


@dataclass(frozen=True, slots=True)
class Reader:
    """In which words a condition is read, and what is cut off from the names of its facts."""

    words: Wording
    zone: ZoneInfo
    prefix: str = ""

    def name(self, test: Test) -> str:
        return test.fact.removeprefix(self.prefix)


def condition_text(condition: Condition, reader: Reader) -> str:
    """The condition as a phrase; groups inside groups stand in brackets."""
    condition = _alone(condition)
    if isinstance(condition, Test):
        return _test(condition, reader)
    parts = [_part(part, condition, reader) for part in _flat(condition)]
    if not parts:
        return reader.words.say("condition.always")
    if isinstance(condition, AllOf):
        return reader.words.joined(parts, "list.and")
    return reader.words.say("condition.either", options=reader.words.joined(parts, "list.or"))


def _alone(condition: Condition) -> Condition:
    """A group of one is that one."""
    while not isinstance(condition, Test) and len(condition.parts) == 1:
        condition = condition.parts[0]
    return condition


def _flat(condition: AllOf | AnyOf) -> Iterator[Condition]:
    """The parts, with those of a group of the same sort in its place: `a or (b or c)`."""
    for part in map(_alone, condition.parts):
        if type(part) is type(condition):
            assert isinstance(part, AllOf | AnyOf)
            yield from _flat(part)
        else:
            yield part


def _part(part: Condition, whole: Condition, reader: Reader) -> str:
    text = condition_text(part, reader)
    nested = not isinstance(part, Test) and len(part.parts) > 1
    several = isinstance(part, Test) and not isinstance(whole, AllOf) and _is_joined(part)
    return f"({text})" if nested or several else text


def _is_joined(test: Test) -> bool:
    """Whether the phrase of a test has an `and` of its own."""
    return test.negated and len(test.atoms) > 1 and not all(
        isinstance(atom, Equal) for atom in test.atoms
    )  # fmt: skip


def _test(test: Test, reader: Reader) -> str:
    """Atoms of one sort are read together; a `not` is read at each of them."""
    phrases = [
        _READERS[sort](test, [*atoms], reader)
        for sort, atoms in groupby(test.atoms, key=type)
    ]  # fmt: skip
    joined = [phrase for group in phrases for phrase in group]
    return reader.words.joined(joined, "list.and" if test.negated else "list.or")


def _values(test: Test, atoms: list[Atom], reader: Reader) -> list[str]:
    return [
        value_text(atom.value, test.type, reader.words, reader.zone)
        for atom in atoms
        if isinstance(atom, Equal)
    ]


def _equal(test: Test, atoms: list[Atom], reader: Reader) -> list[str]:
    values, say = _values(test, atoms, reader), reader.words.say
    if test.negated and len(values) > 1:
        return [say("test.none_of", fact=reader.name(test), values=", ".join(values))]
    key = "test.is_not" if test.negated else "test.is"
    return [say(key, fact=reader.name(test), value=reader.words.one_of(values))]


def _within(test: Test, atoms: list[Atom], reader: Reader) -> list[str]:
    return [_range(test, atom, reader) for atom in atoms if isinstance(atom, Within)]


def _range(test: Test, within: Within, reader: Reader) -> str:
    """A range with one end turns round under `not`; one with two is told to be left."""
    turned = _turned(within) if test.negated else None
    kind, negated = ("time" if test.type.name in _TIMES else "number"), test.negated
    if turned is not None:
        within, negated = turned, False
    ends = {
        name: value_text(end, test.type, reader.words, reader.zone)
        for name, end in (("low", within.low), ("high", within.high))
        if end is not None
    }
    key = f"{kind}.{_shape(within)}"
    return reader.words.say(f"{key}_not" if negated else key, fact=reader.name(test), **ends)


def _turned(within: Within) -> Within | None:
    if within.high is None:
        return Within(None, within.low, high_included=not within.low_included)
    if within.low is None:
        return Within(within.high, None, low_included=not within.high_included)
    return None


def _shape(within: Within) -> str:
    low = "" if within.low is None else "from" if within.low_included else "above"
    high = "" if within.high is None else "to" if within.high_included else "below"
    return "_".join(filter(None, (low, high)))


def _has(test: Test, atoms: list[Atom], reader: Reader) -> list[str]:
    key = "test.has_not" if test.negated else "test.has"
    found = []
    for atom in atoms:
        if isinstance(atom, Has):
            inner = condition_text(_about(atom.test, reader.words.say("test.element")), reader)
            found.append(reader.words.say(key, fact=reader.name(test), condition=inner))
    return found


def _about(condition: Condition, name: str) -> Condition:
    if isinstance(condition, Test):
        return replace(condition, fact=name)
    return replace(condition, parts=tuple(_about(part, name) for part in condition.parts))


def _word(key: str, attribute: str) -> Callable[[Test, list[Atom], Reader], list[str]]:
    """A reader of tests of text: all words of one sort, joined by `or`; each by itself in a not."""

    def read(test: Test, atoms: list[Atom], reader: Reader) -> list[str]:
        values = [reader.words.quoted(str(getattr(atom, attribute))) for atom in atoms]
        name, say = reader.name(test), reader.words.say
        if test.negated:
            return [say(f"{key}_not", fact=name, value=value) for value in values]
        return [say(key, fact=name, value=reader.words.one_of(values))]

    return read


def _presence(plain: str, negated: str) -> Callable[[Test, list[Atom], Reader], list[str]]:
    def read(test: Test, atoms: list[Atom], reader: Reader) -> list[str]:
        return [reader.words.say(negated if test.negated else plain, fact=reader.name(test))]

    return read


_READERS: dict[type[object], Callable[[Test, list[Atom], Reader], list[str]]] = {
    Equal: _equal,
    Within: _within,
    Under: _word("test.under", "path"),
    StartsWith: _word("test.starts", "prefix"),
    Matches: _word("test.matches", "pattern"),
    Has: _has,
    IsMissing: _presence("test.missing", "test.present"),
    IsPresent: _presence("test.present", "test.missing"),
}
