"""Guards and approvals → what is withheld, and who has agreed to let it pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from offerwright.frames import ASPECTS, HELD_ASPECTS
from offerwright.guards.document import GuardRule, GuardsDocument
from offerwright.rules.document import Approval, ApprovalsDocument
from offerwright.sentences.fees import after_fees
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.telling import Telling
from offerwright.sentences.values import duration_text, percent_text


def told_guards(document: GuardsDocument, telling: Telling) -> Iterator[Sentence]:
    """Every guard: what happens, and when."""
    for index, guard in enumerate(document.guards):
        path = ("guards", index)
        text = _told_hold(guard, telling) if guard.check == "hold" else _told_check(guard, telling)
        lead = telling.when(guard.when, telling.at(*path, "when"))
        text = telling.say("step.when", lead=lead, actions=text) if lead else text
        yield telling.sentence(guard.id, text, telling.at(*path, "id"))


def _told_check(guard: GuardRule, telling: Telling) -> str:
    fails = telling.say(f"check.{guard.check}", **_settings(guard, telling))
    return telling.say(f"else.{guard.else_}", fails=fails)


def _told_hold(guard: GuardRule, telling: Telling) -> str:
    """What is held back whatever the offers say."""
    wanted = guard.aspects or HELD_ASPECTS
    named = [telling.say(f"hold.{aspect}") for aspect in ASPECTS if aspect in wanted]
    rule = (guard.rule or "").removeprefix("pricing/")
    offers = telling.say("hold.rule", rule=rule) if rule else telling.say("hold.all")
    return telling.say(f"hold.{guard.else_}", aspects=telling.words.all_of(named), offers=offers)


def _settings(guard: GuardRule, telling: Telling) -> dict[str, str]:
    """What the phrase of a check asks for, and no more."""
    if guard.check in ("price_at_least", "price_at_most", "map_price"):
        return {"bound": telling.expression(guard.bound)}
    if guard.check == "step_from_live":
        ways = [telling.say(f"check.step.{way}", share=share) for way, share in _ways(guard)]
        return {"ways": telling.words.one_of(ways)}
    if guard.check == "move_over_window":
        ways = [telling.say(f"check.move.{way}", share=share) for way, share in _ways(guard)]
        return {"ways": telling.words.one_of(ways), "days": f"{guard.days}"}
    if guard.check == "discount_at_most" and guard.at_most is not None:
        written = telling.expression(guard.reference) if guard.reference is not None else ""
        reference = written or telling.say("check.undiscounted")
        return {"share": percent_text(guard.at_most), "reference": reference}
    if guard.check == "exposure":
        return {"amount": f"{guard.at_most:f}"}
    if guard.check == "identical_price":
        cost = telling.expression(guard.cost or "cost")
        return {"least": f"{guard.at_least:f}", "spread": f"{guard.spread:f}", "cost": cost}
    if guard.check == "margin_at_least" and guard.margin is not None:
        parts = after_fees(guard.cost or "cost", guard.freight, telling)
        return {"margin": percent_text(guard.margin), "parts": parts}
    if guard.check in ("source_age", "source_rows"):
        return _of_source(guard, telling)
    if guard.check == "expires":
        return {"within": duration_text(int(guard.within or 0), telling.words)}
    if guard.check == "magnitude":
        return {"times": f"{guard.times:f}"}
    return {} if guard.at_most is None else {"share": percent_text(guard.at_most)}


def _of_source(guard: GuardRule, telling: Telling) -> dict[str, str]:
    named = telling.say("source.one", name=guard.source) if guard.source else ""
    source = named or telling.say("source.any")
    if guard.at_least is not None:
        return {"source": source, "share": percent_text(guard.at_least)}
    return {"source": source, "age": duration_text(int(guard.at_most or 0), telling.words)}


def _ways(guard: GuardRule) -> Iterator[tuple[str, str]]:
    for way, share in (("down", guard.down), ("up", guard.up)):
        if share is not None:
            yield way, percent_text(share)


def told_approvals(document: ApprovalsDocument, telling: Telling) -> Iterator[Sentence]:
    """Every exception: which guard, which offers, how far, until when, why, and who agreed."""
    for index, approval in enumerate(document.approves):
        path = ("approves", index)
        condition = telling.condition(approval.select, telling.at(*path, "select"))
        offers = (
            telling.say("approval.some", condition=condition)
            if condition
            else telling.say("approval.all")
        )
        text = telling.say(
            "approval", guard=approval.guard, offers=offers, limits=_limits(approval, telling),
            until=_until(approval, telling), reason=approval.reason, approver=approval.approver,
        )  # fmt: skip
        yield telling.sentence(f"{approval.guard}/{index + 1}", text, telling.at(*path, "guard"))


def _until(approval: Approval, telling: Telling) -> str:
    """The day that is written counts as a whole, also where a time is written."""
    expires = approval.expires
    day = expires.date() if isinstance(expires, datetime) else expires
    return telling.say("approval.until", day=day.isoformat())


def _limits(approval: Approval, telling: Telling) -> str:
    shares = (("down", approval.down), ("up", approval.up), ("at_most", approval.at_most))
    found = [
        telling.say(f"approval.{key}", value=percent_text(share))
        for key, share in shares
        if share is not None
    ]
    if approval.bound is not None:
        found.append(telling.say("approval.bound", value=f"{approval.bound:f}"))
    return telling.words.all_of(found)
