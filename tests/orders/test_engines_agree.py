"""Both matching engines give the same answer to every question; durable-rules stays in its fence."""

from __future__ import annotations

import gc
import threading
from contextlib import closing
from decimal import Decimal

import pytest
from hypothesis import given, settings
from orders.generated_questions import TYPES, WORDS, filters, questions, table

from offerwright.expressions.cells import read_when
from offerwright.orders.durable_rules import (
    MOST_FIELDS,
    MOST_RULES,
    DurableLimit,
    coding_of,
    doubled,
    rules_of,
)
from offerwright.orders.engines import NOT_INSTALLED, matcher_of
from offerwright.orders.question import Filter, Question
from offerwright.orders.twin import Twin

durable = pytest.importorskip(
    "offerwright.orders.durable",
    reason="durable-rules is not installed: it needs a C compiler and Python below 3.13",
    exc_type=ImportError,
)


@settings(max_examples=80)
@given(filters(), questions())
def test_both_engines_answer_alike(asked: tuple[Filter, ...], question: Question) -> None:
    assert durable.Durable(asked)(question) == Twin(asked)(question)


def question(**facts: object) -> Question:
    whole = dict.fromkeys(TYPES) | {name.replace("__", "."): v for name, v in facts.items()}
    return Question((1,), ((7, 0, 1),), {7: whole})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("where", "facts", "passes"),
    [
        ({"distance_km": "<= 300"}, {"distance_km": Decimal("300.0")}, True),
        ({"distance_km": "<= 300"}, {"distance_km": Decimal("300.1")}, False),
        ({"distance_km": "<= 300"}, {}, False),
        ({"distance_km": {"not": "<= 300"}}, {}, False),
        ({"distance_km": "missing"}, {}, True),
        ({"distance_km": "> 0.05"}, {"distance_km": Decimal("0.0500001")}, True),
        ({"node.open": True}, {"node__open": True}, True),
        ({"node.open": {"not": True}}, {}, False),
        ({"node.zone": {"under": "br/sp"}}, {"node__zone": "br/spx"}, False),
        ({"node.zone": {"under": "br/sp"}}, {"node__zone": "br/sp/1"}, True),
        ({"order.zip": "0"}, {"order__zip": "00"}, False),
        ({"any": [{"node.kind": "hub"}, {"node.load": "< 2"}]}, {"node__load": 1}, True),
    ],
)
def test_a_filter_means_the_same_to_both(
    where: dict[str, object], facts: dict[str, object], passes: bool
) -> None:
    asked = (Filter("one", table(where), "every_line"),)
    expected = (frozenset({7} if passes else ()),)

    assert Twin(asked)(question(**facts)) == expected
    assert durable.Durable(asked)(question(**facts)) == expected


def test_a_node_without_all_units_is_found_for_any_line_only() -> None:
    asked = (Filter("every", None, "every_line"), Filter("any", None, "any_line"))
    needs = Question((2, 1), ((0, 0, 2), (0, 1, 1), (1, 0, 1), (2, 1, 9)), {0: {}, 1: {}, 2: {}})

    assert durable.Durable(asked)(needs) == (frozenset({0}), frozenset({0, 1, 2}))
    assert Twin(asked)(needs) == (frozenset({0}), frozenset({0, 1, 2}))


@pytest.mark.parametrize("needed", [10**18, 2**62, 2**63, 10**19, 2**64 + 1])
@pytest.mark.parametrize("free", [1, 34, 10**18])
def test_no_number_of_units_is_too_large(needed: int, free: int) -> None:
    asked = (Filter("every", None, "every_line"), Filter("any", None, "any_line"))
    one = Question((needed,), ((7, 0, free),), {7: {}})

    assert durable.Durable(asked)(one) == Twin(asked)(one)


def test_a_working_memory_starts_no_thread() -> None:
    before = threading.active_count()
    matcher = durable.Durable((Filter("one", None, "any_line"),))
    for _ in range(20):
        matcher(question())

    assert threading.active_count() == before


def test_an_exception_of_an_action_is_raised() -> None:
    def broken(match: object) -> None:
        raise ValueError("a broken action")

    rules = rules_of((Filter("one", None, "any_line"),), coding_of(()))
    memory = durable.Memory(rules, {"f0": broken})
    memory.add({"kind": 1, "one": 1, "sku": 0, "units": 1})
    with pytest.raises(durable.DurableFault, match="a broken action"):
        memory.add({"kind": 2, "one": 1, "node": 1, "sku": 0, "free": 1})
    memory.close()


def test_the_last_test_of_every_join_never_fails() -> None:
    # Else the engine reads behind the end of its tests, and crashes or not, as memory has it.
    asked = (
        Filter("every", None, "every_line"),
        Filter("near", table({"any": [{"node.open": True}, {"node.load": "< 2"}]}), "any_line"),
    )
    rules = rules_of(asked, coding_of(asked))

    assert len(rules) == 3
    assert {str(one["all"][1]["offer"]["$and"][-1]) for one in rules.values()} == {
        "{'one': {'need': 'one'}}"
    }


