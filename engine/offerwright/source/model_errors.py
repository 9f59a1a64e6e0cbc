"""What pydantic finds wrong with a document → located diagnostics in a merchandiser's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from offerwright.errors import Diagnostic, Span
from offerwright.source.fields import Place, locate, types_by_key
from offerwright.source.located import Located, Path
from offerwright.source.spellings import (
    moment_hint,
    number_hint,
    percent_hint,
    shown,
    text_hint,
    truth_hint,
    whole_hint,
)
from offerwright.source.suggest import (
    allowed_words,
    did_you_mean,
    lookalikes,
    suggest,
    suggest_among,
)


@dataclass(frozen=True)
class Fault:
    """One error of pydantic and the place it leads to."""

    kind: str
    place: Place
    value: Any
    context: dict[str, Any]
    message: str
    siblings: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """What to say about a fault; `at_key` points at the key, `inside` at a key of the map there."""

    code: str
    message: str
    hint: str = ""
    at_key: bool = False
    inside: str = ""


Explain = Callable[[Fault], Verdict]


def explain_errors(
    model: type[BaseModel], errors: Iterable[Any], located: Located
) -> list[Diagnostic]:
    """One diagnostic for every mistake, however many arms of a union refused it."""
    faults = [_fault(e, place, located) for e in errors for place in [locate(model, e["loc"])]]
    found = []
    for fault in _without_echoes(_one_arm_each(faults)):
        verdict = VERDICTS.get(fault.kind, _as_it_is)(fault)
        span = _span(verdict, fault.place, located)
        found.append(Diagnostic(verdict.code, verdict.message, span, verdict.hint))
    return found


def _fault(error: Any, place: Place, located: Located) -> Fault:
    around = located.data
    for part in place.path[:-1]:
        around = around[part]
    siblings = frozenset(around) if isinstance(around, dict) else frozenset[str]()
    context = error.get("ctx") or {}
    return Fault(error["type"], place, error["input"], context, error["msg"], siblings)


def _span(verdict: Verdict, place: Place, located: Located) -> Span:
    path = place.path
    if verdict.inside and (*path, verdict.inside) in located.values:
        inside = (*path, verdict.inside)
        return located.key(inside) if verdict.at_key else located.at(inside)
    if verdict.at_key or place.is_key:
        return _head(path, located)
    return located.at(path)


def _head(path: Path, located: Located) -> Span:
    """The key at `path`; for an element of a list or the whole file, the first key inside it."""
    if path in located.keys:
        return located.key(path)
    value = located.data
    for part in path:
        if part not in value if isinstance(value, dict) else not isinstance(value, list):
            return _head(path[:-1], located)  # the key is missing: its parent stands for it
        value = value[part]
    if isinstance(value, dict) and value:
        return located.key((*path, next(iter(value))))
    return located.at(path)


def _one_arm_each(faults: Sequence[Fault]) -> list[Fault]:
    """Of the arms of a union, the errors of the one that was meant; where none fits the value at
    all, one fault that names them all."""
    arms: dict[Path, dict[str, list[Fault]]] = {}
    for fault in faults:
        for depth, arm in fault.place.arms:
            arms.setdefault(fault.place.path[:depth], {}).setdefault(arm, []).append(fault)
    dropped: set[int] = set()
    merged: dict[int, Fault] = {}
    for path, by_arm in arms.items():
        if len(by_arm) < 2:
            continue
        fitting = [
            found
            for found in by_arm.values()
            if not any(f.place.path == path and _is_other_kind(f) for f in found)
        ]
        kept = min(fitting, key=len) if fitting else []
        everything = [f for found in by_arm.values() for f in found]
        if not kept:
            first = everything[0]
            words = [_WORDS[f.kind] for f in everything if f.kind in _WORDS]
            merged[id(first)] = Fault(
                "union", first.place, first.value, {"words": list(dict.fromkeys(words))}, ""
            )
            kept = [first]
        dropped |= {id(f) for f in everything} - {id(f) for f in kept}
    return [merged.get(id(f), f) for f in faults if id(f) not in dropped]


def _is_other_kind(fault: Fault) -> bool:
    """Whether an arm refused the value for what it is: a word cannot have been meant by a map."""
    is_word = fault.kind == "literal_error"
    return fault.kind in _WORDS or (is_word and isinstance(fault.value, dict | list))


def _without_echoes(faults: Sequence[Fault]) -> list[Fault]:
    """A misspelt key is one mistake, not an unknown key and a missing one."""
    misspelt = [f.place.path for f in faults if f.kind == "extra_forbidden"]
    return [
        fault
        for fault in faults
        if fault.kind != "missing"
        or not any(
            path[:-1] == fault.place.path[:-1]
            and did_you_mean(str(path[-1]), [str(fault.place.path[-1])])
            for path in misspelt
        )
    ]


def _subject(path: Path) -> str:
    """How a sentence begins: `margin`, element 2 of `at_least`, the document."""
    if not path:
        return "the document"
    if isinstance(path[-1], str):
        return f"`{path[-1]}`"
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    return f"element {path[-1] + 1} of `{name}`"


def _must_be(word: str, hint: Callable[[Any], str]) -> Explain:
    def explain(fault: Fault) -> Verdict:
        message = f"{_subject(fault.place.path)} must be {word}, not {shown(fault.value)}"
        return Verdict("WRONG_TYPE", message, hint(fault.value))

    return explain


def _map_hint(_: Any) -> str:
    return "write `key: value` lines under it, or {key: value}"


def _list_hint(value: Any) -> str:
    if isinstance(value, str | int) and len(str(value)) <= 40:
        return f"write [{value}], or a line beginning with `- ` for each element"
    return "write [a, b], or a line beginning with `- ` for each element"


def _any_of(fault: Fault) -> Verdict:
    words = " or ".join(fault.context["words"]) or "something else"
    message = f"{_subject(fault.place.path)} must be {words}, not {shown(fault.value)}"
    is_number = isinstance(fault.value, str) and "text" not in fault.context["words"]
    return Verdict("WRONG_TYPE", message, number_hint(fault.value) if is_number else "")


def _unknown_key(fault: Fault) -> Verdict:
    key = str(fault.place.path[-1])
    known = types_by_key(fault.place.owner) if fault.place.owner else {}
    hint = suggest(key, [name for name in known if name not in fault.siblings])
    if fault.value is None and re.fullmatch(r"[0-9.]+", key):
        hint = "a comma ends the value before it: write numbers with a point"
    return Verdict("UNKNOWN_KEY", f"unknown key {key!r}", hint, at_key=True)


def _missing_key(fault: Fault) -> Verdict:
    *parent, key = fault.place.path
    where = f" in {_subject(tuple(parent))}" if parent else ""
    hint = f"write `{key}: …`"
    return Verdict("MISSING_KEY", f"`{key}` is missing{where}", hint, at_key=True)


def _unknown_value(fault: Fault) -> Verdict:
    allowed = re.findall(r"'([^']*)'", str(fault.context.get("expected", "")))
    return _not_among(fault.place.path, fault.value, allowed)


def _unknown_tag(fault: Fault) -> Verdict:
    key = str(fault.context.get("discriminator", "")).strip("'")
    allowed = re.findall(r"'([^']*)'", str(fault.context.get("expected_tags", "")))
    verdict = _not_among((*fault.place.path, key), fault.value.get(key), allowed)
    return Verdict(verdict.code, verdict.message, verdict.hint, inside=key)


def _not_among(path: Path, value: Any, allowed: list[str]) -> Verdict:
    hint = suggest_among(value, allowed) if isinstance(value, str) else allowed_words(allowed)
    return Verdict("UNKNOWN_VALUE", f"{_subject(path)} cannot be {shown(value)}", hint)


def _missing_tag(fault: Fault) -> Verdict:
    key = str(fault.context.get("discriminator", "")).strip("'")
    where = _subject(fault.place.path)
    near = [str(name) for name in fault.value if did_you_mean(str(name), [key])]
    if near:
        message, hint = f"unknown key {near[0]!r}", did_you_mean(near[0], [key])
        return Verdict("UNKNOWN_KEY", message, hint, inside=near[0], at_key=True)
    return Verdict(
        "MISSING_KEY", f"`{key}` is missing in {where}", f"write `{key}: …`", at_key=True
    )


def _bound(sign: str, key: str) -> Explain:
    def explain(fault: Fault) -> Verdict:
        bound = shown(fault.context[key])
        message = f"{_subject(fault.place.path)} must be {sign} {bound}, not {shown(fault.value)}"
        return Verdict("OUT_OF_BOUNDS", message)

    return explain


def _length(fault: Fault) -> Verdict:
    least, most = fault.context.get("min_length"), fault.context.get("max_length")
    what = "characters" if isinstance(fault.value, str) else "elements"
    bound = f"at least {least}" if least is not None else f"at most {most}"
    what = what[:-1] if 1 in (least, most) else what
    return Verdict("OUT_OF_BOUNDS", f"{_subject(fault.place.path)} must have {bound} {what}")


# What the patterns of names mean; a pattern that is not listed is shown as it is.
_PATTERNS = {
    "^[a-z][a-z0-9_]{0,63}$": "small letters, digits and _, a letter first, at most 64",
    "^[A-Za-z][A-Za-z0-9_.-]{0,63}$": "letters, digits, _ . and -, a letter first, at most 64",
    "^[A-Z][A-Z0-9_]{1,63}$": "capital letters, digits and _, a letter first, 2 to 64",
}


def _pattern(fault: Fault) -> Verdict:
    pattern = str(fault.context.get("pattern"))
    hint = f"allowed: {_PATTERNS.get(pattern, f'text that matches {pattern}')}"
    if fault.place.is_key and ")" in str(fault.value):
        # {price: max(a, b)}: braces end an expression at its comma.
        message = f"the comma ends the value before {shown(fault.value)}"
        return Verdict("QUOTE_NEEDED", message, 'write the expression in quotes: "max(a, b)"')
    if fault.place.is_key and re.match(r"[0-9]+%?($| )", str(fault.value)):
        message = f"the comma ends the number before {shown(fault.value)}"
        return Verdict("BAD_NAME", message, "write numbers with a point: 1.02")
    if fault.place.is_key:
        return Verdict("BAD_NAME", f"the key {shown(fault.value)} is not a name", hint)
    subject = _subject(fault.place.path)
    message = f"{subject} cannot be {shown(fault.value)}"
    return Verdict("BAD_NAME", message, hint + lookalikes(str(fault.value)))


def _as_it_is(fault: Fault) -> Verdict:
    """Errors that document models raise themselves are sentences for users already."""
    subject = _subject(fault.place.path)
    sentence = fault.message.removeprefix("Value error, ")
    joined = (
        sentence if sentence.startswith("`") or not fault.place.path else f"{subject}: {sentence}"
    )
    if sentence.startswith("must "):
        return Verdict("WRONG_TYPE", f"{subject} {sentence}, not {shown(fault.value)}")
    named = str(fault.context.get("key", ""))
    return Verdict("INVALID", joined, at_key=isinstance(fault.value, dict), inside=named)


_WORDS = {
    "string_type": "text",
    "is_instance_of": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "finite_number": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "whole_number": "a whole number",
    "percent": "a percent",
    "moment": "a date",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
}

_HINTS: dict[str, Callable[[Any], str]] = {
    "text": text_hint,
    "a number": number_hint,
    "a whole number": whole_hint,
    "a percent": percent_hint,
    "a date": moment_hint,
    "true or false": truth_hint,
    "a list": _list_hint,
    "a map": _map_hint,
}

VERDICTS: dict[str, Explain] = {
    **{kind: _must_be(word, _HINTS[word]) for kind, word in _WORDS.items()},
    "union": _any_of,
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    "literal_error": _unknown_value,
    "union_tag_invalid": _unknown_tag,
    "union_tag_not_found": _missing_tag,
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "too_short": _length,
    "too_long": _length,
    "string_too_short": _length,
    "string_too_long": _length,
    "string_pattern_mismatch": _pattern,
}
