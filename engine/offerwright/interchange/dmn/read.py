"""Elements → a model. What is no DMN, or points to nothing, is a finding with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from offerwright.errors import Diagnostic, Related, Span
from offerwright.interchange.dmn.model import (
    Aggregation,
    Conditional,
    Context,
    Decision,
    DecisionTable,
    HitPolicy,
    InputClause,
    InputData,
    Invocation,
    ItemDefinition,
    Knowledge,
    Logic,
    Model,
    OutputClause,
    Rule,
    Text,
    Unread,
)
from offerwright.interchange.dmn.xml import Element, read_xml
from offerwright.source.suggest import suggest

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
LOGIC = (
    "literalExpression", "decisionTable", "invocation", "context", "conditional", "list",
    "relation", "functionDefinition", "for", "every", "some", "filter",
)  # fmt: skip


def read_model(content: bytes, file: str) -> tuple[Model | None, list[Diagnostic]]:
    """The model of one file of DMN 1.1 to 1.5; None where it is none."""
    root, found = read_xml(content, file)
    if root is None:
        return None, found
    if root.name != "definitions":
        message = f"<{root.name}> is no DMN model"
        return None, [Diagnostic("NOT_DMN", message, root.span,
                                 "a DMN file begins with <definitions>")]  # fmt: skip
    if root.namespace not in NAMESPACES:
        message = f"the namespace `{root.namespace}` is not one of DMN 1.1 to 1.5"
        found = [Diagnostic("NOT_DMN", message, root.span, "export the model as DMN 1.3",
                            severity="warning")]  # fmt: skip
    reader = _Reader(found)
    model = reader.model(root)
    _check_names(model, reader.found)
    _check_references(model, reader.found)
    return model, reader.found


class _Reader:
    """Findings are collected while the parts of the model are read."""

    def __init__(self, found: list[Diagnostic]) -> None:
        self.found = found

    def say(self, span: Span, message: str, hint: str) -> None:
        self.found.append(Diagnostic("DMN_UNREADABLE", message, span, hint))

    def model(self, root: Element) -> Model:
        return Model(
            name=root.get("name") or "model",
            inputs=tuple(self.input(e) for e in root.all("inputData")),
            decisions=tuple(self.decision(e) for e in root.all("decision")),
            knowledge=tuple(self.knowledge(e) for e in root.all("businessKnowledgeModel")),
            items=tuple(item(e) for e in root.all("itemDefinition")),
            element=root,
        )

    def input(self, element: Element) -> InputData:
        return InputData(*_named(element), _variable_type(element), element)

    def decision(self, element: Element) -> Decision:
        logic = element.one(*LOGIC)
        return Decision(
            *_named(element), _variable_type(element),
            None if logic is None else self.logic(logic), tuple(_required(element)), element,
        )  # fmt: skip

    def knowledge(self, element: Element) -> Knowledge:
        function = element.one("encapsulatedLogic")
        logic = None if function is None else function.one(*LOGIC)
        parameters = () if function is None else function.all("formalParameter")
        return Knowledge(
            *_named(element), tuple(p.get("name") or "" for p in parameters),
            None if logic is None else self.logic(logic), tuple(_required(element)), element,
        )  # fmt: skip

    def logic(self, element: Element) -> Logic:
        if element.name == "literalExpression":
            return text_of(element)
        if element.name == "decisionTable":
            return self.table(element)
        if element.name == "invocation":
            return self.invocation(element)
        if element.name == "context":
            return self.context(element)
        if element.name == "conditional":
            parts = [self._inner(element, name) for name in ("if", "then", "else")]
            return Conditional(parts[0], parts[1], parts[2], element)
        return Unread(element)

    def _inner(self, element: Element, name: str) -> Logic:
        holder = element.one(name)
        logic = None if holder is None else holder.one(*LOGIC)
        return Unread(element) if logic is None else self.logic(logic)

    def invocation(self, element: Element) -> Logic:
        function = element.one("literalExpression")
        if function is None:
            return Unread(element)
        bindings = []
        for binding in element.all("binding"):
            parameter, logic = binding.one("parameter"), binding.one(*LOGIC)
            if parameter is None or logic is None:
                return Unread(binding)
            bindings.append((parameter.get("name") or "", self.logic(logic)))
        return Invocation(text_of(function), tuple(bindings), element)

    def context(self, element: Element) -> Logic:
        entries: list[tuple[str, Logic]] = []
        result = None
        for entry in element.all("contextEntry"):
            variable, logic = entry.one("variable"), entry.one(*LOGIC)
            if logic is None:
                return Unread(entry)
            if variable is None:
                result = self.logic(logic)
            else:
                entries.append((variable.get("name") or "", self.logic(logic)))
        return Context(tuple(entries), result, element)

    def table(self, element: Element) -> Logic:
        before = len(self.found)
        hit = self._word(element, "hitPolicy", "unique", get_args(HitPolicy))
        aggregation = self._word(element, "aggregation", None, get_args(Aggregation))
        has_policy = len(self.found) == before
        inputs = tuple(_input_clause(e) for e in element.all("input"))
        outputs = tuple(_output_clause(e) for e in element.all("output"))
        rules = tuple(_rule(e) for e in element.all("rule"))
        for rule in rules:
            self._check_counts(rule, len(inputs), len(outputs))
        if not outputs:
            self.say(element.span, "a decision table without an output", "add an output column")
        # Without a policy it gives no results.
        outputs = outputs if has_policy else ()
        if element.get("preferredOrientation") == "CrossTable" and not rules:
            return Unread(element)
        return DecisionTable(hit, aggregation, inputs, outputs, rules,
                             element.get("typeRef"), element)  # fmt: skip

    def _word(self, element: Element, name: str, default: Any, words: tuple[str, ...]) -> Any:
        written = element.get(name)
        if written is None:
            return default
        word = " ".join(written.lower().replace("_", " ").split())
        if word in words:
            return word
        self.say(element.span, f"`{written}` is no {name}", suggest(word, words))
        return default

    def _check_counts(self, rule: Rule, inputs: int, outputs: int) -> None:
        for kind, got, wanted in (
            ("input", len(rule.inputs), inputs), ("output", len(rule.outputs), outputs),
        ):  # fmt: skip
            if got != wanted:
                self.say(
                    rule.element.span, f"this rule has {got} {kind} entries, and the table "
                    f"{wanted} {kind} columns", f"write one {kind} entry for every column",
                )  # fmt: skip


def text_of(element: Element) -> Text:
    """The FEEL text of a literal expression, a unary test or a list of values."""
    holder = element.one("text") or element
    return Text(holder.text, holder)


def _named(element: Element) -> tuple[str, str]:
    """The id and the name; rules of inputs go by the name of the variable."""
    variable = element.one("variable")
    name = element.get("name") or (variable.get("name") if variable is not None else None)
    return element.get("id") or "", " ".join((name or element.get("id") or "").split())


def _variable_type(element: Element) -> str | None:
    variable = element.one("variable")
    return None if variable is None else type_ref(variable)


def type_ref(element: Element) -> str | None:
    """The name of a type, written as an attribute or as an element, without its prefix."""
    holder = element.one("typeRef")
    written = element.get("typeRef") or (holder.text.strip() if holder is not None else None)
    if not written:
        return None
    prefix, colon, rest = written.partition(":")
    return rest if colon and " " not in prefix else written


def item(element: Element) -> ItemDefinition:
    allowed = element.one("allowedValues", "typeConstraint")
    return ItemDefinition(
        name=element.get("name") or "",
        type_ref=type_ref(element),
        components=tuple(item(e) for e in element.all("itemComponent")),
        is_list=element.get("isCollection") == "true",
        allowed=None if allowed is None else text_of(allowed),
        element=element,
    )


def _input_clause(element: Element) -> InputClause:
    expression, values = element.one("inputExpression"), element.one("inputValues")
    text = None if expression is None else text_of(expression)
    return InputClause(
        expression=text if text is not None and text.text.strip() else None,
        label=element.get("label") or "",
        type_ref=None if expression is None else type_ref(expression),
        values=_with_text(values),
        element=element,
    )


def _output_clause(element: Element) -> OutputClause:
    return OutputClause(
        name=" ".join((element.get("name") or "").split()),
        label=element.get("label") or "",
        type_ref=type_ref(element),
        values=_with_text(element.one("outputValues")),
        default=_with_text(element.one("defaultOutputEntry")),
        element=element,
    )


def _with_text(element: Element | None) -> Text | None:
    if element is None:
        return None
    text = text_of(element)
    return text if text.text.strip() else None


def _rule(element: Element) -> Rule:
    notes = [e.text.strip() for e in element.all("description")]
    notes += [text_of(e).text.strip() for e in element.all("annotationEntry")]
    return Rule(
        inputs=tuple(text_of(e) for e in element.all("inputEntry")),
        outputs=tuple(text_of(e) for e in element.all("outputEntry")),
        note=" ".join(" ".join(n for n in notes if n).split()),
        element=element,
    )


def _required(element: Element) -> Iterator[str]:
    for requirement in element.all("informationRequirement", "knowledgeRequirement"):
        for target in requirement.all("requiredInput", "requiredDecision", "requiredKnowledge"):
            yield (target.get("href") or "").rpartition("#")[2]


def _check_names(model: Model, found: list[Diagnostic]) -> None:
    """Inputs, decisions and knowledge share one space of names."""
    first: dict[str, Span] = {}
    every: list[InputData | Decision | Knowledge] = [
        *model.inputs, *model.decisions, *model.knowledge,
    ]  # fmt: skip
    for one in every:
        span = one.element.span
        if first.setdefault(one.name, span) is not span:
            found.append(Diagnostic(
                "DMN_UNREADABLE", f"two elements are called `{one.name}`", span,
                "give one of them another name",
                related=(Related(first[one.name], "the first one"),),
            ))  # fmt: skip


def _check_references(model: Model, found: list[Diagnostic]) -> None:
    requiring: list[Decision | Knowledge] = [*model.decisions, *model.knowledge]
    known = {i.id for i in model.inputs} | {r.id for r in requiring}
    for one in requiring:
        for target in one.requires:
            if target not in known:
                found.append(Diagnostic(
                    "DMN_UNREADABLE", f"`{one.name}` requires `{target}`, which this file does "
                    "not have", one.element.span,
                    "models that import others are not read: export them as one file",
                ))  # fmt: skip
