"""Facts that are declared and that no rule names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def unused_facts(
    schema: FactSchema, documents: Sequence[Loaded[Any]], texts: Iterable[bytes]
) -> list[Diagnostic]:
    """
    A note for each fact whose name stands nowhere but where it is declared.

    A word that only looks like the fact counts as a use, so that nothing wrong is said.

    Args:
        documents: all documents of the repository.
        texts: more files that may read facts: payloads of marketplaces, routing, and the like.
    """
    used: set[str] = set(_ALWAYS)
    for loaded in documents:
        used |= set(_words(_uses(loaded)))
        for table in loaded.tables.values():
            used |= set(_words([list(table.header), [list(row) for row in table.rows]]))
    if "margin" in used or "margin_at_least" in used or "magnitude" in used:
        used |= _OF_MARGINS
    for text in texts:
        used |= set(_WORD.findall(text.decode("utf-8", "replace")))
    return [
        Diagnostic(
            "FACT_UNUSED", f"no rule uses the fact `{name}`", fact.span,
            "delete it, or leave it for rules to come", "note",
        )
        for name, fact in sorted(schema.facts.items()) if name not in used
    ]  # fmt: skip


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
