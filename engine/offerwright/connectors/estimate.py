"""How many requests a plan makes and how long they take at the rates a connector keeps to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from offerwright.connectors.document import ConnectorDocument, Step


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    Requests, and whole seconds that the rates alone ask for.

    How long a marketplace takes to answer is not in it, nor what has to be sent again.
    """

    calls: int
    seconds: int


def estimate(document: ConnectorDocument, operations: Mapping[tuple[str, str], int]) -> Estimate:
    """
    The requests of so many operations by action and aspect, each answered as it should be.

    Steps that depend on what an answer says are counted. A task that an answer hands out is asked
    about once. Of buckets that are emptied side by side the slowest counts.
    """
    calls: Counter[str] = Counter()
    for (action, aspect), count in operations.items():
        for step in document.flows.get(f"{aspect}.{action}", ()):
            if not _is_for(step, action, aspect):
                continue
            calls[document.requests[step.request].bucket] += count
            if "handle" in step.save:
                for poll in document.poll:
                    if _is_for(poll, action, aspect):
                        calls[document.requests[poll.request].bucket] += count
    waits = [_seconds(document, bucket, count) for bucket, count in calls.items()]
    return Estimate(sum(calls.values()), max(waits, default=0))


def _is_for(step: Step, action: str, aspect: str) -> bool:
    """Whether a step is one of an operation with this action and aspect."""
    return (not step.aspects or aspect in step.aspects) and (
        not step.actions or action in step.actions
    )


def _seconds(document: ConnectorDocument, bucket: str, calls: int) -> int:
    rate = document.buckets[bucket]
    waiting = max(calls - rate.burst, 0)
    return math.ceil(Fraction(waiting) / Fraction(rate.per_second))


def together(estimates: Iterable[Estimate]) -> Estimate:
    """Of several accounts: they are sent to side by side."""
    found = list(estimates)
    return Estimate(sum(e.calls for e in found), max((e.seconds for e in found), default=0))
