"""Mapping documents → what a listing says, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offerwright.rules.mapping_document import Attribute, Images, MappingDocument, Title
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.tables import Rows, told_rows
from offerwright.sentences.telling import Telling


def told_mapping(document: MappingDocument, telling: Telling) -> Iterator[Sentence]:
    """Category, attributes, title, description and images."""
    if document.category is not None:
        rows = Rows(document.category, ("category",), "category", _category, "blocks_content")
        yield from told_rows(rows, telling)
    for name, attribute in document.attributes.items():
        place = telling.loaded.located.key(("attributes", name))
        text = _attribute(name, attribute, telling)
        yield telling.sentence(f"attributes/{name}", text, place)
    if document.title is not None:
        yield telling.sentence("title", _title(document.title, telling), telling.at("title"))
    if document.description is not None:
        most = telling.words.count("size.characters", document.description.max)
        told = telling.words.quoted(document.description.text)
        text = telling.say("description", text=told, most=most)
        yield telling.sentence("description", text, telling.at("description"))
    if document.images is not None:
        yield telling.sentence("images", _images(document.images, telling), telling.at("images"))


def _category(then: Mapping[str, Any], telling: Telling) -> str:
    if then.get("block") is not None:
        return telling.say("category.block", code=str(then["block"]))
    return telling.say("category.is", category=_literal(then.get("category"), telling))


def _literal(raw: Any, telling: Telling) -> str:
    if isinstance(raw, Mapping):
        return telling.expression(raw.get("expr"))
    return telling.words.quoted(telling.expression(raw))


def _attribute(name: str, attribute: Attribute, telling: Telling) -> str:
    if attribute.from_ is not None:
        text = telling.say("attribute.from", name=name, fact=attribute.from_)
    elif attribute.text is not None:
        text = telling.say("attribute.text", name=name, text=telling.words.quoted(attribute.text))
    else:
        value = telling.words.quoted(attribute.value or "")
        text = telling.say("attribute.value", name=name, value=value)
    if attribute.to is not None:
        text = ", ".join([text, telling.say("attribute.to", unit=attribute.to)])
    if attribute.decimals is not None:
        text = ", ".join([text, telling.words.count("attribute.decimals", attribute.decimals)])
    return " ".join(map(telling.words.sentence, [text, *_conditions(attribute, telling)]))


def _conditions(attribute: Attribute, telling: Telling) -> Iterator[str]:
    quoted = telling.words.quoted
    if attribute.table is not None:
        pairs = ", ".join(
            telling.say("attribute.pair", ours=quoted(ours), theirs=quoted(theirs))
            for ours, theirs in attribute.table.items()
        )
        yield telling.say("attribute.table", pairs=pairs)
        yield _otherwise(attribute, telling)
    if attribute.required:
        yield telling.say("attribute.required")
    if attribute.max is not None:
        way = "cut" if attribute.cut else "block"
        most = telling.words.count(f"size.{attribute.count}", attribute.max)
        yield telling.say(f"attribute.max_{way}", most=most)


def _otherwise(attribute: Attribute, telling: Telling) -> str:
    otherwise = attribute.otherwise
    if otherwise is not None and otherwise.value is not None:
        value = telling.words.quoted(otherwise.value)
        return telling.say("attribute.other_value", value=value)
    if otherwise is not None and otherwise.same:
        return telling.say("attribute.other_same")
    code = otherwise.block if otherwise is not None else None
    return telling.say("attribute.other_block", code=code or "UNMAPPED_VALUE")


def _title(title: Title, telling: Telling) -> str:
    def in_marks(text: str) -> str:
        return telling.say("quoted", text=text)

    texts = ", ".join(map(in_marks, title.try_))
    most = telling.words.count(f"size.{title.count}", title.max)
    parts = [telling.say("title", texts=texts, most=most)]
    if title.forbid:
        parts.append(
            telling.say("title.forbid", words=telling.words.one_of(map(in_marks, title.forbid)))
        )
    parts.append(telling.say("title.cut" if title.cut else "title.block"))
    return " ".join(map(telling.words.sentence, parts))


def _images(images: Images, telling: Telling) -> str:
    parts = [telling.words.count("images", images.max, fact=images.from_)]
    if images.min:
        parts.append(telling.words.count("images.min", images.min))
    if images.https_only:
        parts.append(telling.say("images.https_only"))
    return " ".join(map(telling.words.sentence, parts))
