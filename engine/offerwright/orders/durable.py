"""
The matching by durable-rules, inside a fence.

The engine is kept to what it does well, joining facts, and away from what it does badly. Every
order gets a working memory of its own, closed before the next one: one state, no threads, no
timers, no events, nothing stored. Only integers go in. An exception inside the engine is an
exception here, and what it answers is checked against the question before it counts.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any

import durable_rules_engine
from durable.engine import Host, MessageObservedException

from offerwright.errors import OfferwrightError
from offerwright.orders.durable_rules import NEED, OFFER, coding_of, rules_of
from offerwright.orders.question import Answer, Filter, Question

_NAME = "route"
_SEEN = "seen"
_MOST_SALTS = 8


class DurableFault(OfferwrightError):
    """durable-rules failed, or answered what it was not asked; nothing of its answer counts."""


class Memory(Host):  # type: ignore[misc]
    """One short-lived working memory with one state. Use it in `closing`."""

    def __init__(self, rules: Mapping[str, Any], actions: Mapping[str, Callable[[Any], None]]):
        self._actions = {**actions, _SEEN: _nothing}
        super().__init__()
        # It takes the key `run` out of what it is given, so it is given a copy. A state in which
        # no action ever ran cannot be deleted (it crashes), so one action runs for every fact.
        own = copy.deepcopy(dict(rules))
        own[_SEEN] = {"pri": 9_999, "all": [{"m": {"$ex": {"kind": 1}}}], "run": _SEEN}
        try:
            self.set_rulesets({_NAME: own})
        except durable_rules_engine.error as problem:
            raise _fault(problem) from problem

    def _run(self) -> None:
        """Start neither the dispatcher nor the timers: they run on deleted states and crash."""

    def get_action(self, action_name: str) -> Callable[[Any], None]:
        return self._actions[action_name]

    def add(self, fact: Mapping[str, int]) -> None:
        """Assert a fact; what goes wrong in an action is raised here, where it would be kept."""
        assert all(type(value) is int for value in fact.values()), fact
        for salt in range(_MOST_SALTS):
            try:
                state = self.assert_fact(_NAME, {**fact, "salt": salt})
            except MessageObservedException:
                # Facts are told apart by a hash of 32 bits: another salt gives another hash.
                continue
            except durable_rules_engine.error as problem:
                raise _fault(problem) from problem
            if state and "exception" in state:
                raise _fault(state["exception"])
            return
        raise DurableFault(f"durable-rules takes {dict(fact)} for another fact")

    def close(self) -> None:
        """Free what the engine holds; its own clean-up does not."""
        for ruleset in list[Any](self._ruleset_list):
            # There is no state where it took no fact; the reason of that must not be lost here.
            with suppress(durable_rules_engine.error):
                ruleset.delete_state("0")
            durable_rules_engine.delete_ruleset(ruleset._handle)
        self._ruleset_list: list[Any] = []


def _fault(problem: object) -> DurableFault:
    return DurableFault(f"durable-rules: {problem}. To route without it, use --engine twin.")


def _nothing(_: Any) -> None:
    """An action that does nothing."""


class Durable:
    """Answers questions for one set of filters. Raises `DurableLimit` for too many of them."""

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = filters
        self._coding = coding_of(filters)
        self._rules = rules_of(filters, self._coding)

    def __call__(self, question: Question) -> Answer:
        """Raises `DurableFault` where the engine fails."""
        found: list[dict[int, set[int]]] = [{} for _ in self._filters]
        actions = {f"f{n}": _collector(into) for n, into in enumerate(found)}
        with closing(Memory(self._rules, actions)) as memory:
            for sku, units in enumerate(question.needs):
                memory.add({"kind": NEED, "one": 1, "sku": sku, "units": units})
            for offer in self._offers(question):
                memory.add(offer)
        return tuple(
            frozenset(n for n, skus in into.items() if _is_enough(one, skus, question))
            for one, into in zip(self._filters, checked(found, question), strict=True)
        )

    def _offers(self, question: Question) -> list[dict[str, int]]:
        fields = {n: self._coding.fields_of(facts) for n, facts in question.facts.items()}
        return [
            {"kind": OFFER, "one": 1, "node": node, "sku": sku, "free": free, **fields[node]}
            for node, sku, free in question.offers
        ]


def checked(
    found: Sequence[dict[int, set[int]]], question: Question
) -> Sequence[dict[int, set[int]]]:
    """The SKUs found by node, as they are. Raises `DurableFault` for what nobody offers."""
    offered = {(node, sku) for node, sku, _ in question.offers}
    if any((n, sku) not in offered for into in found for n, skus in into.items() for sku in skus):
        raise DurableFault("durable-rules answers what it was not asked: use --engine twin")
    return found


def _is_enough(one: Filter, skus: set[int], question: Question) -> bool:
    """Of every line the node was found for each SKU; of any line it was found at all."""
    return one.stock_for == "any_line" or len(skus) == len(question.needs)


def _collector(into: dict[int, set[int]]) -> Callable[[Any], None]:
    def found(match: Any) -> None:
        into.setdefault(int(match.offer.node), set()).add(int(match.need.sku))

    return found
