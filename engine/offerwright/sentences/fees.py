"""Fees and decisions → a sentence for each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offerwright.rules.decision_document import DecisionDocument
from offerwright.rules.document import FeesDocument
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.tables import Rows, plain_results, told_rows
from offerwright.sentences.telling import Telling


def told_fees(document: FeesDocument, telling: Telling) -> Iterator[Sentence]:
    """Every fee with what it takes, row by row."""
    for index, fee in enumerate(document.fees):
        path = ("fees", index)
        text = telling.say("fee", name=fee.id)
        yield telling.sentence(fee.id, text, telling.at(*path, "id"))
        yield from told_rows(Rows(fee, path, fee.id, _taken, "blocks_price"), telling)


def _taken(then: Mapping[str, Any], telling: Telling) -> str:
    parts = [
        telling.say(f"fee.{key}", value=telling.expression(then[key]))
        for key in ("rate", "fee")
        if then.get(key) is not None
    ]
    return telling.words.all_of(parts)


def told_decision(document: DecisionDocument, telling: Telling) -> Iterator[Sentence]:
    """The names that are derived first, what the table gives, and its rows."""
    for name, raw in document.derive.items():
        text = telling.say("derived", name=name, value=telling.expression(raw))
        yield telling.sentence(f"derive/{name}", text, telling.at("derive", name))
    names = telling.words.all_of(document.results)
    yield telling.sentence("results", telling.say("decision", names=names), telling.at("results"))
    yield from told_rows(Rows(document, (), document.name, plain_results, "missing"), telling)


def after_fees(cost: object, freight: object, telling: Telling) -> str:
    """What is taken off a price before its margin: the fees, the cost and the freight, if any."""
    if freight is None and "freight" in telling.linked.schema.facts:
        freight = "freight"
    parts = telling.expressions([raw for raw in (cost, freight) if raw is not None])
    return telling.words.all_of([telling.say("fees.word"), *parts])
