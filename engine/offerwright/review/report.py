"""A master document → what the HTML report shows, in the order in which it shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from offerwright.review.seen import PAYLOAD
from offerwright.review.words import NONE, RESULTS, level, objected, percent

Record = Mapping[str, Any]
ROWS = 5_000
"""So many offers stand in the table one by one."""
LISTED = 200
"""So many rows other tables have."""
MOVERS = 10
FIELDS = 4
_NARROWEST = Decimal("0.05")
"""Margins that differ by less than this fill no whole line."""
_PAID = ("paid", "price", "sale_price", "margin")
_CLASSES = {"from_zero": "0 → x", "to_zero": "x → 0"}
_WORDS = {"up": "dearer", "down": "cheaper", "from_zero": "from nought", "to_zero": "to nought"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A number as text, and as what it is sorted by; empty where there is none."""

    text: str
    value: str
    tone: str = ""
    """`up`, `down` or nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One offer of a table."""

    sku: str
    title: str
    account: str
    what: str
    before: Cell
    after: Cell
    by: Cell
    margin: Cell
    others: str
    rule: Record | None


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that stands alone, with its word."""

    word: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Dumbbell:
    """Two shares on one line of 100 units."""

    before: int
    after: int

    @property
    def side(self) -> str:
        return "up" if self.after >= self.before else "down"


def row(offer: Record) -> Row:
    """An offer as a row; amounts keep their digits."""
    values = offer["values"]
    paid = values.get("paid", {})
    class_ = offer["change"]
    return Row(
        sku=offer["sku"],
        title=offer["title"] or "",
        account=offer["account"],
        what=(_WORDS.get(offer["move"]) if class_ == "changed" else None) or class_,
        before=_paid(paid, "before"),
        after=_paid(paid, "after"),
        by=_by(offer),
        margin=_margin(values.get("margin")),
        others=", ".join(_others(offer)),
        rule=offer["rule"],
    )


def _paid(paid: Record, side: str) -> Cell:
    return Cell(paid.get(side) or NONE, paid.get(side) or "")


def _margin(margin: Record | None) -> Cell:
    if margin is None:
        return Cell(NONE, "")
    both = f"{level(margin['before'])} → {level(margin['after'])}"
    return Cell(typeset(both), margin["after"] or "")


def _by(offer: Record) -> Cell:
    share, move = offer["share"], offer["move"]
    if move is None:
        return Cell(NONE, "")
    tone = "down" if move in ("down", "to_zero") else "up"
    return Cell(_CLASSES.get(move) or typeset(percent(share)), share or "", tone)


def _others(offer: Record) -> Iterator[str]:
    """What differs beside the price and the margin, in few words."""
    said = [(name, pair) for name, pair in offer["values"].items() if name not in _PAID]
    names = [name for name, _ in said]
    more = [f for f in offer["fields"] if f not in (*_PAID, *names)]
    words = [*(_pair(name, pair) for name, pair in said), *(f for f in more if not _is_sent(f))]
    if not words and not any(name in offer["values"] for name in _PAID):
        # Otherwise that other bytes are sent goes without saying.
        words = [f"what is sent of {f.removeprefix(PAYLOAD)}" for f in more if _is_sent(f)]
    yield from words[:FIELDS]
    if len(words) > FIELDS:
        yield f"and {len(words) - FIELDS} more"


def _is_sent(field: str) -> bool:
    return field.startswith(PAYLOAD)


def _pair(name: str, pair: Record) -> str:
    old, new = (_short(pair[side]) for side in ("before", "after"))
    return f"{name.replace('_', ' ')} {old} → {new}"


def _short(value: Any) -> str:
    if value is None or value == []:
        return NONE
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def typeset(text: str) -> str:
    """Numbers as they are set: a true minus, and a unit that stays with its number."""
    return text.replace("-", "−").replace(" %", "\N{NO-BREAK SPACE}%")


def tiles(totals: Record | None) -> tuple[Tile, ...]:
    """The numbers below the headline; what did not happen is left out, but for up and down."""
    if totals is None or not totals["changed_offers"]:
        return ()
    named = (
        ("cheaper", totals["down"] + totals["to_zero"], "down"),
        ("dearer", totals["up"] + totals["from_zero"], "up"),
        ("new", totals["new"], ""), ("gone", totals["gone"], ""),
        ("blocked", totals["blocked"], "bad"), ("unblocked", totals["unblocked"], ""),
        ("other stock", totals["stock"], ""),
    )  # fmt: skip
    found = [Tile(word, f"{n:,}", tone if n else "") for word, n, tone in named if n or tone]
    found = [one for one in found if one.text != "0" or one.word in ("cheaper", "dearer")]
    if totals["margin_after"] is not None:
        both = (level(totals[f"margin_{side}"]) for side in ("before", "after"))
        found.append(Tile("margin", typeset(" → ".join(both))))
    return tuple(found)


def by_result(guards: Sequence[Record]) -> dict[str, list[Record]]:
    """Guards by what they say, the worst first."""
    return {name: [one for one in guards if one["result"] == name] for name in RESULTS}


def dumbbells(accounts: Sequence[Record]) -> dict[str, Dumbbell]:
    """Margins of accounts before and after, on one scale; by account."""
    known = [one for one in accounts if None not in (one["margin_before"], one["margin_after"])]
    ends = [Decimal(one[name]) for one in known for name in ("margin_before", "margin_after")]
    if not ends:
        return {}
    middle = (min(ends) + max(ends)) / 2
    span = max(max(ends) - min(ends), _NARROWEST)
    low = middle - span / 2
    return {
        one["account"]: Dumbbell(*(
            int((Decimal(one[name]) - low) / span * 100)
            for name in ("margin_before", "margin_after")
        ))
        for one in known
    }  # fmt: skip


_COUNTS = {
    "Cheaper": ("down", "to_zero"), "Dearer": ("up", "from_zero"), "New": ("new",),
    "Gone": ("gone",), "Blocked": ("blocked",), "Unblocked": ("unblocked",), "Stock": ("stock",),
}  # fmt: skip


def columns(accounts: Sequence[Record]) -> dict[str, dict[str, int]]:
    """Heading → account → how many offers; without what happens on no account."""
    found = {
        word: {one["account"]: sum(one[name] for name in names) for one in accounts}
        for word, names in _COUNTS.items()
    }
    return {word: counts for word, counts in found.items() if any(counts.values())}


def points(one: Record) -> Cell:
    """By how many points the margin moves: `+1.8 pp`."""
    before, after = one["margin_before"], one["margin_after"]
    if before is None or after is None:
        return Cell(NONE, "")
    moved = Decimal(after) - Decimal(before)
    text = percent(f"{moved:f}").replace(" %", "\N{NO-BREAK SPACE}pp")
    return Cell(
        text.replace("-", "−"), f"{moved:f}", "up" if moved > 0 else "down" if moved else ""
    )


def objections(guard: Record) -> Iterator[str]:
    """What a guard has to say, sentence by sentence."""
    yield from objected(guard)
    for run in guard["runs"]:
        if run["failed"] or run["approved_by"]:
            by = f", approved by {run['approved_by']}" if run["approved_by"] else ""
            yield f"{run['account']}: {run['reason']}{by}"
