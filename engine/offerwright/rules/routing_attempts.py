"""The attempts of a routing document → compiled filters, total rankings, and what cannot happen."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from offerwright.errors import Related
from offerwright.expressions.conditions import ALWAYS
from offerwright.expressions.syntax import Const, Typed
from offerwright.expressions.types import INTEGER, Type
from offerwright.rules.analysis.dead import dead_rows, never_matching
from offerwright.rules.analysis.grid import grid_of
from offerwright.rules.plan import RowPlan
from offerwright.rules.routing_document import Attempt, RankKey, Split
from offerwright.rules.routing_plan import (
    NODE_ID,
    PARCELS,
    AttemptPlan,
    RankPlan,
    SplitPlan,
    StockTest,
)
from offerwright.rules.routing_scope import RoutingFacts
from offerwright.rules.row_masks import table_of_rows
from offerwright.rules.tables import Setting, compile_expression, compile_when
from offerwright.source.located import Path
from offerwright.source.suggest import did_you_mean

STOCK_FOR = "has_stock_for"
STOCK_TESTS: Mapping[str, StockTest] = {"every_line": "every_line", "any_line": "any_line"}


def compile_attempts(setting: Setting, facts: RoutingFacts) -> tuple[AttemptPlan, ...]:
    """All attempts in order. `setting.scope` knows what a `where` may name."""
    attempts = setting.loaded.document.attempts
    _check_ids(setting)
    before = len(setting.findings.items)
    plans = tuple(_attempt(number, one, setting, facts) for number, one in enumerate(attempts))
    if any(one.severity == "error" for one in setting.findings.items[before:]):
        return plans  # a filter that cannot be read lets every node pass: nothing follows from it
    for number, plan in enumerate(plans):
        if _never_passes(plan):
            setting.findings.say(
                "ATTEMPT_UNREACHABLE", plan.span, f"no node can pass all filters of `{plan.id}`",
                "two of them exclude each other: remove one",
            )  # fmt: skip
            continue
        earlier = next((e for e in plans[:number] if _covers(e, plan)), None)
        if earlier is not None:
            setting.findings.say(
                "ATTEMPT_UNREACHABLE", plan.span,
                f"`{plan.id}` is never reached: whatever it can carry, `{earlier.id}` carries "
                "before it",
                "move it up, loosen it, or remove it",
                related=(Related(earlier.span, f"`{earlier.id}` stands here"),),
            )  # fmt: skip
    return plans


def _check_ids(setting: Setting) -> None:
    first: dict[str, Path] = {}
    for number, attempt in enumerate(setting.loaded.document.attempts):
        path: Path = ("attempts", number, "id")
        if attempt.id in first:
            at = setting.loaded.located.at
            setting.findings.say(
                "DUPLICATE_ID", at(path), f"the id `{attempt.id}` is used twice",
                "ids are unique in a document and stay when attempts are moved",
                related=(Related(at(first[attempt.id]), "first used here"),),
            )  # fmt: skip
        first.setdefault(attempt.id, path)


def _attempt(number: int, attempt: Attempt, setting: Setting, facts: RoutingFacts) -> AttemptPlan:
    path: Path = ("attempts", number)
    where = {name: cell for name, cell in attempt.where.items() if name != STOCK_FOR}
    return AttemptPlan(
        id=attempt.id,
        span=setting.loaded.located.at((*path, "id")),
        where=compile_when(where, (*path, "where"), setting, attempt.id),
        stock_for=_stock_for(attempt, path, setting),
        rank=_rank(attempt, path, setting),
        split=_split(attempt.split, path, setting, facts),
    )


def _stock_for(attempt: Attempt, path: Path, setting: Setting) -> StockTest:
    """What a node must have; a filter that contradicts the split rule is a finding."""
    whole = attempt.split == "never"
    natural: StockTest = "every_line" if whole else "any_line"
    if STOCK_FOR not in attempt.where:
        return natural
    written = attempt.where[STOCK_FOR]
    at: Path = (*path, "where", STOCK_FOR)
    if not isinstance(written, str) or written not in STOCK_TESTS:
        setting.say("WRONG_STOCK_TEST", at, f"`{written}` is no test of stock",
                    "write `every_line` or `any_line`")  # fmt: skip
        return natural
    found = STOCK_TESTS[written]
    if whole and found == "any_line":
        setting.say(
            "WRONG_STOCK_TEST", at, "without a split one node carries every line",
            "write `has_stock_for: every_line`, or `split: {max_parcels: 2}`",
        )  # fmt: skip
    if not whole and found == "every_line":
        setting.say(
            "WRONG_STOCK_TEST", at,
            "a node that has every line needs no second parcel: nothing would ever be split",
            "write `has_stock_for: any_line`, or `split: never`",
        )  # fmt: skip
    return found


def _rank(attempt: Attempt, path: Path, setting: Setting) -> tuple[RankPlan, ...]:
    plans: list[RankPlan] = []
    for index, key in enumerate(attempt.rank):
        at: Path = (*path, "rank", index)
        plan = _key(key, at, setting)
        if plan is None:
            continue
        idle = _why_idle(plan, plans, attempt)
        if idle:
            setting.findings.say("RANK_KEY_IDLE", setting.loaded.located.at((*at, "by")),
                                 f"`{key.by}` decides nothing here: {idle}", "remove this key",
                                 severity="warning")  # fmt: skip
        plans.append(plan)
    if not any(plan.by == NODE_ID for plan in plans):
        setting.findings.say(
            "RANK_NOT_TOTAL", setting.loaded.located.key((*path, "rank")),
            "two nodes may be equal by these keys; the last key `node.id` is added",
            "write `{by: node.id}` as the last key", severity="note",
        )  # fmt: skip
        plans.append(RankPlan(NODE_ID, setting.scope.types[NODE_ID], None, False))
    return tuple(plans)


def _why_idle(plan: RankPlan, before: list[RankPlan], attempt: Attempt) -> str:
    if any(one.by == NODE_ID for one in before):
        return "no two nodes have one `node.id`"
    if any(one.by == plan.by and one.band is None for one in before):
        return "it stands above already"
    if plan.by == PARCELS and attempt.split == "never":
        return "without a split there is one parcel"
    return ""


def _key(key: RankKey, at: Path, setting: Setting) -> RankPlan | None:
    type_ = INTEGER if key.by == PARCELS else setting.scope.types.get(key.by)
    if type_ is None:
        known = [*setting.scope.types, PARCELS]
        hint = did_you_mean(key.by, known) or "declare it in a `kind: facts` document `of: node`"
        setting.say("UNKNOWN_FACT", (*at, "by"), f"nothing is called `{key.by}` here", hint)
        return None
    if type_.name in ("list", "map"):
        setting.say("WRONG_TYPE", (*at, "by"), f"`{key.by}` is {type_}, which has no order",
                    "rank by a number, a date, a text or true and false")  # fmt: skip
        return None
    return RankPlan(key.by, type_, _band(key, type_, at, setting), key.order == "desc")


def _band(key: RankKey, type_: Type, at: Path, setting: Setting) -> Decimal | None:
    if key.band is None:
        return None
    if not (type_.is_decimal or type_.name == "duration"):
        setting.say("BAD_BAND", (*at, "band"), f"`{key.by}` is {type_}, which has no bands",
                    "bands are for numbers, money and durations")  # fmt: skip
        return None
    span = setting.loaded.located.at((*at, "band"))
    typed = compile_expression(key.band, span, setting.scope, setting.findings, type_)
    if typed is None:
        return None
    width = _number_of(typed)
    if width <= 0:
        setting.say("BAD_BAND", (*at, "band"), f"a band is wider than nought, not {key.band}",
                    "write its width, such as `band: 50`, or drop `band`")  # fmt: skip
        return None
    return width


def _number_of(typed: Typed) -> Decimal:
    """A constant; 0, which is no width, for what must be computed first."""
    if isinstance(typed, Const) and not isinstance(typed.value, str | bool):
        return Decimal(typed.value)
    return Decimal(0)


def _split(split: Any, path: Path, setting: Setting, facts: RoutingFacts) -> SplitPlan | None:
    if not isinstance(split, Split):
        return None
    for index, name in enumerate(split.keep_together):
        fact = facts.line_fact(name)
        at: Path = (*path, "split", "keep_together", index)
        if fact is None:
            known = [*facts.entities.facts("line"), *facts.schema.facts]
            setting.say(
                "UNKNOWN_FACT", at, f"no fact of a line or of its SKU is called `{name}`",
                did_you_mean(name, known) or f"declare `{name}` in `kind: facts` with `of: line`",
            )  # fmt: skip
        elif not (fact.type.is_text or fact.type.name == "boolean"):
            setting.say("WRONG_TYPE", at, f"`{name}` is {fact.type}; a word that lines share "
                        "stands here", "name a text, an enum or a boolean")  # fmt: skip
    return SplitPlan(
        split.max_parcels, split.among, split.min_value, tuple(dict.fromkeys(split.keep_together))
    )


def _covers(earlier: AttemptPlan, later: AttemptPlan) -> bool:
    """Whether the earlier attempt provably carries whatever the later one can carry."""
    if not _passes_as_much(earlier, later):
        return False
    if later.split is None:
        return True  # one parcel from one node: that node passes the earlier filters too
    if earlier.split is None or not _passes_as_much(later, earlier):
        return False
    # With a looser filter other nodes may crowd out the best ranked ones, so filters and
    # rankings must be the same for one search to hold the other.
    one, other = earlier.split, later.split
    return (
        earlier.rank == later.rank
        and one.max_parcels >= other.max_parcels
        and one.among >= other.among
        and (one.min_value or 0) <= (other.min_value or 0)
        and set(one.keep_together) <= set(other.keep_together)
    )


def _passes_as_much(one: AttemptPlan, other: AttemptPlan) -> bool:
    """Whether every node that passes the other filter passes this one; False if not provable."""
    if one.where is None:
        return True
    row = RowPlan("other", other.span, other.where.rows[0].condition if other.where else ALWAYS)
    rows = (RowPlan("one", one.span, one.where.rows[0].condition), row)
    table = table_of_rows("", one.span, "first", None, rows, (), True)
    return any(dead.row == 1 for dead in dead_rows(grid_of(table, {}))[0])


def _never_passes(plan: AttemptPlan) -> bool:
    """Whether the filters of an attempt exclude each other."""
    return plan.where is not None and bool(never_matching(grid_of(plan.where, {})))
