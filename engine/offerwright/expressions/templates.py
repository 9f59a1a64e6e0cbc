"""
Templates of text values: a subset of Jinja2 that always runs as column operations.

Jinja2 parses; this module keeps only what can be turned into columns — text, names, a few filters,
`if … else …` — and refuses the rest by an allow-list, so no template can loop, call or compute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from offerwright.expressions.parse import Refusal
from offerwright.expressions.types import Type
from offerwright.source.suggest import did_you_mean, suggest

MAX_TEMPLATE = 20_000
# filter name -> the types of its arguments
FILTERS: dict[str, tuple[type, ...]] = {
    "upper": (),
    "lower": (),
    "title": (),
    "trim": (),
    "replace": (str, str),
    "default": (str,),
    "truncate_chars": (int,),
}


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A name and the filters applied to it, in order."""

    name: str
    filters: tuple[tuple[str, tuple[str | int, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """`present` (there and not empty), `eq`, `ne`, `not`, `and`, `or`."""

    operation: str
    name: str = ""
    value: str = ""
    parts: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    check: Check
    then: tuple[Piece, ...]
    otherwise: tuple[Piece, ...]


Piece: TypeAlias = Text | Field | Choice


@dataclass(frozen=True, slots=True)
class Template:
    """Pieces to be joined; the text is missing when a needed field is."""

    source: str
    pieces: tuple[Piece, ...]


class _Refused(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        self.message, self.hint = message, hint


@cache
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.filters = dict.fromkeys(FILTERS, str)
    return environment


def parse_template(source: str, types: Mapping[str, Type]) -> Template | Refusal:
    """The template over these names, or why it cannot be used (offsets cover the whole text)."""
    from jinja2.exceptions import TemplateSyntaxError

    whole = (0, len(source))
    if len(source) > MAX_TEMPLATE:
        return Refusal(*whole, f"a template has at most {MAX_TEMPLATE} characters")
    try:
        tree = _environment().parse(source)
        return Template(source, tuple(_pieces(tree.body, types)))
    except TemplateSyntaxError as problem:
        return Refusal(
            *whole, f"the template cannot be read: {problem.message}", _syntax_hint(source)
        )
    except _Refused as refused:
        return Refusal(*whole, refused.message, refused.hint)


def _syntax_hint(source: str) -> str:
    if source.count("{{") != source.count("}}"):
        return "every {{ needs its }}"
    return f"filters are: {', '.join(FILTERS)}"


def _pieces(nodes: list[Any], types: Mapping[str, Type]) -> Iterator[Piece]:
    from jinja2 import nodes as jinja

    for node in nodes:
        if isinstance(node, jinja.Output):
            for part in node.nodes:
                yield from _output(part, types)
        elif isinstance(node, jinja.If) and not node.elif_:
            yield Choice(
                _check(node.test, types),
                tuple(_pieces(node.body, types)),
                tuple(_pieces(node.else_, types)),
            )
        else:
            raise _refusal(node)


def _output(node: Any, types: Mapping[str, Type]) -> Iterator[Piece]:
    from jinja2 import nodes as jinja

    if isinstance(node, jinja.TemplateData):
        yield Text(node.data)
    elif isinstance(node, jinja.Const):
        if type(node.value) not in (str, int):
            raise _Refused(f"`{str(node.value).lower()}` is no text", "write a text in quotes")
        yield Text(str(node.value))
    elif isinstance(node, jinja.CondExpr):
        otherwise = tuple(_output(node.expr2, types)) if node.expr2 is not None else ()
        yield Choice(_check(node.test, types), tuple(_output(node.expr1, types)), otherwise)
    elif isinstance(node, jinja.Concat):
        for part in node.nodes:
            yield from _output(part, types)
    else:
        yield _field(node, types)


def _field(node: Any, types: Mapping[str, Type]) -> Field:
    from jinja2 import nodes as jinja

    filters: list[tuple[str, tuple[str | int, ...]]] = []
    while isinstance(node, jinja.Filter):
        filters.append((node.name, _filter_arguments(node)))
        if node.node is None:
            raise _Refused(f"the filter `{node.name}` needs a name before it")
        node = node.node
    return Field(_name(node, types), tuple(reversed(filters)))


def _filter_arguments(node: Any) -> tuple[str | int, ...]:
    wanted = FILTERS.get(node.name)
    if wanted is None:
        raise _Refused(f"there is no filter `{node.name}`", suggest(node.name, FILTERS))
    values: tuple[Any, ...] = tuple(getattr(a, "value", None) for a in node.args)
    if node.kwargs or tuple(type(v) for v in values) != wanted:
        words = {str: '"text"', int: "a whole number"}
        shown = ", ".join(words[t] for t in wanted) or "nothing"
        raise _Refused(f"the filter `{node.name}` takes {shown}")
    return values


def _name(node: Any, types: Mapping[str, Type]) -> str:
    from jinja2 import nodes as jinja

    parts: list[str] = []
    while isinstance(node, jinja.Getattr | jinja.Getitem):
        key = node.attr if isinstance(node, jinja.Getattr) else getattr(node.arg, "value", None)
        if not isinstance(key, str):
            raise _refusal(node)
        parts.append(key)
        node = node.node
    if not isinstance(node, jinja.Name):
        raise _refusal(node)
    name = ".".join([node.name, *reversed(parts)])
    found = types.get(name)
    if found is None:
        raise _Refused(f"nothing is called `{name}` here", did_you_mean(name, types))
    if found.name in ("list", "map", "money"):
        raise _Refused(f"`{name}` is {found} and does not belong into a text")
    return name


def _check(node: Any, types: Mapping[str, Type]) -> Check:
    from jinja2 import nodes as jinja

    if isinstance(node, jinja.Not):
        return Check("not", parts=(_check(node.node, types),))
    if isinstance(node, jinja.And | jinja.Or):
        word = "and" if isinstance(node, jinja.And) else "or"
        return Check(word, parts=(_check(node.left, types), _check(node.right, types)))
    if isinstance(node, jinja.Test) and node.name == "defined":
        return Check("present", _name(node.node, types))
    if isinstance(node, jinja.Compare) and len(node.ops) == 1:
        operand = node.ops[0]
        if operand.op in ("eq", "ne") and isinstance(operand.expr, jinja.Const):
            return Check(operand.op, _name(node.expr, types), str(operand.expr.value))
    if isinstance(node, jinja.Name | jinja.Getattr | jinja.Getitem):
        return Check("present", _name(node, types))
    raise _refusal(node)


_WHY: dict[str, str] = {
    "For": "a template has no loops",
    "Call": "a template calls nothing",
    "Add": "a template computes nothing; derive a fact",
    "Sub": "a template computes nothing; derive a fact",
    "Mul": "a template computes nothing; derive a fact",
    "Div": "a template computes nothing; derive a fact",
    "Mod": "a template computes nothing; derive a fact",
    "Pow": "a template computes nothing; derive a fact",
    "Include": "a template includes nothing",
    "Import": "a template imports nothing",
    "Assign": "a template sets nothing; derive a fact",
}


def _refusal(node: Any) -> _Refused:
    kind = type(node).__name__
    why = _WHY.get(kind, f"`{kind}` is not part of a template")
    return _Refused(why, "text, {{ name }}, filters and {{ a if b else c }} are")


def field_names(pieces: tuple[Piece, ...]) -> Iterator[str]:
    """All names that the pieces read."""
    for piece in pieces:
        if isinstance(piece, Field):
            yield piece.name
        elif isinstance(piece, Choice):
            yield from _checked(piece.check)
            yield from field_names(piece.then)
            yield from field_names(piece.otherwise)


def _checked(check: Check) -> Iterator[str]:
    if check.name:
        yield check.name
    for part in check.parts:
        yield from _checked(part)
