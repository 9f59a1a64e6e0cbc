"""Approvals → what they let pass for each account, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from offerwright.expressions.parse import microseconds
from offerwright.guards.document import GuardRule
from offerwright.guards.plan import RUN_CHECKS, ApprovalPlan
from offerwright.rules.cascade import applies_to
from offerwright.rules.document import Approval, ApprovalsDocument
from offerwright.rules.plan import AccountPlan, RuleSet
from offerwright.rules.rows import Findings
from offerwright.rules.tables import Setting, compile_when
from offerwright.source.document import OFFER_KEYS
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import suggest

# Which of its own bounds an approval may give for a check.
APPROVABLE: dict[str, tuple[str, ...]] = {
    "step_from_live": ("down", "up"),
    "move_over_window": ("down", "up"),
    "price_at_least": ("bound",),
    "price_at_most": ("bound",),
    "map_price": ("bound",),
    "discount_at_most": ("at_most",),
    "share_moved": ("at_most",),
    "share_zeroed": ("at_most",),
    "share_delisted": ("at_most",),
    "exposure": ("bound",),
    "identical_price": ("bound",),
}


def check_approvals(
    approvals: Sequence[Loaded[ApprovalsDocument]],
    guards: Mapping[str, GuardRule],
    known: Mapping[str, Sequence[str]],
    findings: Findings,
    all_loaded: bool,
) -> None:
    """
    Guards and accounts that do not exist, and approvals that can never act.

    Args:
        approvals: the documents.
        guards: the guards of all documents, by id.
        known: by key of `for`, the names that there are.
        findings: where it is said.
        all_loaded: no document was left out for its errors; else a guard may be there unseen.
    """
    for loaded in approvals:
        for index, approval in enumerate(loaded.document.approves):
            path: Path = ("approves", index)
            guard = guards.get(approval.guard)
            if guard is None and not all_loaded:
                continue
            if guard is None:
                findings.say("UNKNOWN_GUARD", loaded.located.at((*path, "guard")),
                             f"no guard is called `{approval.guard}`",
                             suggest(approval.guard, guards))  # fmt: skip
                continue
            _check_effect(approval, guard, loaded, path, findings)
            _check_reach(approval, guard, loaded, path, findings)
            _check_accounts(approval, loaded, path, known, findings)
            allowed = APPROVABLE.get(guard.check, ())
            if not _bounds(approval).keys() & set(allowed):
                wish = " or ".join(f"`{name}`" for name in allowed)
                findings.say(
                    "APPROVAL_WITHOUT_BOUND", loaded.located.at(path),
                    f"this approval of `{approval.guard}` says not how far",
                    f"add {wish}" if wish else f"`{guard.check}` cannot be approved",
                )  # fmt: skip


def _check_effect(
    approval: Approval,
    guard: GuardRule,
    loaded: Loaded[ApprovalsDocument],
    path: Path,
    findings: Findings,
) -> None:
    """Warn of an approval that can never act: nobody would notice until the day it is needed."""
    if guard.else_ != "needs_approval":
        findings.say(
            "APPROVAL_WITHOUT_EFFECT", loaded.located.at((*path, "guard")),
            f"`{guard.id}` has `else: {guard.else_}`, which no approval lifts",
            "delete the approval, or give the guard `else: needs_approval`", severity="warning",
        )  # fmt: skip
    elif guard.check in RUN_CHECKS and approval.select:
        findings.say(
            "APPROVAL_WITHOUT_EFFECT", loaded.located.at((*path, "select")),
            f"`{guard.check}` judges the whole run, so an approval for some offers never counts",
            "leave `select` out", severity="warning",
        )  # fmt: skip


def _check_reach(
    approval: Approval,
    guard: GuardRule,
    loaded: Loaded[ApprovalsDocument],
    path: Path,
    findings: Findings,
) -> None:
    """Warn of bounds that the guard has not, and of those that let pass what passes anyway."""
    bounds, allowed = _bounds(approval), APPROVABLE.get(guard.check, ())
    for name in sorted(bounds.keys() - set(allowed)):
        findings.say(
            "APPROVAL_WITHOUT_EFFECT", loaded.located.at((*path, name)),
            f"`{guard.check}` has no `{name}`, so it lets nothing more pass",
            "leave it out", severity="warning",
        )  # fmt: skip
    shares = [n for n in ("down", "up", "at_most") if n in bounds and n in allowed]
    own = [getattr(guard, name) for name in shares]
    if shares and all(o is not None and bounds[n] <= o for n, o in zip(shares, own, strict=True)):
        findings.say(
            "APPROVAL_WITHOUT_EFFECT", loaded.located.at((*path, shares[0])),
            f"`{guard.id}` itself lets {(own[0] * 100).normalize():f}% pass",
            "write how much further than that", severity="warning",
        )  # fmt: skip


def _check_accounts(
    approval: Approval,
    loaded: Loaded[ApprovalsDocument],
    path: Path,
    known: Mapping[str, Sequence[str]],
    findings: Findings,
) -> None:
    """Names in `for` that do not exist, and keys that select offers."""
    scope = approval.for_
    for key in () if scope is None else scope.keys:
        if key in OFFER_KEYS:
            findings.say(
                "UNSUPPORTED_SCOPE", loaded.located.key((*path, "for", key)),
                f"`for` of an approval names accounts, and {key} is no such name",
                f"write `select: {{{key}: …}}`",
            )  # fmt: skip
            continue
        for name in scope.names(key) if scope is not None else ():
            if name not in known[key]:
                findings.say(
                    f"UNKNOWN_{key.upper()}", loaded.located.at((*path, "for", key)),
                    f"no {key.replace('_', ' ')} is called `{name}`", suggest(name, known[key]),
                )  # fmt: skip


def _bounds(approval: Approval) -> dict[str, Decimal]:
    found = {name: getattr(approval, name) for name in ("down", "up", "at_most", "bound")}
    return {name: value for name, value in found.items() if value is not None}


def approvals_of(
    approvals: Sequence[Loaded[ApprovalsDocument]],
    plan: AccountPlan,
    rules: RuleSet,
    zone: ZoneInfo,
    findings: Findings,
) -> list[ApprovalPlan]:
    """What the documents let pass for one account."""
    found = []
    for loaded in approvals:
        setting = Setting(loaded, plan.scope, rules.words, findings)
        for index, approval in enumerate(loaded.document.approves):
            path: Path = ("approves", index)
            if approval.for_ is not None and not applies_to(approval.for_, plan.account):
                continue
            label = f"{loaded.name}/{index}"
            found.append(
                ApprovalPlan(
                    loaded.name, loaded.located.at((*path, "guard")), approval.guard,
                    compile_when(approval.select, (*path, "select"), setting, label),
                    _bounds(approval), approval.reason, approval.approver,
                    _until(approval, zone),
                )
            )  # fmt: skip
    return found


def _until(approval: Approval, zone: ZoneInfo) -> int:
    """The end of the day that `expires` names."""
    day = approval.expires.date() if isinstance(approval.expires, datetime) else approval.expires
    return microseconds(datetime.combine(day + timedelta(days=1), time(), zone))