def test_joins_that_fail_at_every_place_leave_the_engine_sound() -> None:
    asked = (Filter("every", None, "every_line"),)
    matcher, twin = durable.Durable(asked), Twin(asked)
    for number in range(300):
        offers = tuple((node, sku, 1 + (node + number) % 4) for node in range(3) for sku in (0, 1))
        one = Question((1 + number % 5, 2), offers, {0: {}, 1: {}, 2: {}})

        assert matcher(one) == twin(one)


def test_equal_facts_are_told_apart_by_their_salt() -> None:
    seen: list[int] = []
    rules = rules_of((Filter("one", None, "any_line"),), coding_of(()))
    memory = durable.Memory(rules, {"f0": lambda match: seen.append(match.offer.salt)})
    memory.add({"kind": 1, "one": 1, "sku": 0, "units": 1})
    for _ in range(3):
        memory.add({"kind": 2, "one": 1, "node": 1, "sku": 0, "free": 1})
    memory.close()

    assert seen == [0, 1, 2]


def test_more_tests_than_the_engine_can_hold_are_refused_and_answered_by_the_twin() -> None:
    cell = [f"{number:05}" for number in range(600)]
    where = read_when({"order.zip": cell}, TYPES, WORDS)
    asked = (Filter("many", table({"order.zip": cell}), "any_line"),)
    matcher, said = matcher_of("auto")

    assert where is not None
    with pytest.raises(DurableLimit, match="use --engine twin"):
        durable.Durable(asked)
    assert matcher(asked)(question(order__zip="00599")) == (frozenset({7}),)
    assert said == ""


def test_a_filter_that_is_too_deep_is_refused() -> None:
    deep = {"distance_km": [f"{start}..{start + 5}" for start in range(0, 140, 10)]}

    with pytest.raises(DurableLimit, match="too deep"):
        durable.Durable((Filter("deep", table(deep), "any_line"),))


@pytest.mark.parametrize(
    "where",
    [
        # 65 rules at once, and 250 fields of one fact, are more than it has room for.
        {"any": [{"node.open": True, "node.load": f"< {n}"} for n in range(65)]},
        {"node.zone": [{"under": f"br/{n}"} for n in range(250)]},
        {"order.zip": [{"starts_with": f"{n:03}"} for n in range(250)]},
    ],
)
def test_what_the_engine_has_no_room_for_is_answered_by_the_twin(where: dict[str, object]) -> None:
    asked = (Filter("wide", table(where), "any_line"),)
    one = question(node__open=True, node__load=0, node__zone="br/7", order__zip="007")

    with pytest.raises(DurableLimit, match="use --engine twin"):
        durable.Durable(asked)
    assert matcher_of("auto")[0](asked)(one) == (frozenset({7}),)


def test_as_many_rules_as_are_let_in_do_work() -> None:
    cells = [{"node.open": True, "node.load": f"< {n}"} for n in range(MOST_RULES)]
    asked = (Filter("wide", table({"any": cells}), "any_line"),)
    one = question(node__open=True, node__load=0)

    assert durable.Durable(asked)(one) == Twin(asked)(one) == (frozenset({7}),)


def test_as_many_fields_as_are_let_in_do_work() -> None:
    cells = [{"under": f"br/{n}"} for n in range(MOST_FIELDS - 1)]
    asked = (Filter("wide", table({"node.zone": cells}), "any_line"),)
    one = question(node__zone="br/7")

    assert durable.Durable(asked)(one) == Twin(asked)(one) == (frozenset({7}),)


def test_an_error_of_the_engine_itself_is_a_fault() -> None:
    rules = rules_of((Filter("one", None, "any_line"),), coding_of(()))
    memory = durable.Memory(rules, {"f0": lambda match: None})
    with closing(memory), pytest.raises(durable.DurableFault, match="use --engine twin"):
        memory.add({"kind": 2} | {f"v{n}": n for n in range(400)})


def test_an_answer_to_what_was_not_asked_does_not_count() -> None:
    with pytest.raises(durable.DurableFault, match="not asked"):
        durable.checked([{8: {0}}], question())


def test_memory_does_not_grow_with_the_orders() -> None:
    resource = pytest.importorskip("resource", reason="there is no `resource` on this system")
    matcher = durable.Durable((Filter("one", None, "every_line"),))
    for _ in range(300):
        matcher(question())
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(600):
        matcher(question())

    # Without its clean-up the engine keeps 115 KB of each: some 69 MB here.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_the_note_of_a_missing_engine_says_that_nothing_changes() -> None:
    assert "the decisions are the same" in NOT_INSTALLED


@pytest.mark.parametrize(
    ("value", "scale", "number"),
    [("50", 0, 100), ("50.05", 1, 1001), ("50.1", 1, 1002), ("-7.55", 1, -151), ("-7.5", 1, -150)],
)
def test_a_number_is_doubled_and_one_more_where_something_is_left(
    value: str, scale: int, number: int
) -> None:
    # -7.55 lies between -7.6 (-152) and -7.5 (-150)
    assert doubled(Decimal(value), scale) == number
