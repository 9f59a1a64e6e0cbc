"""The words of `do`: what a step in the life of an order sets off, and in which order they fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# word -> what the order system does then; docs/language.md says the same.
EFFECTS: dict[str, str] = {
    "acknowledge": "tell the marketplace that the order has arrived",
    "consume": "take the reserved units out of stock: they have left the house",
    "inspect": "ask the warehouse to look at the goods that came back",
    "invoice": "ask for the invoice",
    "notify": "tell the people who look after orders",
    "refund": "give the buyer the money back",
    "release": "give the reserved units back to the pool",
    "reserve": "take the units out of the pool that marketplaces share",
    "restock": "put the units that came back into stock again",
    "route": "choose the node that ships, and pin the units to it",
    "send_cancellation": "tell the marketplace that the order is cancelled",
    "send_delivery": "tell the marketplace that the parcel has arrived",
    "send_invoice": "give the marketplace the invoice",
    "send_tracking": "give the marketplace carrier and tracking number",
    "settle": "wait for the payout and compare it with what was expected",
    "write_off": "book the units that came back as lost or damaged",
}


@dataclass(frozen=True, slots=True)
class Thread:
    """
    What some effects do to one thing, so that a wrong order of them can be proved.

    `moves[effect][before]` is how the thing stands after the effect; a pair that is not there is
    wrong. `open` are the conditions in which it must not be when the order ends.
    """

    name: str
    start: str
    moves: Mapping[str, Mapping[str, str]]
    open: frozenset[str] = frozenset()


# Units: free -> reserved -> gone; what is gone may come back. Money goes back once.
THREADS: tuple[Thread, ...] = (
    Thread(
        "stock", "free",
        {
            "reserve": {"free": "reserved"},
            "release": {"reserved": "free"},
            "consume": {"reserved": "gone"},
            "restock": {"gone": "back"},
            "write_off": {"gone": "back"},
        },
        frozenset({"reserved"}),
    ),
    Thread("money", "kept", {"refund": {"kept": "refunded"}}),
)  # fmt: skip
