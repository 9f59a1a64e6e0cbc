"""Outcomes against expectations: what differs, and the rule that did it, with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from offerwright.errors import Span
from offerwright.expressions.parse import microseconds
from offerwright.expressions.types import DATETIME
from offerwright.frames import ASPECTS, attribute_column
from offerwright.guards.judge import Verdict
from offerwright.testing.document import AMOUNTS, MISSING, MOMENTS, WORDS
from offerwright.testing.link import moment_of
from offerwright.testing.reasons import why_blocked, why_not_fired, why_value
from offerwright.testing.run import Outcome
from offerwright.testing.wording import number_text


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One expectation that was not met. `path` is where it stands below `expect`.

    `value` is what would be right there: a value, a list, or None where nothing would be.
    """

    path: tuple[str | int, ...]
    what: str
    expected: str
    got: str
    because: str
    span: Span
    value: Any = None


@dataclass(frozen=True)
class Result:
    """One case after its run; it passed where nothing differs."""

    outcome: Outcome
    differences: tuple[Difference, ...]

    @property
    def has_passed(self) -> bool:
        return not self.differences


def compare(outcome: Outcome) -> Result:
    """Everything in which the outcome of a case differs from what it expects."""
    return Result(outcome, tuple(_differences(outcome)))


def _differences(outcome: Outcome) -> Iterator[Difference]:
    expect = outcome.plan.expect
    for name in (*AMOUNTS, *WORDS):
        if getattr(expect, name) is not None:
            yield from _value(outcome, (name,), getattr(expect, name), value_of(outcome, name))
    for name in MOMENTS:
        written = getattr(expect, name)
        if written is not None:
            yield from _moment(outcome, name, written)
    for quantity, price in (expect.tiers or {}).items():
        yield from _value(outcome, ("tiers", quantity), price, tiers_of(outcome).get(quantity))
    for name, word in (expect.attributes or {}).items():
        held = value_of(outcome, attribute_column(name))
        yield from _value(outcome, ("attributes", name), word, held)
    yield from _rules(outcome)
    yield from _blocked(outcome)
    yield from _notes(outcome)
    yield from _guards(outcome)


def value_of(outcome: Outcome, column: str) -> Any:
    """One value of the computed offer; None where there is none."""
    frame = outcome.offers.frame
    return frame[column][outcome.row] if column in frame.columns else None


def tiers_of(outcome: Outcome) -> dict[str, Decimal]:
    """By quantity, what one unit costs from so many on."""
    held = value_of(outcome, "tiers")
    return {} if held is None else {str(tier["quantity"]): tier["price"] for tier in held}


def _moment(outcome: Outcome, name: str, written: Any) -> Iterator[Difference]:
    """A moment, told and updated as a day where it is a midnight of the shop's zone."""
    zone, got = outcome.offers.rows.zone, value_of(outcome, name)
    wanted = None if written == MISSING else moment_of(written, zone.key)
    if wanted != got:
        shown = [
            MISSING if one is None else number_text(microseconds(one), DATETIME, zone)
            for one in (wanted, got)
        ]
        yield Difference((name,), name, shown[0], shown[1],
                         why_value(outcome, "sale_price", "sale_price"), outcome.plan.at(name),
                         shown[1])  # fmt: skip


def _value(
    outcome: Outcome, path: tuple[str, ...], expected: Any, got: Any
) -> Iterator[Difference]:
    same = got is None if expected == MISSING else got is not None and expected == got
    if same:
        return
    # A word that is expected to be the word `missing` cannot be told apart, and no shop has one.
    yield Difference(
        path, _said(path), text_of(expected), text_of(got), why_value(outcome, path[-1], path[0]),
        outcome.plan.at(*path), MISSING if got is None else got,
    )  # fmt: skip


def _said(path: tuple[str, ...]) -> str:
    return f"price from {path[1]} units" if path[0] == "tiers" else path[-1]


def text_of(value: Any) -> str:
    """A value as the report shows it."""
    if value is None:
        return MISSING
    if isinstance(value, Decimal):
        return f"{value:f}"
    return repr(value) if isinstance(value, str) and value != MISSING else str(value)


@dataclass(frozen=True, slots=True)
class Fired:
    """A row or a step that fired: how it is called, and all names by which a test may name it, the
    clearer ones later and those of its step last."""

    name: str
    names: tuple[str, ...]
    span: Span
    is_price_rule: bool


def fired_by(outcome: Outcome) -> tuple[Fired, ...]:
    """Everything that fired for a case, in the order of `rule_tables`."""
    found = []
    for seen in outcome.seen:
        table, is_price = seen.table, seen.table.source is not None
        if not seen.active[outcome.row]:
            continue
        for number in seen.fired(outcome.row):
            names = table.row_names(number)
            every = (*names, *table.step_names())
            found.append(Fired(names[0], every, table.place(number), is_price))
        if seen.found is None:
            names = table.step_names()
            found.append(Fired(names[0], names, table.span, is_price))
    return tuple(found)


