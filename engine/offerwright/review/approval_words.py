"""One approval of a review in words: the same in every rendering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from offerwright.review.words import count, level

_SHARES = ("down", "up", "at_most")


def reach(approval: Mapping[str, Any]) -> str:
    """What it allows: `step, down 45.0 %, brand Acme, until 2026-11-30: summer (maria)`."""
    bounds = [
        f"{name.replace('_', ' ')} {level(value) if name in _SHARES else value}"
        for name, value in approval["bounds"].items()
    ]
    select, accounts = approval["select"], approval.get("for")
    offers = "all offers" if not select else _selection(select)
    whose = [f"for {_selection(accounts)}"] if accounts else []
    # A reason of several lines could pass for lines of the review.
    why = " ".join(f"{approval['reason']} ({approval['approver']})".split())
    parts = [approval["guard"], *bounds, offers, *whose, f"until {approval['expires']}: {why}"]
    return ", ".join(parts)


def _selection(select: Any) -> str:
    """A selector as it is read aloud: `category under casa/mesa and tier gold or silver`."""
    if isinstance(select, Mapping):
        said = " and ".join(f"{name} {_selection(value)}" for name, value in select.items())
    elif isinstance(select, list):
        said = " or ".join(map(_selection, select))
    else:
        said = str(select)
    return " ".join(said.split())


def standing(approval: Mapping[str, Any]) -> str:
    """What it lets pass, and who agreed; or why it does not count."""
    if approval["why"]:
        return f"does not count: {approval['why']}"
    brought = [f"{one['author']} ({one['commit'][:7]})" for one in approval["commits"]]
    agreed = f"agreed by {', '.join(brought)}" if brought else "agreed before this change"
    return f"{passing(approval)}; {agreed}"


def passing(approval: Mapping[str, Any]) -> str:
    """`lets 12 offers pass`, `lets the run of meli pass`."""
    runs = [f"the run of {account}" for account in approval["accounts"]]
    offers = [count(approval["offers"], "offer")] if approval["offers"] or not runs else []
    return f"lets {' and '.join([*offers, *runs])} pass"


def tally(approvals: Sequence[Mapping[str, Any]]) -> str:
    """`2 new approvals, 1 of them does not count`; `1 new approval, which does not count`."""
    new = [one for one in approvals if one["change"] == "new"]
    refused = sum(one["result"] == "refused" for one in approvals)
    said = count(len(new), "new approval")
    if not refused:
        return said
    if refused == len(new):
        return f"{said}, which {'does' if refused == 1 else 'do'} not count"
    return f"{said}, {refused:,} of them {'does' if refused == 1 else 'do'} not count"
