"""Facts and lists → what every word of the shop is and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from offerwright.facts.document import Fact, FactsDocument
from offerwright.rules.document import ListsDocument
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.telling import Telling, flow
from offerwright.sentences.values import percent_text


def told_facts(document: FactsDocument, telling: Telling) -> Iterator[Sentence]:
    """Every fact, then every derived one."""
    if document.of != "sku":
        yield telling.sentence("of", telling.say("facts.of", of=document.of), telling.at("of"))
    for name, fact in document.facts.items():
        text = telling.say("fact", name=name, type=fact.type, source=fact.from_)
        text = ", ".join([text, *_more(fact, telling)])
        yield telling.sentence(name, text, telling.loaded.located.key(("facts", name)))
    for name, raw in document.derive.items():
        text = telling.say("derived", name=name, value=telling.expression(raw))
        yield telling.sentence(name, text, telling.loaded.located.key(("derive", name)))


def _more(fact: Fact, telling: Telling) -> Iterator[str]:
    if fact.of:
        yield telling.say(
            "fact.of", values=telling.words.one_of(map(telling.words.quoted, fact.of))
        )
    if fact.key:
        yield telling.say("fact.key", key=fact.key)
    if fact.per:
        yield telling.say("fact.per", per=fact.per)
    if fact.join:
        yield telling.say("fact.join", join=fact.join)
    if fact.minimum is not None:
        yield telling.say("fact.minimum", value=_bound(fact.minimum, fact))
    if fact.maximum is not None:
        yield telling.say("fact.maximum", value=_bound(fact.maximum, fact))
    if fact.currency:
        yield telling.say("fact.currency", currency=fact.currency)
    if fact.unit:
        yield telling.say("fact.unit", unit=fact.unit)
    if "missing" in fact.model_fields_set:
        yield telling.say("fact.missing", value=flow(fact.missing))


def _bound(bound: Decimal, fact: Fact) -> str:
    return percent_text(bound) if fact.type == "percent" else f"{bound:f}"


def told_lists(document: ListsDocument, telling: Telling) -> Iterator[Sentence]:
    """The words of a list, or what a map says of each key."""
    if document.values is not None:
        values = telling.words.all_of(map(telling.words.quoted, document.values))
        text = telling.say("list.values", name=document.name, values=values)
        yield telling.sentence("values", text, telling.at("values"))
    for key, raw in (document.map or {}).items():
        text = telling.say("list.map", key=telling.words.quoted(key), value=flow(raw),
                           name=document.name)  # fmt: skip
        yield telling.sentence(f"map/{key}", text, telling.at("map", key))
    yield from _rates(document, telling)


def _rates(document: ListsDocument, telling: Telling) -> Iterator[Sentence]:
    """Rates of exchange, written here or in a CSV file."""
    for index, rate in enumerate(document.rates or ()):
        text = _rate(rate.from_, rate.to, f"{rate.rate:f}", telling.valid(rate.valid), telling)
        yield telling.sentence(f"rates/{index + 1}", text, telling.at("rates", index))
    csv = telling.loaded.tables.get(document.file or "")
    for index in range(len(csv.rows)) if csv is not None else ():
        assert csv is not None
        cells = dict(zip(csv.header, csv.rows[index], strict=False))
        days = telling.between(cells.get("valid.from", ""), cells.get("valid.before", ""))
        text = _rate(
            cells.get("from", ""), cells.get("to", ""), cells.get("rate", ""), days, telling
        )
        yield telling.sentence(f"rates/{index + 1}", text, csv.cell(index, 0))


def _rate(source: str, to: str, rate: str, days: str, telling: Telling) -> str:
    text = telling.say("list.rate", source=source, to=to, rate=rate)
    return ", ".join(filter(None, [text, days]))