def _rules(outcome: Outcome) -> Iterator[Difference]:
    expect = outcome.plan.expect
    fired = fired_by(outcome)
    made = [one.name for one in fired if one.is_price_rule]
    for index, name in enumerate(expect.rules or ()):
        if not any(name in one.names for one in fired):
            yield Difference(
                ("rules", index), "rules", name, ", ".join(made) or "none",
                why_not_fired(outcome, name), outcome.plan.at("rules", index),
                _instead(outcome, name),
            )  # fmt: skip
    for index, name in enumerate(expect.not_rules or ()):
        for one in fired:
            if name in one.names:
                because = f"`{one.name}` ({one.span.file}:{one.span.line}) matched"
                yield Difference(
                    ("not_rules", index), "not_rules", f"not {name}", "it fired",
                    because, outcome.plan.at("not_rules", index),
                )  # fmt: skip
                break
    if expect.only and expect.rules is not None:
        yield from _only(outcome, fired, made)


def _instead(outcome: Outcome, name: str) -> str | None:
    """The rule of the same table that fired in place of one."""
    for seen in outcome.seen:
        rows = range(len(seen.table.row_ids))
        if any(name in seen.table.row_names(n) for n in rows) and seen.active[outcome.row]:
            return next((seen.table.row_names(n)[0] for n in seen.fired(outcome.row)), None)
    return None


def _only(outcome: Outcome, fired: Sequence[Fired], made: list[str]) -> Iterator[Difference]:
    """The price rules that fired and that `rules` does not name in any of their forms."""
    written = outcome.plan.expect.rules or []
    left = [f for f in fired if f.is_price_rule and set(written).isdisjoint(f.names)]
    if left:
        places = (f"`{one.name}` ({one.span.file}:{one.span.line}) fired too" for one in left)
        yield Difference(
            ("rules",), "rules", f"only {', '.join(written) or 'none'}",
            f"also {', '.join(one.name for one in left)}", "; ".join(places),
            outcome.plan.at("rules"), made,
        )  # fmt: skip


def blocks_of(outcome: Outcome) -> dict[str, list[str]]:
    """By aspect, the codes that withhold it."""
    found: dict[str, list[str]] = {aspect: [] for aspect in ASPECTS}
    for block in outcome.offers.blocks:
        if block.mask[outcome.row] and block.code not in found[block.aspect]:
            found[block.aspect].append(block.code)
    return found


def _blocked(outcome: Outcome) -> Iterator[Difference]:
    expect = outcome.plan.expect
    if expect.blocked is None:
        return
    got = blocks_of(outcome)
    aspects = ASPECTS if expect.only else tuple(a for a in ASPECTS if a in expect.blocked)
    for aspect in aspects:
        wanted = expect.blocked.get(aspect, [])
        wrong = [code for code in wanted if code not in got[aspect]]
        more = [code for code in got[aspect] if code not in wanted] if expect.only else []
        if wrong or more:
            yield Difference(
                ("blocked", aspect), f"blocked {aspect}", ", ".join(wanted) or "not blocked",
                ", ".join(got[aspect]) or "not blocked",
                why_blocked(outcome, aspect) or f"no rule withholds the {aspect}",
                outcome.plan.at("blocked", aspect), got[aspect],
            )  # fmt: skip


def notes_of(outcome: Outcome) -> list[str]:
    """The notes of the price, in the order in which they were made."""
    notes = (n.code for n in outcome.offers.notes if n.mask[outcome.row])
    return list(dict.fromkeys(notes))


def _notes(outcome: Outcome) -> Iterator[Difference]:
    got = notes_of(outcome)
    for index, code in enumerate(outcome.plan.expect.notes or ()):
        if code not in got:
            yield Difference(
                ("notes", index), "notes", code, ", ".join(got) or "no notes",
                why_value(outcome, "price", "price"), outcome.plan.at("notes", index),
            )  # fmt: skip


def verdict_word(verdict: Verdict, row: int, has_price: bool) -> str:
    """What a guard says of one offer, in the words of `expect: {guards: …}`."""
    if not verdict.applies[row]:
        return "not_asked"
    if not has_price and verdict.guard.check not in ("positive", "currency"):
        return "not_judged"
    if verdict.missing[row]:
        return "block"
    return verdict.guard.else_ if verdict.fails[row] else "pass"


def _guards(outcome: Outcome) -> Iterator[Difference]:
    expected = outcome.plan.expect.guards or {}
    has_price = value_of(outcome, "price") is not None
    verdicts = {v.guard.id: v for v in outcome.verdicts}
    for name, word in expected.items():
        got = "not_asked"
        because = f"`{name}` is not in force at this moment"
        if name in verdicts:
            got = verdict_word(verdicts[name], outcome.row, has_price)
            span = verdicts[name].guard.span
            because = f"guard `{name}` ({span.file}:{span.line}) says so"
            if got == "not_judged":
                because = f"there is no price to judge: {why_blocked(outcome, 'price')}"
            if verdicts[name].missing[outcome.row]:
                because += ": it lacks an input (GUARD_INPUT_MISSING)"
            if verdicts[name].approved[outcome.row]:
                because += ", after an approval"
        if got != word:
            yield Difference(("guards", name), f"guard {name}", word, got, because,
                             outcome.plan.at("guards", name), got)  # fmt: skip
