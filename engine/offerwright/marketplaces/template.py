"""`$text` of a body: the part of Jinja2 that is literal text and names."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, nodes


def template_parts(source: str) -> Iterator[str | tuple[str] | None]:
    """Literal text, names as 1-tuples, and None for anything that is neither.

    Raises:
        jinja2.TemplateSyntaxError: it is no template at all.
    """
    for statement in Environment(keep_trailing_newline=True).parse(source).body:
        if not isinstance(statement, nodes.Output):
            yield None
            continue
        for part in statement.nodes:
            if isinstance(part, nodes.TemplateData):
                yield part.data
            else:
                name = _dotted(part)
                yield None if name is None else (name,)


def _dotted(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        head = _dotted(node.node)
        return None if head is None else f"{head}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        head = _dotted(node.node)
        return None if head is None else f"{head}.{node.arg.value}"
    return None
