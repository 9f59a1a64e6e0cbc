"""The compiled lifecycle: what every event does in every state, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from offerwright.errors import Span


@dataclass(frozen=True, slots=True)
class MovePlan:
    """One event in one state: where it leads and what it does, in order."""

    to: str
    effects: tuple[str, ...]
    span: Span
    effect_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class StatePlan:
    """One state: the events that are legal, those that mean nothing, those refused on purpose."""

    name: str
    span: Span
    final: bool
    moves: Mapping[str, MovePlan]
    ignored: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The whole table. `events` maps every event to what it means; `statuses` a status to one."""

    name: str
    span: Span
    initial: str
    states: Mapping[str, StatePlan]
    events: Mapping[str, str]
    at_any_time: tuple[str, ...] = ()
    event_spans: Mapping[str, Span] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)

    def moves(self) -> Iterator[tuple[str, str, MovePlan]]:
        """(state, event, move) for every move whose end exists, in written order."""
        for state in self.states.values():
            for event, move in state.moves.items():
                if move.to in self.states:
                    yield state.name, event, move

    def leads_into(self, event: str, state: str) -> bool:
        """Whether this event brings an order into this state from another one."""
        return any(
            e == event and move.to == state and origin != state for origin, e, move in self.moves()
        )
