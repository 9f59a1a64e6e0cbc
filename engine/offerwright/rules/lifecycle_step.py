"""A lifecycle and an order's events → its state and what has to be done, the same every time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal, TypeAlias

from offerwright.rules.lifecycle_table import Lifecycle
from offerwright.source.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Transition:
    """The event is legal: the order goes on, and these effects are due, in this order."""

    origin: str
    event: str
    to: str
    effects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Already:
    """The event has brought the order here before, or means nothing here: nothing is due."""

    state: str
    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The event is not legal here; `legal` are those that are. It is not kept for later."""

    state: str
    event: str
    legal: tuple[str, ...]
    reason: str


Answer: TypeAlias = Transition | Already | Refused


def step(lifecycle: Lifecycle, state: str, event: str) -> Answer:
    """
    What an event does to an order in a state. Pure: no clock, no memory.

    An event that is legal is taken. One that leads into the state the order is in has come twice,
    and one under `ignore` means nothing: both are `Already`. Everything else is `Refused`.

    Raises:
        KeyError: the lifecycle has no such state.
    """
    here = lifecycle.states[state]
    move = here.moves.get(event)
    if move is not None:
        return Transition(state, event, move.to, move.effects)
    if event in here.refused:
        return Refused(state, event, tuple(here.moves), f"`{state}` refuses `{event}`")
    if event in here.ignored:
        return Already(state, event, f"`{event}` means nothing in `{state}`")
    if lifecycle.leads_into(event, state):
        return Already(state, event, f"`{event}` has brought the order to `{state}`")
    return Refused(state, event, tuple(here.moves), _reason(lifecycle, state, event))


def _reason(lifecycle: Lifecycle, state: str, event: str) -> str:
    if event not in lifecycle.events:
        near = did_you_mean(event, lifecycle.events)
        return f"no event is called `{event}`" + (f"; {near}" if near else "")
    legal = ", ".join(f"`{e}`" for e in lifecycle.states[state].moves)
    here = f"legal here: {legal}" if legal else "nothing is: the order has ended"
    return f"`{event}` is not legal in `{state}`; {here}"


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One line of the append-only log. `id` is the source's own: the same id is the same event."""

    id: str
    event: str


@dataclass(frozen=True, slots=True)
class Due:
    """One effect, and the log line that set it off; `number` counts within that line."""

    effect: str
    event_id: str
    number: int


Outcome = Literal["taken", "already", "duplicate", "refused"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one line of the log, and why where it was not taken."""

    event: OrderEvent
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Projection:
    """What a log amounts to: the state, every effect that is due, and what became of each line."""

    state: str
    due: tuple[Due, ...] = ()
    readings: tuple[Reading, ...] = ()

    @property
    def refused(self) -> tuple[Reading, ...]:
        """The lines that came out of order or cannot be: somebody should look at them."""
        return tuple(r for r in self.readings if r.outcome == "refused")


def project(lifecycle: Lifecycle, log: Iterable[OrderEvent]) -> Projection:
    """
    The state of an order, from the whole log in the order in which it was written.

    The log only grows, so the projection of a longer log begins with that of the shorter one:
    effects are due once, whatever is read twice.
    """
    return reduce(
        lambda so_far, event: advance(lifecycle, so_far, event), log, Projection(lifecycle.initial)
    )


def advance(lifecycle: Lifecycle, so_far: Projection, event: OrderEvent) -> Projection:
    """The projection with one more line of the log."""
    reading, answer = _read(lifecycle, so_far, event)
    readings = (*so_far.readings, reading)
    if not isinstance(answer, Transition):
        return Projection(so_far.state, so_far.due, readings)
    due = tuple(Due(effect, event.id, n) for n, effect in enumerate(answer.effects))
    return Projection(answer.to, (*so_far.due, *due), readings)


def _read(
    lifecycle: Lifecycle, so_far: Projection, event: OrderEvent
) -> tuple[Reading, Answer | None]:
    before = next((r.event for r in so_far.readings if r.event.id == event.id), None)
    if before == event:
        return Reading(event, "duplicate", f"the event {event.id} was read before"), None
    if before is not None:
        reason = f"the event {event.id} was `{before.event}` before and is `{event.event}` now"
        return Reading(event, "refused", reason), None
    answer = step(lifecycle, so_far.state, event.event)
    if isinstance(answer, Transition):
        return Reading(event, "taken"), answer
    if isinstance(answer, Already):
        return Reading(event, "already", answer.reason), answer
    # A source that is polled says again what is long past: that is no news, and no mistake.
    if event.event not in lifecycle.states[so_far.state].refused and any(
        r.outcome == "taken" and r.event.event == event.event for r in so_far.readings
    ):
        reason = f"`{event.event}` was taken before, and changes nothing in `{so_far.state}`"
        return Reading(event, "already", reason), answer
    return Reading(event, "refused", answer.reason), answer
