"""How the life of an order is written: states, events, and what every step of it does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from offerwright.rules.effects import EFFECTS
from offerwright.source.document import Document, Identifier, Model

# Editors offer the words; a misspelt one is found when the lifecycle is linked, with a hint.
Effect = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "enum": list(EFFECTS),
            "markdownEnumDescriptions": list(EFFECTS.values()),
        }
    ),
]


class Move(Model):
    """What one event does in one state."""

    to: str
    """The state that the order is in afterwards."""
    do: list[Effect] = Field(default_factory=list)
    """What happens then, in this order: `[reserve, route]`."""


class State(Model):
    """One state of the order."""

    on: dict[Identifier, Move] = Field(default_factory=dict)
    """The events that are legal here, and what each of them does."""
    ignore: list[str] = Field(default_factory=list)
    """Events that may come here and mean nothing."""
    refuse: list[str] = Field(default_factory=list)
    """Events that are refused here on purpose, so that `check` does not ask for them."""
    final: bool = False
    """True: nothing follows."""
    note: str | None = None
    """Anything a reader should know."""


class EventWord(Model):
    """One thing that may happen to an order."""

    note: str | None = None
    """What has happened then."""
    at_any_time: bool = False
    """True: it may come in every state, so every state that is not final must say what it does."""


class LifecycleDocument(Document):
    """The states of an order, and which event leads from one to another."""

    kind: Literal["lifecycle"]
    initial: str
    """The state in which an order begins."""
    events: dict[Identifier, EventWord] = Field(default_factory=dict)
    """The events there are. With it a misspelt event is found; absent: those of the states."""
    states: dict[Identifier, State] = Field(min_length=1)
    """The states by name."""
    statuses: dict[str, str] = Field(default_factory=dict)
    """Our word for the status that a marketplace reports (`order_status`) → the event it means."""
