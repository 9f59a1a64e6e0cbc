"""What can be wrong with an inventory document: its facts, its shares, its limits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from offerwright.expressions.types import Type
from offerwright.rules.inventory_document import Buffer, InventoryDocument
from offerwright.rules.tables import Setting
from offerwright.source.located import Path

_NODES = "units are counted by node: declare it `{type: map of integer, from: …, key: node}`"
_PARTS = "declare it `{type: map of integer, from: …, key: component}`"
_Wanted = tuple[Path, str | None, str, str]
"""Where a fact is named, the fact, the types that it may have, and what else to say."""


def check_facts(document: InventoryDocument, setting: Setting) -> None:
    """Every fact that the document counts with is declared, with a type that counts."""
    for path, fact, words, hint in _wanted(document):
        if fact is None:
            continue
        found = setting.scope.types.get(fact)
        if found is None:
            declare = f"declare it: `{fact}: {{type: {words.split(' or ')[0]}, from: …}}`"
            setting.say("UNKNOWN_FACT", path, f"no fact is called `{fact}`", declare)
        elif not _fits(found, words):
            article = "a" if words[0] in "mnd" else "an"
            setting.say("WRONG_TYPE", path, f"`{fact}` is {found}; {article} {words} stands here",
                        hint)  # fmt: skip


def _wanted(document: InventoryDocument) -> Iterator[_Wanted]:
    pool, allocate = document.pool, document.allocate
    for key in ("on_hand", "allocated", "reserved"):
        yield ("pool", key), getattr(pool, key), "map of integer", _NODES
    yield ("pool", "reservations"), pool.reservations, "integer", ""
    yield ("allocate", "sold_per_hour"), allocate.sold_per_hour, "number or integer", ""
    for index, entry in enumerate(allocate.marketplaces):
        if entry.raise_needs is not None:
            path = ("allocate", "marketplaces", index, "raise_needs", "orders_read")
            yield path, entry.raise_needs.orders_read, "datetime", ""
    if document.kits is not None:
        yield ("kits", "components"), document.kits.components, "map of integer", _PARTS


def _fits(found: Type, words: str) -> bool:
    if words == "map of integer":
        return found.name == "map" and found.of is not None and found.of.name == "integer"
    return found.name in words.split(" or ")


def check_shares(document: InventoryDocument, setting: Setting) -> None:
    """No share is impossible, none is missing, and a partition gives away at most everything."""
    for index, entry in enumerate(document.allocate.marketplaces):
        path: Path = ("allocate", "marketplaces", index)
        if entry.share is not None and not 0 <= entry.share <= 1:
            setting.say("WRONG_SHARE", (*path, "share"), "a share is from 0% to 100%")
        if entry.share is None and document.allocate.method == "partition":
            setting.say("MISSING_SHARE", path, "under `partition` every entry needs a share",
                        "write `share: 40%`")  # fmt: skip
    shares = (entry.share or Decimal(0) for entry in document.allocate.marketplaces)
    total = sum(shares, Decimal(0))
    if document.allocate.method == "partition" and total > 1:
        setting.say(
            "SHARES_ABOVE_100", ("allocate", "marketplaces"),
            f"the shares sum to {(total * 100).normalize():f}%: more would be sold than there is",
            "lower them to 100% at most, or use `method: shared`",
        )  # fmt: skip


def check_entries(document: InventoryDocument, setting: Setting) -> None:
    """The limits of every entry go together."""
    for index, entry in enumerate(document.allocate.marketplaces):
        path: Path = ("allocate", "marketplaces", index)
        hysteresis = entry.hysteresis
        if hysteresis is not None and hysteresis.back_at <= hysteresis.zero_below:
            setting.say(
                "WRONG_HYSTERESIS", (*path, "hysteresis"),
                f"a listing that is zero below {hysteresis.zero_below} must come back at more, "
                f"not at {hysteresis.back_at}",
                f"write `back_at: {hysteresis.zero_below + 1}` or more; "
                f"without a gap, `min_list: {hysteresis.zero_below}` says it",
            )  # fmt: skip
        if hysteresis is not None and entry.min_list:
            setting.say(
                "WRONG_HYSTERESIS", (*path, "min_list"),
                "`min_list` and `hysteresis` both say when a listing is zero",
                "keep `hysteresis`, and write the number as its `zero_below`",
            )  # fmt: skip
        if isinstance(entry.buffer, Buffer) and document.allocate.sold_per_hour is None:
            setting.say(
                "MISSING_SALES_RATE", (*path, "buffer"),
                "nothing says how fast the other accounts sell",
                "write under `allocate`: `sold_per_hour:` and the fact with the units per hour",
            )  # fmt: skip
