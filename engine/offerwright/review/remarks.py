"""A review → remarks at lines of files: what guards object to, and the errors of a head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from offerwright.review.words import change, clock, count, later_guards, moved, rule_name

Record = Mapping[str, Any]
Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
_OF_RESULT: Mapping[str, Level] = {"blocks": "error", "warns": "warning"}
_VERBS = {"blocks": "stops this change", "warns": "warns of this change"}


@dataclass(frozen=True, slots=True)
class Place:
    """A file of the head with its lines, from 1, the last one included."""

    file: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Remark:
    """
    One thing to say beside a line.

    `subject` is what is said again and again of other lines: a guard as `DOCUMENT/GUARD`, or the
    code of a finding; `about` says in a sentence what that is.
    """

    level: Level
    subject: str
    about: str
    title: str
    text: str
    place: Place | None


def remarks(record: Record) -> tuple[Remark, ...]:
    """All remarks of a master document, the worst level first, else as the document has them."""
    found = [
        *(_finding(one) for one in record["findings"]),
        *(remark for one in record["guards"] for remark in _guard(one)),
        *(_later(period, one) for period, one in later_guards(record)),
        *(_approval(one) for one in record.get("approvals", ()) if one["why"]),
    ]
    return tuple(sorted(found, key=lambda one: LEVELS.index(one.level)))


def _finding(one: Record) -> Remark:
    text = f"{one['message']}. {one['hint']}" if one["hint"] else one["message"]
    place = None
    if one["file"] is not None:
        place = Place(one["file"], one["line"], one["end_line"] or one["line"])
    about = "Keeps the head from being computed."
    return Remark(one["severity"], one["code"], about, one["code"], text, place)


def _approval(one: Record) -> Remark:
    """An approval that does not count, at its line."""
    place = Place(one["file"], one["line"], one["line"])
    about = "An approval counts where somebody else agreed to it than who changes rules."
    title = f"this approval of {one['guard']} does not count"
    return Remark("error", "approval", about, title, f"{one['why']}.", place)


def _guard(one: Record) -> Iterator[Remark]:
    """One remark per rule that moved an offer to which the guard objects, at the rule's line; what
    no rule accounts for stands at the line of the guard."""
    level = _OF_RESULT.get(one["result"])
    if level is None:
        return
    name = f"{one['document']}/{one['guard']}"
    owner = f"Its owner is {one['owner']}." if one["owner"] else "Nobody owns it."
    title = f"{one['guard']} {_VERBS[one['result']]}"
    for place, text in _objections(one):
        yield Remark(level, name, f"The guard {name} ({one['check']}). {owner}", title,
                     f"{text} {owner}", place)  # fmt: skip


def _later(period: Record, one: Record) -> Remark:
    """A guard that stops the change at a later moment only, at the guard's line."""
    name, from_ = f"{one['document']}/{one['guard']}", clock(period["as_of"])
    owner = f"Its owner is {one['owner']}." if one["owner"] else "Nobody owns it."
    said = count(one["fails"] + one["missing"], "offer")
    text = f"From {from_} on: {said} {_fail(one, one['fails'] + one['missing'])}. {owner}"
    place = Place(one["file"], one["line"], one["line"])
    about = f"The guard {name} ({one['check']}). {owner}"
    return Remark("error", name, about, f"{one['guard']} stops this change later", text, place)


def _objections(one: Record) -> Iterator[tuple[Place, str]]:
    own = Place(one["file"], one["line"], one["line"])
    said = one["fails"] + one["missing"]
    by_place: dict[Place, list[Record]] = {}
    for offer in one["offers"]:
        by_place.setdefault(_place(offer["rule"]) or own, []).append(offer)
    for place, offers in by_place.items():
        yield place, _of_offers(one, offers, said)
    if said and not by_place:
        yield own, f"{count(said, 'offer')} {_fail(one)}."
    for run in one["runs"]:
        if run["failed"]:
            yield own, f"{run['account']}: {run['reason']}."


def _of_offers(one: Record, offers: Sequence[Record], said: int) -> str:
    worst = offers[0]
    rule = worst["rule"]
    by = f" by {rule_name(rule)}" if rule is not None else ""
    among = "" if said <= len(offers) else f"; {count(said, 'offer')} of all {_fail(one)}"
    return (
        f"{count(len(offers), 'offer')} moved{by} {_fail(one, len(offers))}, "
        f"worst {worst['sku']} on {worst['account']} {moved(worst)} ({change(worst)}){among}."
    )


def _fail(one: Record, number: int = 2) -> str:
    """What is wrong with so many of its offers."""
    if one["missing"] and not one["fails"]:
        return "lacks what it needs" if number == 1 else "lack what it needs"
    return "fails" if number == 1 else "fail"


def _place(rule: Record | None) -> Place | None:
    return None if rule is None else Place(rule["file"], rule["line"], rule["line"])
