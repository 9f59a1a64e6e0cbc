"""Numbers of a review as people read them: the same in every rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_TENTH = Decimal("0.1")
NONE = "–"


def percent(share: str | None) -> str:
    """A share of the old amount with its sign: `-40.8 %`."""
    return NONE if share is None else f"{_hundredfold(share):+} %"


def level(share: str | None) -> str:
    """A share that is no change: `24.1 %`."""
    return NONE if share is None else f"{_hundredfold(share)} %"


def _hundredfold(share: str) -> Decimal:
    return (Decimal(share) * 100).quantize(_TENTH, ROUND_HALF_UP)


def between(part: Mapping[str, Any]) -> str:
    """One part of the spread: `-30 % to -10 %`."""
    if part["from"] is None:
        return f"below {edge(part['to'])} %"
    if part["to"] is None:
        return f"above {edge(part['from'])} %"
    return f"{edge(part['from'])} % to {edge(part['to'])} %"


def edge(share: str) -> str:
    """Where two parts of the spread meet, as a percentage without its unit: `-30`, `0`, `+2`."""
    number = Decimal(share) * 100
    return f"{number.normalize():+f}" if number else "0"


def count(number: int, one: str, many: str = "") -> str:
    """`1 offer`, `1,284 offers`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


OBJECTED = ("fails", "missing", "approved")
"""What a guard may say of offers."""


def objected(guard: Mapping[str, Any]) -> Iterator[str]:
    """Of how many offers a guard says what: `1 offer fails`, `13 offers are approved`."""
    verbs = {"fails": ("fails", "fail"), "missing": ("lacks what it needs", "lack what it needs"),
             "approved": ("is approved", "are approved")}  # fmt: skip
    for name in OBJECTED:
        if number := guard[name]:
            yield f"{count(number, 'offer')} {verbs[name][number != 1]}"


def moved(offer: Mapping[str, Any]) -> str:
    """What is paid before and after: `49.00 → 29.00`."""
    paid = offer["values"].get("paid")
    if paid is None:
        return NONE
    return f"{paid['before'] or NONE} → {paid['after'] or NONE}"


def change(offer: Mapping[str, Any]) -> str:
    """By how much, or what class of change it is where no share says it."""
    if offer["move"] == "from_zero":
        return "0 → x"
    if offer["move"] == "to_zero":
        return "x → 0"
    return percent(offer["share"]) if offer["move"] else _CLASSES.get(offer["change"], NONE)


_CLASSES = {"new": "new", "gone": "gone", "blocked": "blocked", "unblocked": "unblocked"}


def margin(offer: Mapping[str, Any]) -> str:
    """The margin on both sides, where it moves."""
    found = offer["values"].get("margin")
    return NONE if found is None else f"{level(found['before'])} → {level(found['after'])}"


def rule(offer: Mapping[str, Any]) -> str:
    """The rule that moved it, with its place."""
    found = offer["rule"]
    return NONE if found is None else f"{rule_name(found)} {found['file']}:{found['line']}"


def rule_name(found: Mapping[str, Any]) -> str:
    """`markups/audio`, or the document where no rule of it is named."""
    return found["rule"] or f"{found['kind']} {found['document']}"


def missing(record: Mapping[str, Any], name: Callable[[str], str] = str) -> Iterator[str]:
    """What is not shown of a change, and what was computed instead; `name` writes names."""
    sides = {side: name(record[side]["name"]) for side in ("base", "head")}
    for one in record.get("stand_ins", ()):
        file, side = name(one["file"]), sides[one["side"]]
        if one["from"] is None:
            yield f"{file} of {side} has errors and is left out: what it does is not shown"
        else:
            yield (
                f"{file} of {side} has errors; it is computed as {sides[one['from']]} has it, so "
                "that what changes in it is not shown"
            )
    for one in record.get("unread", ()):
        yield f"{name(one['file'])} of {sides[one['side']]} is not read: {name(one['message'])}"


