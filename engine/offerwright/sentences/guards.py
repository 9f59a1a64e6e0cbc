"""Guards and approvals → what is withheld, and who has agreed to let it pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from offerwright.guards.document import GuardRule, GuardsDocument
from offerwright.rules.document import Approval, ApprovalsDocument
from offerwright.sentences.fees import after_fees
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.telling import Telling
from offerwright.sentences.values import percent_text


def told_guards(document: GuardsDocument, telling: Telling) -> Iterator[Sentence]:
    """Every guard: what happens, and when."""
    for index, guard in enumerate(document.guards):
        path = ("guards", index)
        fails = telling.say(f"check.{guard.check}", **_settings(guard, telling))
        text = telling.say(f"else.{guard.else_}", fails=fails)
        lead = telling.when(guard.when, telling.at(*path, "when"))
        text = telling.say("step.when", lead=lead, actions=text) if lead else text
        yield telling.sentence(guard.id, text, telling.at(*path, "id"))


def _settings(guard: GuardRule, telling: Telling) -> dict[str, str]:
    """What the phrase of a check asks for, and no more."""
    if guard.check in ("price_at_least", "price_at_most", "map_price"):
        return {"bound": telling.expression(guard.bound)}
    if guard.check == "step_from_live":
        ways = [
            telling.say(f"check.step.{way}", share=percent_text(share))
            for way, share in (("down", guard.down), ("up", guard.up))
            if share is not None
        ]
        return {"ways": telling.words.one_of(ways)}
    if guard.check == "margin_at_least" and guard.margin is not None:
        parts = after_fees(guard.cost or "cost", guard.freight, telling)
        return {"margin": percent_text(guard.margin), "parts": parts}
    if guard.check == "magnitude":
        return {"times": f"{guard.times:f}"}
    return {} if guard.at_most is None else {"share": percent_text(guard.at_most)}


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
