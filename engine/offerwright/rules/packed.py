"""A compiled rule set ↔ bytes, for other processes and machines."""

from __future__ import annotations

import json

from offerwright.codec import (
    UNREADABLE,
    CodecRefused,
    Envelope,
    Reader,
    Shapes,
    opened,
    sealed,
    texts_from,
)
from offerwright.errors import BundleRefused
from offerwright.rules.plan import RuleSet

KIND = "rules"
_PLAN, _CONDITIONS = "offerwright.rules.plan", "offerwright.expressions.conditions"
_SYNTAX, _CONTENT = "offerwright.expressions.syntax", "offerwright.rules.content_plan"
_TEMPLATES = "offerwright.expressions.templates"
# Every class that a rule set is made of.
RULE_CLASSES: dict[str, str] = {
    "Account": _PLAN,
    "AccountPlan": _PLAN,
    "AllOf": _CONDITIONS,
    "AnyOf": _CONDITIONS,
    "AttributeForm": _CONTENT,
    "AttributePlan": _PLAN,
    "BoundsStep": _PLAN,
    "Check": _TEMPLATES,
    "Choice": _TEMPLATES,
    "Col": _SYNTAX,
    "Const": _SYNTAX,
    "DecisionPlan": _PLAN,
    "DocumentInfo": _PLAN,
    "EntryPlan": _PLAN,
    "Equal": _CONDITIONS,
    "ExchangeRate": "offerwright.rules.rates",
    "FeePlan": _PLAN,
    "FeesStep": _PLAN,
    "Field": _TEMPLATES,
    "Has": _CONDITIONS,
    "ImageBounds": _CONTENT,
    "InventoryPlan": _PLAN,
    "IsMissing": _CONDITIONS,
    "IsPresent": _CONDITIONS,
    "KitPlan": _PLAN,
    "MapTypes": "offerwright.expressions.scope",
    "MappingPlan": _PLAN,
    "Matches": _CONDITIONS,
    "Op": _SYNTAX,
    "OrderedAxis": "offerwright.rules.axes",
    "RatePlan": _PLAN,
    "Replaced": _PLAN,
    "ResultPlan": _PLAN,
    "RoundStep": _PLAN,
    "RowPlan": _PLAN,
    "RuleSet": _PLAN,
    "Scope": "offerwright.expressions.scope",
    "SetStep": _PLAN,
    "Span": "offerwright.errors",
    "StartsWith": _CONDITIONS,
    "TablePlan": _PLAN,
    "Template": _TEMPLATES,
    "Test": _CONDITIONS,
    "Text": _TEMPLATES,
    "TiersStep": _PLAN,
    "TitlePlan": _PLAN,
    "Type": "offerwright.expressions.types",
    "Under": _CONDITIONS,
    "Unmapped": _CONTENT,
    "Within": _CONDITIONS,
    "Words": "offerwright.expressions.words",
    "WordAxis": "offerwright.rules.axes",
}
# Rows and masks of a long table are read when it is first walked.
LATER = {"TablePlan": ("rows", ("axes", "rows"))}


def rules_to_bytes(rules: RuleSet) -> bytes:
    """The rule set as bytes: equal rules give equal bytes."""
    from offerwright.codec.write import written

    done = written(rules, Shapes(RULE_CLASSES, LATER))
    texts = json.dumps(done.texts).encode()
    return sealed(KIND, {"classes": done.classes}, [texts, *done.chunks])


def rules_from_bytes(data: bytes) -> RuleSet:
    """
    The rule set that `rules_to_bytes` has written, ready for an `Executor`.

    Raises:
        BundleRefused: bytes that were changed or cut off, or that another version has written.
    """
    try:
        return _ruleset(opened(data, KIND))
    except CodecRefused as refused:
        raise BundleRefused(f"these rules cannot be used: {refused}") from refused


def _ruleset(envelope: Envelope) -> RuleSet:
    try:
        shapes = Shapes(RULE_CLASSES, LATER).expecting(envelope.head["classes"])
        texts, *chunks = envelope.parts
    except UNREADABLE as fault:
        raise CodecRefused("its head cannot be read") from fault
    value = Reader(texts_from(texts), chunks, shapes).value()
    if not isinstance(value, RuleSet):
        raise CodecRefused("it holds something else than rules")
    return value
