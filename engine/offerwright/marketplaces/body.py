"""
The body of a payload as written in YAML → a small tree of nodes, with every mistake located.

Literals are constants. A map with keys that start with `$` is ours, everything else is the
marketplace's:

    {$value: price, $as: cents, $optional: true}     a value of the offer
    {$value: [sale_price, price]}                    the first that is present
    {$text: "{{ brand }} {{ title }}"}               a template: names and literal text
    {$each: images, $item: {source: {$value: item}}} elements, or a part of an array
    {$each: attributes, $item: {id: {$value: key}, value: {$value: item}}, $except: [GTIN]}
    {$each: tiers, $item: {from: {$value: tier_quantity}, price: {$value: tier_price}}}
    {$members: {$each: attributes, $item: …}, …}     members of an object, named by the attribute
    {$when: {present: sale_price}, …}                left out unless the offer has one
    {$when: {…}, $then: …, $else: …}                 the same for any value
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateSyntaxError

from offerwright.errors import Diagnostic
from offerwright.marketplaces.names import EACH_WORDS, ENCODINGS, NAMES, Kind, kind_of
from offerwright.marketplaces.nodes import (
    Array,
    Choice,
    Condition,
    Constant,
    Each,
    Node,
    Object,
    Slot,
    Source,
    Text,
    all_present,
)
from offerwright.marketplaces.template import template_parts
from offerwright.source.located import Located, Path
from offerwright.source.suggest import suggest

FORMS: dict[str, frozenset[str]] = {
    "$value": frozenset({"$as", "$optional", "$when"}),
    "$text": frozenset({"$optional", "$when"}),
    "$each": frozenset({"$item", "$only", "$except", "$when"}),
    "$then": frozenset({"$else", "$when"}),
}
KEYS = frozenset(FORMS).union(*FORMS.values(), {"$members"})


@dataclass(frozen=True)
class Reader:
    """Reads one body: where it stands, and the findings so far (the one thing that grows)."""

    located: Located
    needs: frozenset[str]
    found: list[Diagnostic] = field(default_factory=list)

    def node(self, data: Any, path: Path, words: frozenset[str] = frozenset()) -> Node:
        """The node of any YAML value; a mistake is reported and read as null."""
        if isinstance(data, list):
            return self._array(data, path, words)
        if not isinstance(data, dict):
            return Constant(data)
        for key in data:
            if key.startswith("$") and key not in KEYS:
                self.report(
                    "UNKNOWN_KEY",
                    f"`{key}` is no key of a body",
                    (*path, key),
                    suggest(key, KEYS),
                    key=True,
                )
        form = next((f for f in FORMS if f in data), None)
        read = (
            self._object(data, path, words) if form is None else self._form(form, data, path, words)
        )
        if "$when" not in data or form == "$then":
            return read
        return Choice(self._condition(data["$when"], (*path, "$when")), read)

    def _array(self, data: list[Any], path: Path, words: frozenset[str]) -> Node:
        elements = [self.node(element, (*path, i), words) for i, element in enumerate(data)]
        for i, element in enumerate(elements):
            if isinstance(element, Choice) and isinstance(element.then, Each):
                message = "an `$each` among other elements takes no `$when`"
                self.report("BODY_SHAPE", message, (*path, i), "put the `$when` around the list")
        return Array(tuple(elements))

    def _form(self, form: str, data: dict[str, Any], path: Path, words: frozenset[str]) -> Node:
        for key in data:
            if key != form and key not in FORMS[form]:
                allowed = ", ".join(sorted(FORMS[form]))
                self.report(
                    "BODY_SHAPE",
                    f"`{key}` cannot stand beside `{form}`",
                    (*path, key),
                    f"allowed there: {allowed}",
                    key=True,
                )
        if form == "$value":
            return self._value(data, path, words)
        if form == "$text":
            return self._text(data, path, words)
        if form == "$each":
            return self._each(data, path)
        return self._then(data, path, words)

    def _value(self, data: dict[str, Any], path: Path, words: frozenset[str]) -> Node:
        names = self._words(data["$value"], (*path, "$value"))
        kinds = [self._kind(name, (*path, "$value"), words) for name in names]
        kind = kinds[0] if kinds else None
        if kind is None:
            return Constant(None)
        if any(other != kind for other in kinds):
            self.report(
                "BODY_SHAPE",
                "the names of one `$value` must hold the same kind of value",
                (*path, "$value"),
            )
        encoding = data.get("$as", next(iter(ENCODINGS[kind]), ""))
        if encoding not in ENCODINGS[kind]:
            hint = f"allowed: {', '.join(ENCODINGS[kind])}" if ENCODINGS[kind] else "write `$each`"
            what = f"`$as: {encoding}`" if "$as" in data else "`$value`"
            self.report(
                "ENCODING",
                f"`{names[0]}` ({kind}) cannot be written with {what}",
                (*path, "$as"),
                hint,
            )
        slot = Slot(tuple(names), encoding)
        if not data.get("$optional"):
            return slot
        if len(names) > 1:
            self.report(
                "BODY_SHAPE",
                "with `$optional` one name stands in `$value`: of several it is not clear whose "
                "absence counts",
                (*path, "$optional"),
                f"write $when: {{present: {names[0]}}} instead",
            )
        return Choice(Condition(present=(names[0],)), slot)

    def _text(self, data: dict[str, Any], path: Path, words: frozenset[str]) -> Node:
        here = (*path, "$text")
        try:
            parts = list(template_parts(str(data["$text"])))
        except TemplateSyntaxError as error:
            self.report("TEMPLATE", f"this is no template: {error.message}", here)
            return Constant(None)
        pieces: list[str | Slot] = []
        for part in parts:
            if part is None:
                self.report(
                    "TEMPLATE",
                    "a template here holds only text and names",
                    here,
                    "write {{ title }}; loops, filters and tests belong into the mapping",
                )
            elif isinstance(part, str):
                pieces.append(part)
            elif self._kind(part[0], here, words) is not None:
                pieces.append(Slot(part, "raw"))
        text = Text(tuple(pieces))
        return Choice(all_present(text), text) if data.get("$optional") else text

    def _each(self, data: dict[str, Any], path: Path) -> Node:
        name = data["$each"]
        kind = NAMES.get(name) if isinstance(name, str) else None
        if kind is None or kind not in EACH_WORDS:
            walkable = [n for n, k in NAMES.items() if k in EACH_WORDS]
            self.report(
                "UNKNOWN_NAME",
                f"`$each` cannot walk over `{name}`",
                (*path, "$each"),
                f"allowed: {', '.join(sorted(walkable))}",
            )
            return Array(())
        if "$item" not in data:
            self.report("BODY_SHAPE", "`$each` needs an `$item`", path, "write what one is like")
            return Array(())
        only, skip = (self._words(data.get(k, []), (*path, k)) for k in ("$only", "$except"))
        item = self.node(data["$item"], (*path, "$item"), frozenset(EACH_WORDS[kind]))
        return Each(Source(name, tuple(only), tuple(skip)), item)

    def _then(self, data: dict[str, Any], path: Path, words: frozenset[str]) -> Node:
        if "$when" not in data:
            self.report("BODY_SHAPE", "`$then` needs a `$when`", path, "write when it counts")
        condition = self._condition(data.get("$when", {}), (*path, "$when"))
        then = self.node(data["$then"], (*path, "$then"), words)
        if "$else" not in data:
            return Choice(condition, then)
        return Choice(condition, then, self.node(data["$else"], (*path, "$else"), words))

    def _object(self, data: dict[str, Any], path: Path, words: frozenset[str]) -> Node:
        members: list[tuple[str | None, Node]] = []
        for key, value in data.items():
            if key == "$members":
                group = value if isinstance(value, list) else [value]
                for one in group:
                    node = self.node(one, (*path, key), words)
                    if isinstance(node, Each) and node.source.name == "attributes":
                        members.append((None, node))
                        continue
                    self.report(
                        "BODY_SHAPE", "`$members` holds `{$each: attributes, …}`", (*path, key)
                    )
            elif not key.startswith("$"):
                members.append((key, self.node(value, (*path, key), words)))
        return Object(tuple(members))

    def _condition(self, data: Any, path: Path) -> Condition:
        if not isinstance(data, dict) or not data or set(data) - {"present", "missing"}:
            self.report(
                "BODY_SHAPE",
                "a condition is `{present: …}` or `{missing: …}`",
                path,
                "write {present: sale_price}",
            )
            return Condition()
        sides = [self._words(data.get(side, []), (*path, side)) for side in ("present", "missing")]
        for name in (*sides[0], *sides[1]):
            self._kind(name, path, frozenset())
        return Condition(tuple(map(presence_of, sides[0])), tuple(map(presence_of, sides[1])))

    def _words(self, data: Any, path: Path) -> Sequence[str]:
        words = data if isinstance(data, list) else [data]
        if all(isinstance(word, str) for word in words):
            return words
        self.report("BODY_SHAPE", "write a name, or a list of names", path, "for example price")
        return []

    def _kind(self, name: str, path: Path, words: frozenset[str]) -> Kind | None:
        kind = kind_of(name, words)
        setting = name.removeprefix("account.")
        if kind is None:
            self.report(
                "UNKNOWN_NAME",
                f"`{name}` is no value of an offer",
                path,
                suggest(name, {*NAMES, *words}),
            )
        elif words and name not in words and setting == name:
            self.report(
                "UNKNOWN_NAME",
                f"`{name}` cannot be used inside `$item`",
                path,
                f"known there: account.…, {', '.join(sorted(words))}",
            )
        elif setting != name and setting not in self.needs:
            self.report(
                "UNDECLARED_NEED",
                f"`{name}` is used but `{setting}` is not in `needs`",
                path,
                suggest(setting, self.needs) if self.needs else f"write `needs: [{setting}]`",
            )
        return kind

    def report(
        self, code: str, message: str, path: Path, hint: str = "", key: bool = False
    ) -> None:
        span = self.located.key(path) if key else self.located.at(path)
        self.found.append(Diagnostic(code, message, span, hint))


def presence_of(name: str) -> str | Source:
    """A name in a condition; for lists and attributes: that there is at least one element."""
    return Source(name) if NAMES.get(name) in EACH_WORDS else name
