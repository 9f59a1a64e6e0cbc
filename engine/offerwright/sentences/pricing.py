"""Pricing documents → a sentence for each step, and for each row of its table."""

from __future__ import annotations

from collections.abc import Iterator

from offerwright.rules.pricing_document import (
    AdjustStep,
    BaseStep,
    BoundsStep,
    CompetitorStep,
    FeesStep,
    PricingDocument,
    RoundStep,
    TiersStep,
)
from offerwright.sentences.fees import after_fees
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.tables import (
    Rows,
    expected_count,
    plain_results,
    result_names,
    told_rows,
)
from offerwright.sentences.telling import Telling
from offerwright.sentences.values import percent_text

_SetStep = BaseStep | AdjustStep | CompetitorStep


def told_pricing(document: PricingDocument, telling: Telling) -> Iterator[Sentence]:
    """The steps in written order."""
    for index, step in enumerate(document.steps):
        path = ("steps", index)
        lead = telling.when(step.when, telling.at(*path, "when"))
        actions = _actions(step, telling)
        text = telling.say("step.when", lead=lead, actions=actions) if lead else actions
        phase = telling.say(f"phase.{step.phase}")
        parts = [telling.say("step", phase=phase, text=text)]
        wanted = getattr(step, "expect_matches", None)
        parts += expected_count(None if wanted is None else str(wanted), telling)
        told = " ".join(map(telling.words.sentence, parts)) if len(parts) > 1 else parts[0]
        yield telling.sentence(step.id, told, telling.at(*path, "id"))
        if isinstance(step, _SetStep) and step.is_table:
            no_row = "blocks_price" if step.phase == "base" else "nothing"
            yield from told_rows(Rows(step, path, step.id, plain_results, no_row), telling)


def _actions(step: object, telling: Telling) -> str:
    if isinstance(step, FeesStep):
        return _fees(step, telling)
    if isinstance(step, TiersStep):
        return _tiers(step, telling)
    if isinstance(step, BoundsStep):
        return _bounds(step, telling)
    if isinstance(step, RoundStep):
        return _round(step, telling)
    assert isinstance(step, _SetStep)
    return _set(step, telling)


def _set(step: _SetStep, telling: Telling) -> str:
    sets = [
        telling.say("set", name=name, value=telling.expression(raw))
        for name, raw in (step.set or {}).items()
    ]
    names = result_names(step, telling)
    text = telling.words.all_of(sets)
    if names:
        table = telling.words.count("table_gives", len(names), names=telling.words.all_of(names))
        text = telling.say("table_then", table=table, sets=text) if sets else table
    held = _held(step, telling)
    return f"{text}. {held}" if held else text


def _held(step: _SetStep, telling: Telling) -> str:
    change = step.change_at_most if isinstance(step, CompetitorStep) else None
    if change is None:
        return ""
    ways = [
        telling.say(f"change.{way}", share=percent_text(share))
        for way, share in (("down", change.down), ("up", change.up))
        if share is not None
    ]
    return telling.words.sentence(
        telling.say(f"change.from_{change.from_}", ways=telling.words.all_of(ways))
    )


def _fees(step: FeesStep, telling: Telling) -> str:
    if step.margin is None:
        return telling.say("fees.keep")
    parts = after_fees(step.cost, step.freight, telling)
    return telling.say("fees.margin", margin=percent_text(step.margin), parts=parts)


def _tiers(step: TiersStep, telling: Telling) -> str:
    found = [
        telling.say("tiers.one", quantity=str(t.from_), price=telling.expression(t.price))
        for t in step.tiers
    ]
    return telling.say("tiers", tiers=telling.words.all_of(found))


def _bounds(step: BoundsStep, telling: Telling) -> str:
    found = []
    for key, raws in (("at_least", step.at_least), ("at_most", step.at_most)):
        texts = telling.expressions(list(raws))
        if len(texts) == 1:
            found.append(telling.say(f"bounds.{key}", bound=texts[0]))
        elif texts:
            found.append(telling.say(f"bounds.{key}_of", bounds=telling.words.all_of(texts)))
    if len(found) == 2:
        found = [telling.say("bounds.both", low=found[0], high=found[1])]
    return telling.say("bounds", bounds="".join(found))


def _round(step: RoundStep, telling: Telling) -> str:
    if step.ending is not None:
        way = telling.say(f"round.{step.mode or 'nearest'}")
        return telling.say("round.ending", ending=f"{step.ending:f}", way=way)
    way = telling.say(f"round.{step.mode or 'half_up'}")
    return telling.say("round.to", to=f"{step.to:f}", way=way)
