"""Lifecycles: what is proved of them, what a log of events amounts to, and laws of both."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offerwright.errors import Diagnostic, has_errors, sorted_diagnostics
from offerwright.marketplaces.document import MarketplaceDocument
from offerwright.rules.effects import EFFECTS, THREADS
from offerwright.rules.lifecycle import link_lifecycles
from offerwright.rules.lifecycle_document import LifecycleDocument
from offerwright.rules.lifecycle_step import (
    Already,
    OrderEvent,
    Refused,
    Transition,
    advance,
    project,
    step,
)
from offerwright.rules.lifecycle_table import Lifecycle
from offerwright.source.load import load_documents
from offerwright.source.repository import Repository
from offerwright.source.yaml import read_yaml

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "lifecycle"
ALPHA = MarketplaceDocument.model_validate(
    {
        "kind": "marketplace", "name": "alpha", "title": "Alpha", "aspects": ["price"],
        "create": True, "order_status": {"shipped": ["SENT"], "cancelled": ["OFF"]},
    }
)  # fmt: skip


def linked(text: str) -> tuple[Lifecycle, list[Diagnostic]]:
    repository = Repository(Path("/shop"), {"rules/order.yaml": text.encode()})
    documents, wrong = load_documents(repository, {"lifecycle": LifecycleDocument})
    assert wrong == []
    found, said = link_lifecycles(documents, {"alpha": ALPHA})  # type: ignore[arg-type]
    return found["order"], sorted_diagnostics(said)


def cases(name: str) -> list[Any]:
    located, wrong = read_yaml((CASES / name).read_bytes(), name)
    assert located is not None, wrong
    return [pytest.param(case, id=case["name"]) for case in located.data["cases"]]


def document(case: dict[str, Any]) -> str:
    head = f"{case['head']}\n" if "head" in case else ""
    states = "".join(f"  {line}\n" for line in case["states"].splitlines())
    return f"kind: lifecycle\nname: order\ninitial: {case.get('initial', 'a')}\n{head}states:\n{states}"


def told(found: Diagnostic, wanted: dict[str, Any]) -> dict[str, Any]:
    assert found.span is not None
    shown = {"code": found.code, "at": f"{found.span.line}:{found.span.column}"}
    if "related" in wanted:
        shown["related"] = f"{found.related[0].span.line}:{found.related[0].span.column}"
    text = f"{found.message}; {found.hint}"
    return {**shown, "says": wanted["says"] if wanted["says"] in text else text}


@pytest.mark.parametrize("case", cases("proofs.yaml"))
def test_what_check_says_of_a_lifecycle(case: dict[str, Any]) -> None:
    _, found = linked(document(case))

    assert [d.code for d in found] == [w["code"] for w in case["found"]]
    assert [told(d, w) for d, w in zip(found, case["found"], strict=True)] == case["found"]


@pytest.fixture(scope="module")
def order() -> Lifecycle:
    lifecycle, found = linked((ROOT / "rules" / "lifecycle" / "order.yaml").read_text("utf-8"))
    assert not has_errors([d for d in found if d.code != "UNKNOWN_STATUS"])
    return lifecycle


def log_of(words: list[str]) -> list[OrderEvent]:
    pairs = [w.split(":") if ":" in w else (f"line {n}", w) for n, w in enumerate(words)]
    return [OrderEvent(name, event) for name, event in pairs]


@pytest.mark.parametrize("case", cases("order.yaml"))
def test_what_a_log_amounts_to(case: dict[str, Any], order: Lifecycle) -> None:
    found = project(order, log_of(case["log"]))
    not_taken = [r for r in found.readings if r.outcome != "taken"]

    assert found.state == case["state"]
    assert [due.effect for due in found.due] == case["due"]
    assert [f"{r.event.event}: {r.outcome}" for r in not_taken] == case.get("not_taken", [])
    assert case.get("says", "") in ("", *(r.reason for r in not_taken))


# What marketplaces report one after the other, with our own events in angle brackets.
REPORTS = (
    "pending processing <invoice> shipped delivered <complete>",
    "processing <invoice> shipped delivered returned <receive> <accept>",
    "pending processing hold processing <invoice> shipped",
    "pending processing <invoice> hold processing shipped",
    "pending hold pending processing",
    "pending processing <invoice> shipped returned <receive> <reject>",
    "pending processing <invoice> cancelled <reverse>",
    "pending processing <invoice> shipped cancelled returned <receive> <accept>",
    "pending cancelled",
    "processing hold cancelled",
)


@pytest.mark.parametrize("reports", REPORTS)
def test_what_marketplaces_report_in_turn_is_legal(reports: str, order: Lifecycle) -> None:
    events = [
        word.strip("<>") if word.startswith("<") else order.statuses[word]
        for word in reports.split()
    ]
    found = project(order, log_of(events))

    assert [r.reason for r in found.refused] == []
    assert order.states[found.state].final == (reports.split()[-1] not in ("shipped", "processing"))


def test_every_state_of_the_reference_shop_is_passed_by_a_case(order: Lifecycle) -> None:
    seen = {"new"}
    for case in cases("order.yaml"):
        events = log_of(case.values[0]["log"])
        seen |= {project(order, events[: n + 1]).state for n in range(len(events))}

    assert seen == set(order.states)


def test_the_legal_events_are_named(order: Lifecycle) -> None:
    refused = step(order, "pending", "ship")

    assert isinstance(refused, Refused)
    assert refused.legal == ("pay", "decline", "cancel")


def test_a_state_that_does_not_exist_is_a_mistake_of_the_caller(order: Lifecycle) -> None:
    with pytest.raises(KeyError):
        step(order, "nowhere", "pay")


def test_the_effects_of_the_language_are_those_of_the_engine() -> None:
    section = (ROOT / "docs" / "language.md").read_text("utf-8").split("## 12. Lifecycles")[1]
    section = section.split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]

    assert {word.strip().strip("`"): meaning.strip() for word, meaning in rows} == EFFECTS


def test_what_threads_follow_are_effects() -> None:
    assert {effect for thread in THREADS for effect in thread.moves} - set(EFFECTS) == set()


def test_a_lifecycle_of_many_states_is_proved_in_a_moment() -> None:
    count = 2_000
    states = "".join(
        f"  s{i}: {{on: {{e{i}: {{to: s{i + 1}}}, off: {{to: end, do: [refund]}}}}}}\n"
        for i in range(count)
    )
    began = perf_counter()
    _, found = linked(
        f"kind: lifecycle\nname: order\ninitial: s0\nstates:\n{states}"
        f"  s{count}: {{on: {{last: {{to: end, do: [reserve]}}}}}}\n  end: {{final: true}}\n"
    )

    assert [d.code for d in found] == ["STOCK_NOT_RELEASED"]
    assert found[0].message.startswith("s0 -e0-> s1 -e1-> s2")
    assert "-> s10 … -e1991-> s1992" in found[0].message
    assert found[0].message.endswith("s2000 -last-> end never releases what `reserve` took")
    # It takes about a tenth of that; a walk that copies its way takes minutes.
    assert perf_counter() - began < 15


# --- laws -------------------------------------------------------------------------------------

STATES, EVENTS, DEPTH = "abcd", ["pay", "ship", "cancel", "back"], 5


@st.composite
def lifecycles(draw: Any) -> tuple[Lifecycle, list[Diagnostic]]:
    """Any table over four states and four events, sound or not."""
    effects = ["reserve", "release", "consume", "restock", "refund", "notify"]
    lines = []
    for state in STATES:
        moves = [
            f"{event}: {{to: {draw(st.sampled_from(STATES))}, "
            f"do: [{', '.join(draw(st.lists(st.sampled_from(effects), max_size=2, unique=True)))}]}}"
            for event in draw(st.lists(st.sampled_from(EVENTS), max_size=3, unique=True))
        ]
        final = not moves and draw(st.booleans())
        lines.append(f"  {state}: {{on: {{{', '.join(moves)}}}, final: {str(final).lower()}}}\n")
    return linked(f"kind: lifecycle\nname: order\ninitial: a\nstates:\n{''.join(lines)}")


LOGS = st.lists(
    st.builds(OrderEvent, st.sampled_from("1234567"), st.sampled_from(EVENTS)), max_size=9
)


@settings(max_examples=80, deadline=None)
@given(lifecycles(), LOGS)
def test_a_longer_log_only_adds(made: tuple[Lifecycle, Any], log: list[OrderEvent]) -> None:
    lifecycle, _ = made
    whole = project(lifecycle, log)
    for size in range(len(log)):
        part = project(lifecycle, log[:size])
        after = advance(lifecycle, part, log[size])

        assert after == project(lifecycle, log[: size + 1])
        assert whole.due[: len(part.due)] == part.due
        assert whole.readings[: len(part.readings)] == part.readings


@settings(max_examples=80, deadline=None)
@given(lifecycles(), LOGS)
def test_reading_a_log_twice_changes_nothing(
    made: tuple[Lifecycle, Any], log: list[OrderEvent]
) -> None:
    lifecycle, _ = made
    once, twice = project(lifecycle, log), project(lifecycle, [*log, *log])

    assert (twice.state, twice.due) == (once.state, once.due)
    assert len(twice.refused) <= 2 * len(once.refused)


@settings(max_examples=80, deadline=None)
@given(lifecycles(), st.sampled_from(STATES), st.sampled_from([*EVENTS, "unheard"]))
def test_the_table_alone_decides(made: tuple[Lifecycle, Any], state: str, event: str) -> None:
    lifecycle, _ = made
    answer = step(lifecycle, state, event)
    moves = lifecycle.states[state].moves

    assert isinstance(answer, Transition) == (event in moves)
    if isinstance(answer, Transition):
        assert (answer.to, answer.effects) == (moves[event].to, moves[event].effects)
    else:
        into = any(s != state and e == event and m.to == state for s, e, m in lifecycle.moves())
        assert isinstance(answer, Already) == into


def units_of(lifecycle: Lifecycle, depth: int) -> dict[str, set[str]]:
    """Brute force: what is wrong on some way of at most so many moves from the beginning."""
    wrong: dict[str, set[str]] = {"STOCK_NOT_RELEASED": set(), "EFFECT_OUT_OF_ORDER": set()}
    ways: list[tuple[str, Counter[str]]] = [("a", Counter())]
    for _ in range(depth):
        onwards = []
        for state, done in ways:
            for move in lifecycle.states[state].moves.values():
                after = Counter(done)
                for effect, span in zip(move.effects, move.effect_spans, strict=True):
                    if not fits(effect, after):
                        wrong["EFFECT_OUT_OF_ORDER"].add(str(span))
                    else:
                        after[effect] += 1
                held = after["reserve"] - after["release"] - after["consume"]
                if lifecycle.states[move.to].final and held:
                    wrong["STOCK_NOT_RELEASED"].add(str(move.span))
                onwards.append((move.to, after))
        ways = [w for n, w in enumerate(onwards) if w not in onwards[:n]]
    return wrong


def fits(effect: str, done: Counter[str]) -> bool:
    held = done["reserve"] - done["release"] - done["consume"]
    return {
        "reserve": held == 0 and done["consume"] == 0,
        "release": held == 1,
        "consume": held == 1,
        "restock": done["consume"] == 1 and done["restock"] == 0,
        "refund": done["refund"] == 0,
        "notify": True,
    }[effect]


@settings(max_examples=40, deadline=None)
@given(lifecycles())
def test_what_is_proved_is_what_walking_finds(made: tuple[Lifecycle, list[Diagnostic]]) -> None:
    lifecycle, found = made
    walked = units_of(lifecycle, DEPTH)
    for code, wrong in walked.items():
        said = {str(d.span): d.message.count("->") for d in found if d.code == code}
        near = {where for where, moves in said.items() if moves <= DEPTH}

        assert near <= wrong <= set(said)
