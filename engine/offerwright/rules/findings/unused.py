"""Facts that are declared and that no rule names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from offerwright.errors import Diagnostic
from offerwright.facts.schema import FactSchema
from offerwright.source.located import Loaded

# For people, or names of the document itself: what stands there is no use of a fact.
_HEAD = frozenset({"kind", "name", "owner", "version"})
_FOR_PEOPLE = frozenset({"note", "id", "reason", "approver"})
_WORD = re.compile(r"[a-z][a-z0-9_]*")
# What the engine reads without being told: the strike-through price, and costs where a margin is.
_ALWAYS = frozenset({"list_price"})
_OF_MARGINS = frozenset({"cost", "freight"})
_OF_PARCELS = frozenset({"weight"})


def unused_facts(
    schema: FactSchema, documents: Sequence[Loaded[Any]], files: Mapping[str, bytes]
) -> list[Diagnostic]:
    """
    A note for each fact whose name stands nowhere but where it is declared.

    A word that only looks like the fact counts as a use, so that nothing wrong is said.

    Args:
        documents: all documents of the repository.
        files: all its files. Those of marketplaces may read facts as well.
    """
    left = set(schema.facts) - _ALWAYS
    if _has_words(files, b"margin", b"magnitude"):
        left -= _OF_MARGINS
    if _has_words(files, b"weight_kg", b"per_kg"):
        left -= _OF_PARCELS
    for file, body in files.items():
        if file.startswith("marketplaces/"):
            left -= set(_WORD.findall(body.decode("utf-8", "replace")))
    for loaded in documents:
        bodies = [files[loaded.file], *(files[t.file] for t in loaded.tables.values())]
        # Few files hold a name of which no use is known yet.
        if any(name.encode() in body for name in left for body in bodies):
            left -= set(_words(_uses(loaded)))
            for table in loaded.tables.values():
                left -= set(_words([list(table.header), *map(list, table.rows)]))
    return [
        Diagnostic(
            "FACT_UNUSED", f"no rule uses the fact `{name}`", schema.facts[name].span,
            "delete it, or leave it for rules to come", "note",
        )
        for name in sorted(left)
    ]  # fmt: skip


def _has_words(files: Mapping[str, bytes], *words: bytes) -> bool:
    """Whether some rule has a word that reckons with facts which it does not name."""
    rules = [body for file, body in files.items() if file.startswith("rules/")]
    return any(word in body for body in rules for word in words)


def _uses(loaded: Loaded[Any]) -> Any:
    """The part of a document in which names of facts are uses."""
    data: Mapping[str, Any] = loaded.located.data
    if data.get("kind") != "facts":
        return {key: value for key, value in data.items() if key not in _HEAD}
    joined = [fact.get("join") for fact in data.get("facts", {}).values()]
    # A derived fact's own name is no use of it.
    return [joined, list(data.get("derive", {}).values())]


def _words(value: Any) -> Iterator[str]:
    """All words in the texts and keys of data, notes left out."""
    if isinstance(value, str):
        yield from _WORD.findall(value)
    elif isinstance(value, Mapping):
        for key, below in value.items():
            if key not in _FOR_PEOPLE:
                yield from _WORD.findall(key)
                yield from _words(below)
    elif isinstance(value, list):
        for below in value:
            yield from _words(below)
