"""A linked repository → every rule of it as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.errors import Span
from offerwright.expressions.conditions import Condition
from offerwright.sentences.facts import told_facts, told_lists
from offerwright.sentences.fees import told_decision, told_fees
from offerwright.sentences.guards import told_approvals, told_guards
from offerwright.sentences.inventory import told_inventory
from offerwright.sentences.lifecycle import told_lifecycle
from offerwright.sentences.mapping import told_mapping
from offerwright.sentences.pricing import told_pricing
from offerwright.sentences.routing import told_routing
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.telling import Linked, Telling, linked_conditions
from offerwright.sentences.wording import Language, wording
from offerwright.source.document import Document, RuleDocument
from offerwright.source.located import Loaded

# kind -> what writes its sentences. Tests of rules have none: they are no rules.
WRITERS: dict[str, Callable[[Any, Telling], Iterator[Sentence]]] = {
    "facts": told_facts,
    "lists": told_lists,
    "decision": told_decision,
    "pricing": told_pricing,
    "fees": told_fees,
    "inventory": told_inventory,
    "mapping": told_mapping,
    "routing": told_routing,
    "lifecycle": told_lifecycle,
    "guards": told_guards,
    "approvals": told_approvals,
}


def sentences(linked: Linked, language: Language = "en") -> tuple[Sentence, ...]:
    """
    Every rule of a repository as a sentence. Pure: the same repository, the same sentences.

    Args:
        linked: what `pipeline` has linked; without errors, else what is wrong is left out.
        language: of the sentences. Names, numbers, dates and percents stay as they are written.

    Returns:
        The sentences by document, in the order of `WRITERS`, documents by name; within a document
        in written order. The first sentence of a document of rules says where and when it applies.
    """
    found: list[Sentence] = []
    conditions = linked_conditions(linked)
    for kind in WRITERS:
        for loaded in told_documents(linked):
            if loaded.document.kind == kind:
                found += document_sentences(loaded, linked, language, conditions)
    return tuple(found)


def told_documents(linked: Linked) -> list[Loaded[Document]]:
    """The documents that have sentences, by name: the shop's, and fees of its marketplaces."""
    sold_on = {plan.account.marketplace for plan in linked.rules.plans}
    own: list[Loaded[Any]] = [d for d in linked.own_fees if d.document.for_.names("marketplace")
                              and sold_on & {*d.document.for_.names("marketplace")}]  # fmt: skip
    told = [d for d in (*linked.documents, *own) if d.document.kind in WRITERS]
    return sorted(told, key=lambda d: (d.name, d.file))


def document_sentences(
    loaded: Loaded[Document],
    linked: Linked,
    language: Language = "en",
    conditions: Mapping[Span, Condition] | None = None,
) -> tuple[Sentence, ...]:
    """The sentences of one document; `conditions` are those of the repository if they are known."""
    write = WRITERS.get(loaded.document.kind)
    if write is None:
        return ()
    known = linked_conditions(linked) if conditions is None else conditions
    zone = ZoneInfo(linked.rules.time_zone)
    telling = Telling(loaded, linked, wording(language), known, zone)
    return (*_head(loaded.document, telling), *write(loaded.document, telling))


def _head(document: Document, telling: Telling) -> Iterator[Sentence]:
    """Where and when the document applies, and what it replaces."""
    if not isinstance(document, RuleDocument):
        return
    scope = document.for_
    places = [
        telling.words.count(
            f"scope.{key}", len(names), names=telling.words.all_of(map(telling.words.quoted, names))
        )
        for key in scope.keys
        if (names := scope.names(key))
    ]
    where = ", ".join(places) or telling.say("scope.everywhere")
    window = telling.valid(document.valid)
    texts = [
        telling.say("head.window", where=where, window=window)
        if window
        else telling.say("head", where=where)
    ]
    if document.override:
        phases = document.kind == "pricing"
        texts.append(telling.say("head.override" if phases else "head.override_whole"))
    yield telling.sentence("", " ".join(map(telling.words.sentence, texts)), telling.at("name"))
