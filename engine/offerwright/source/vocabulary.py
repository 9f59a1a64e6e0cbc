"""
A shop's own words for completion: its facts with their values, its accounts, nodes, lists, guards.

The vocabulary is a file beside the schemas (`vocabulary.json`), so that everybody who opens the
repository has it, and `schema --check` can tell whether schemas and vocabulary belong together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from offerwright.errors import OfferwrightError

FILE = "vocabulary.json"
MOST_VALUES = 2_000
LONGEST_VALUE = 80
FEW = 50
_VERSION = 1


@dataclass(frozen=True)
class FactWords:
    """One fact: its type in the words of the language, and what its cells hold.

    `values` are the words worth offering, by their text; `values_seen` is how many there were.
    `low` and `high` are the least and the greatest of what has an order.
    """

    name: str
    type: str
    about: str = ""
    values: tuple[str, ...] = ()
    values_seen: int = 0
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """Facts by name, and names by what they are names of: `accounts`, `marketplaces`, `nodes`,
    `lists`, `guards`, `rules`, `sources`."""

    facts: tuple[FactWords, ...]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def worth_offering(counts: Mapping[str, int], is_path: bool) -> tuple[str, ...]:
    """
    The values of a fact that help whoever writes a condition.

    Args:
        counts: how many SKUs have each value.
        is_path: categories: all of them count, and so do the paths above them.

    Returns:
        At most `MOST_VALUES`, the most frequent ones, sorted by their text. None where nearly
        every SKU has its own value, as a name or a GTIN does, and no value longer than
        `LONGEST_VALUE` characters.
    """
    total = dict(counts)
    if is_path:
        for path, count in counts.items():
            parts = path.split("/")
            for end in range(1, len(parts)):
                above = "/".join(parts[:end])
                total[above] = total.get(above, 0) + count
    elif len(counts) > FEW and 2 * len(counts) > sum(counts.values()):
        return ()
    short = [value for value in total if 0 < len(value) <= LONGEST_VALUE and value.isprintable()]
    return tuple(sorted(sorted(short, key=lambda v: (-total[v], v))[:MOST_VALUES]))


def vocabulary_text(vocabulary: Vocabulary) -> str:
    """Canonical JSON, one fact a line, that ends in a line break."""
    facts = [{key: part for key, part in vars(fact).items() if part} for fact in vocabulary.facts]
    rows = ",\n    ".join(json.dumps(fact, ensure_ascii=False) for fact in facts)
    names = json.dumps(
        {kind: list(vocabulary.names[kind]) for kind in sorted(vocabulary.names)},
        ensure_ascii=False,
    )
    return f'{{\n  "version": {_VERSION},\n  "names": {names},\n  "facts": [\n    {rows}\n  ]\n}}\n'


def read_vocabulary(text: str) -> Vocabulary:
    """The vocabulary of a `vocabulary.json`. Raises `OfferwrightError` for anything else."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data["version"] != _VERSION:
            raise ValueError
        facts = tuple(
            FactWords(**{**fact, "values": tuple(fact.get("values", ()))}) for fact in data["facts"]
        )
        return Vocabulary(facts, {kind: tuple(words) for kind, words in data["names"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OfferwrightError(
            f"{FILE} is not what `offerwright schema --with-vocab` writes; run it again"
        ) from None


def sorted_names(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, by its text, at most `MOST_VALUES`."""
    return tuple(sorted(set(names))[:MOST_VALUES])
