"""Content of one offer (section 7): category, attributes, title, description and images."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from oracle.documents import mapping_of
from oracle.tables import decide
from oracle.texts import cut_words, folded, holds_word, render, size_of
from oracle.values import Fault, plain, rounded
from oracle.world import Document, World

# In the units of facts: kilograms and centimetres.
_UNITS = {
    "kg": Fraction(1),
    "g": Fraction(1000),
    "cm": Fraction(1),
    "mm": Fraction(10),
    "m": Fraction(1, 100),
}


@dataclass(frozen=True)
class Content:
    """What the listing shows; all empty when blocked."""

    category: str | None = None
    title: str | None = None
    description: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    blocks: frozenset[str] = frozenset()
    fired: Mapping[str, str | list[str]] = field(default_factory=dict)


def content_of_offer(documents: Iterable[Document], world: World) -> Content:
    """The content of one offer; a blocked one is withheld whole."""
    mapping = mapping_of(documents, world)
    if mapping is None:
        return Content()
    content = Content()
    codes: set[str] = set()
    for part in (_category, _title, _description, _images):
        try:
            content = part(content, mapping, world)
        except Fault as fault:
            codes |= fault.codes
    attributes: dict[str, str] = {}
    for name, attribute in mapping["attributes"].items():
        try:
            value = attribute_value(attribute, world)
        except Fault as fault:
            codes |= fault.codes
        else:
            if value is not None:
                attributes[name] = value
    if codes:
        return Content(blocks=frozenset(codes), fired=content.fired)
    return replace(content, attributes=attributes)


def _category(content: Content, mapping: Document, world: World) -> Content:
    table = mapping.get("category")
    if table is None:
        return content
    decision = decide(table, world, texts=True)
    if decision.values is None:
        raise Fault(decision.block or "NO_RULE_MATCHES")
    category = decision.values["category"]
    if category is None:
        raise Fault("MISSING_VALUE")
    fired = {f"{mapping['name']}/category": decision.fired}
    return replace(content, category=plain(category), fired=fired)


# --- attributes -------------------------------------------------------------------------------


def attribute_value(attribute: Mapping[str, Any], world: World) -> str | None:
    """The attribute's text, None when it is left out. Raises Fault with the code of its block."""
    value = _source(attribute, world)
    if value is None:
        if attribute.get("required"):
            raise Fault("MISSING_ATTRIBUTE")
        return None
    if attribute.get("table") is not None:
        value = _mapped(attribute, value)
    most, count = attribute.get("max"), attribute.get("count") or "characters"
    if most is None or size_of(value, count) <= most:
        return value
    if not attribute.get("cut"):
        raise Fault("TOO_LONG")
    return cut_words(value, int(most), count)


def _source(attribute: Mapping[str, Any], world: World) -> str | None:
    if attribute.get("value") is not None:
        return plain(attribute["value"])
    if attribute.get("text") is not None:
        text = render(attribute["text"], world)
        return text if text and text.strip() else None
    value = world.value(attribute["from"])
    if isinstance(value, Decimal) and world.kind(attribute["from"]) == "percent":
        return f"{plain(rounded(Fraction(value) * 100, 8))}%"
    if isinstance(value, Decimal):
        return _measured(attribute, value)
    return None if value is None else plain(value)


def _measured(attribute: Mapping[str, Any], value: Decimal) -> str:
    """A number in its unit; with `decimals` exactly so many are written, half away from zero."""
    number = Fraction(value) * _UNITS[attribute.get("to") or "kg"]
    if attribute.get("decimals") is None:
        return plain(rounded(number, 8))
    return f"{rounded(number, int(attribute['decimals'])):f}"


def _mapped(attribute: Mapping[str, Any], value: str) -> str:
    table = {plain(ours): plain(theirs) for ours, theirs in attribute["table"].items()}
    if value in table:
        return table[value]
    otherwise = attribute.get("otherwise") or {}
    if otherwise.get("same"):
        return value
    if otherwise.get("value") is not None:
        return plain(otherwise["value"])
    raise Fault(otherwise.get("block") or "UNMAPPED_VALUE")


# --- title, description, images ---------------------------------------------------------------


def _title(content: Content, mapping: Document, world: World) -> Content:
    title = mapping.get("title")
    if title is None:
        return content
    count, most = title.get("count") or "characters", int(title["max"])
    texts = [render(template, world) for template in title["try"]]
    candidates = [folded(text) for text in texts if text is not None and text.strip()]
    if title.get("cut") and candidates:
        candidates.append(cut_words(candidates[-1], most, count))
    for candidate in candidates:
        forbidden = any(holds_word(candidate, plain(word)) for word in title.get("forbid") or [])
        if size_of(candidate, count) <= most and not forbidden:
            return replace(content, title=candidate)
    raise Fault("NO_TITLE")


def _description(content: Content, mapping: Document, world: World) -> Content:
    description = mapping.get("description")
    text = render(description["text"], world) if description is not None else None
    if description is None or text is None:
        return content
    if len(text) > int(description.get("max") or 50_000):
        raise Fault("TOO_LONG")
    return replace(content, description=text)


def _images(content: Content, mapping: Document, world: World) -> Content:
    images = mapping.get("images")
    if images is None:
        return content
    found = world.value(images["from"]) or []
    urls = [found] if isinstance(found, str) else found
    https_only = images.get("https_only") is not False
    usable = [url for url in urls if is_usable(url, https_only=https_only)]
    if len(usable) < int(1 if images.get("min") is None else images["min"]):
        raise Fault("NO_IMAGE")
    return replace(content, images=tuple(usable[: int(images.get("max") or 12)]))


def is_usable(url: str, *, https_only: bool) -> bool:
    """An absolute http(s) address of a public host, without credentials."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme not in (("https",) if https_only else ("https", "http")) or not host:
        return False
    return "@" not in parts.netloc and not _is_private(host)


def _is_private(host: str) -> bool:
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_private or address.is_loopback
