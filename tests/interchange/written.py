"""Small DMN models written by tests: one decision, its inputs, and around them what a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic
from offerwright.interchange.dmn.files import Imported
from offerwright.interchange.dmn.run import import_dmn
from offerwright.interchange.dmn.vocabulary import Given

NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
ZONE = ZoneInfo("America/Sao_Paulo")


def model(body: str, inputs: Sequence[tuple[str, str]] = (("X", "number"),), more: str = "") -> str:
    """A model with the decision `Out`, whose logic is `body`; the decision begins on line 2."""
    names = "".join(
        f'<informationRequirement><requiredInput href="#i{n}"/></informationRequirement>'
        for n, _ in enumerate(inputs)
    )
    written = "".join(
        f'\n<inputData id="i{n}" name={quoteattr(name)}><variable name={quoteattr(name)} typeRef={quoteattr(type_)}/></inputData>'
        for n, (name, type_) in enumerate(inputs)
    )
    return (
        f'<definitions xmlns="{NAMESPACE}" id="m" name="m">\n'
        f'<decision id="d" name="Out"><variable name="Out"/>{names}\n{body}\n</decision>{written}{more}</definitions>\n'
    )


def text(feel: str) -> str:
    """A literal expression; its text begins in column 26 of line 3 of the model."""
    return f"<literalExpression><text>{escape(feel)}</text></literalExpression>"


def table(
    rows: Sequence[Sequence[str]], hit: str = "UNIQUE", more: str = "", values: str = ""
) -> str:
    """A table over `X` with one output."""
    rules = "".join(
        "\n<rule>"
        + "".join(f"<inputEntry><text>{escape(c)}</text></inputEntry>" for c in row[:-1])
        + f"<outputEntry><text>{escape(row[-1])}</text></outputEntry></rule>"
        for row in rows
    )
    listed = f"<outputValues><text>{escape(values)}</text></outputValues>" if values else ""
    return (
        f'<decisionTable hitPolicy="{hit}"{more}><input><inputExpression typeRef="number">'
        f"<text>X</text></inputExpression></input><output>{listed}</output>{rules}</decisionTable>"
    )


def imported(
    xml: str | bytes, facts: Sequence[str] = ()
) -> tuple[Imported | None, list[Diagnostic]]:
    content = xml if isinstance(xml, bytes) else xml.encode()
    return import_dmn(content, "m.dmn", Given(ZONE, frozenset(facts)))


def said(xml: str) -> str:
    """The documents that a model becomes, one after the other; it must have no error."""
    made, found = imported(xml)
    assert made is not None and made.loadout is not None, found
    return "\n".join(made.documents.values())