def later(record: Mapping[str, Any]) -> Iterator[str]:
    """Which guards stop a change at a later moment only, and from when on."""
    for period, one in later_guards(record):
        yield f"{one['guard']} ({one['owner'] or 'no owner'}) from {clock(period['as_of'])} on"


def left_out(record: Mapping[str, Any]) -> str | None:
    """That moments were not looked at, and from when on; None where all were."""
    left, periods = record.get("periods_left", 0), record.get("periods", ())
    if not left or not periods:
        return None
    since = clock(periods[-1]["before"])
    return f"{count(left, 'moment')} from {since} on not looked at (--moments)"


def later_guards(
    record: Mapping[str, Any],
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The guards that stop a change at a later moment only, each with the first such period."""
    told = {_guard_key(one) for one in record["guards"] if one["result"] == "blocks"}
    for period in record.get("periods", ())[1:]:
        for one in period["guards"]:
            if one["result"] == "blocks" and _guard_key(one) not in told:
                told.add(_guard_key(one))
                yield period, one


def _guard_key(one: Mapping[str, Any]) -> tuple[str, str]:
    return one["document"], one["guard"]


def clock(moment: str) -> str:
    """`2026-12-01 00:00`, of an ISO moment, in its own zone."""
    return moment[:16].replace("T", " ")


def headline(record: Mapping[str, Any]) -> str:
    """The first sentence."""
    totals = record["totals"]
    if totals is None:
        return "Price review: the head has errors, so nothing could be computed"
    if record["findings"] and record.get("stand_ins"):
        return f"Price review: the head has errors; {_sound(record)}"
    if not totals["changed_offers"]:
        now = " now" if record["differs"] else ""
        return f"Price review: none of {count(totals['offers'], 'offer')} changes{now}"
    mean = totals["mean_share"]
    average = "" if mean is None else f", prices {percent(mean)} on average"
    verb = "changes" if totals["changed_offers"] == 1 else "change"
    return (
        f"Price review: {totals['changed_offers']:,} of {count(totals['offers'], 'offer')} "
        f"{verb}{average}"
    )


def _sound(record: Mapping[str, Any]) -> str:
    totals = record["totals"]
    changed = f"{totals['changed_offers']:,}" if record["differs"] else "none"
    return f"without them {changed} of {count(totals['offers'], 'offer')} would change"


def verdict(record: Mapping[str, Any]) -> str:
    """Whether the change may go on, in a sentence."""
    tally = {name: sum(g["result"] == name for g in record["guards"]) for name in RESULTS}
    if record["findings"]:
        return "The head has errors"
    if tally["blocks"]:
        return f"{count(tally['blocks'], 'guard blocks', 'guards block')} this change"
    if then := list(later(record)):
        return f"{count(len(then), 'guard blocks', 'guards block')} this change later"
    refused = sum(one["result"] == "refused" for one in record.get("approvals", ()))
    if refused:
        return f"{count(refused, 'approval does', 'approvals do')} not count"
    if tally["warns"]:
        return f"{count(tally['warns'], 'guard warns', 'guards warn')} of this change"
    if not record["differs"]:
        return "No offer changes"
    return "No guard objects, with approvals" if tally["approved"] else "No guard objects"


RESULTS = ("blocks", "warns", "approved", "passes")
"""What a guard says of a change, the worst first."""


def changed_file(document: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """The first file of a document that is another one: its table may be, and it itself not."""
    own: list[str] = document["after"] or document["before"]
    changed = {one["file"] for one in record["files"]}
    return next((file for file in own if file in changed), own[0])


def versions(record: Mapping[str, Any]) -> str:
    """What was compared, and over what."""
    sides = " → ".join(_side(record[name]) for name in ("base", "head"))
    return f"{sides}, as of {record['as_of']}" if record["as_of"] else sides


def _side(side: Mapping[str, Any]) -> str:
    commit = side["commit"]
    if commit is None:
        return str(side["name"])
    return f"{commit[:7]}" if side["name"] == commit else f"{side['name']} {commit[:7]}"
