"""Routing documents → a sentence for what nodes have, every attempt, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offerwright.facts.literals import parse_duration
from offerwright.rules.routing_document import (
    Attempt,
    RankKey,
    RoutingDocument,
    RoutingStock,
    Split,
)
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.tables import Rows, told_rows
from offerwright.sentences.telling import Telling
from offerwright.sentences.values import duration_text


def told_routing(document: RoutingDocument, telling: Telling) -> Iterator[Sentence]:
    """Stock, distances, derived names, cost of shipping, attempts in order, and the rest."""
    yield telling.sentence("stock", _stock(document.stock, telling), telling.at("stock"))
    for key, text in _settings(document, telling):
        yield telling.sentence(key, text, telling.at(*key.split("/")))
    for name, raw in document.derive.items():
        text = telling.say("derived", name=name, value=telling.expression(raw))
        yield telling.sentence(f"derive/{name}", text, telling.at("derive", name))
    if document.ship_cost is not None:
        rows = Rows(document.ship_cost, ("ship_cost",), "ship_cost", _cost, "missing")
        yield from told_rows(rows, telling)
    for index, attempt in enumerate(document.attempts):
        yield from _attempt(attempt, index, telling)
    yield telling.sentence("otherwise", _unrouted(document, telling), telling.at("otherwise"))


def _stock(stock: RoutingStock, telling: Telling) -> str:
    less = telling.words.all_of(n for n in (stock.allocated, stock.reserved) if n is not None)
    text = telling.say("routing.stock", on_hand=stock.on_hand)
    if less:
        text += telling.say("pool.less_at_nodes", names=less)
    return text + (telling.words.count("routing.keep", stock.keep) if stock.keep else "")


def _settings(document: RoutingDocument, telling: Telling) -> Iterator[tuple[str, str]]:
    distance = document.distance
    if distance.unknown_km is not None:
        yield "distance/unknown_km", telling.say("routing.unknown", km=f"{distance.unknown_km:f}")
    if distance.zip_digits:
        digits = telling.words.one_of(map(str, distance.zip_digits))
        yield "distance/zip_digits", telling.say("routing.zip", digits=digits)
    if document.capacity is not None:
        yield "capacity", telling.say("routing.capacity", fact=document.capacity)


def _cost(then: Mapping[str, Any], telling: Telling) -> str:
    return telling.say("routing.cost", cost=telling.expression(then.get("ship_cost")))


def _attempt(attempt: Attempt, index: int, telling: Telling) -> Iterator[Sentence]:
    path = ("attempts", index)
    condition = telling.condition(attempt.where, telling.at(*path, "where"))
    where = (
        telling.say("routing.where", condition=condition)
        if condition
        else telling.say("routing.any_node")
    )
    order = telling.say("routing.order", number=str(index + 1), where=where)
    rank = ", ".join(_key(key, telling) for key in attempt.rank)
    parts = [order, telling.say("routing.rank", keys=rank), _split(attempt.split, telling)]
    text = " ".join(map(telling.words.sentence, parts))
    yield telling.sentence(attempt.id, text, telling.at(*path, "id"))


def _key(key: RankKey, telling: Telling) -> str:
    text = telling.say(f"routing.{key.order}", by=key.by)
    if key.band is None:
        return text
    return f"{text} {telling.say('routing.band', band=telling.expression(key.band))}"


def _split(split: str | Split, telling: Telling) -> str:
    if not isinstance(split, Split):
        return telling.say("routing.one_parcel")
    parts = [telling.say("routing.parcels", most=str(split.max_parcels))]
    if split.min_value is not None:
        parts.append(telling.say("routing.min_value", value=f"{split.min_value:f}"))
    if split.keep_together:
        names = telling.words.all_of(split.keep_together)
        parts.append(telling.say("routing.keep_together", names=names))
    parts.append(telling.say("routing.among", number=str(split.among)))
    return ", ".join(parts)


def _unrouted(document: RoutingDocument, telling: Telling) -> str:
    rest = document.otherwise
    text = telling.say("routing.queue", queue=rest.queue)
    if rest.cancel_after is None:
        return text
    wait = duration_text(parse_duration(rest.cancel_after), telling.words)
    return f"{text}, {telling.say('routing.cancel_after', duration=wait)}"
