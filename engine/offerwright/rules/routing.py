"""Routing documents → one plan per account, and everything that can be wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related
from offerwright.expressions.cells import Words
from offerwright.expressions.conditions import tests
from offerwright.expressions.syntax import Typed, columns
from offerwright.expressions.types import INTEGER, money
from offerwright.expressions.typing import Scope
from offerwright.facts.literals import parse_duration
from offerwright.facts.schema import FactDef
from offerwright.rules.analysis.dead import said_dead
from offerwright.rules.analysis.grid import grid_of
from offerwright.rules.analysis.overlap import overlaps
from offerwright.rules.analysis.segments import Domain
from offerwright.rules.cascade import applying, check_scope
from offerwright.rules.plan import Account, DocumentInfo, RuleSet, TablePlan
from offerwright.rules.routing_attempts import compile_attempts
from offerwright.rules.routing_document import RoutingDocument
from offerwright.rules.routing_plan import COST_RESULTS, LOAD, RoutingPlan, RoutingSet, StockPlan
from offerwright.rules.routing_scope import RoutingFacts, routing_scope, with_names
from offerwright.rules.rows import Findings, check_window, window
from offerwright.rules.tables import Setting, compile_expression, compile_table
from offerwright.source.located import Loaded
from offerwright.source.suggest import did_you_mean

NODE_STOCK = "declare it `{type: map of integer, from: …, key: node}`, or of a node with `key: sku`"


def link_routing(
    loaded: Sequence[Loaded[RoutingDocument]],
    facts: RoutingFacts,
    rules: RuleSet,
    marketplaces: Sequence[str],
) -> tuple[RoutingSet, list[Diagnostic]]:
    """The routing of every account, and every finding; with an error it must not be run."""
    findings = Findings()
    zone = ZoneInfo(rules.time_zone)
    accounts = [plan.account for plan in rules.plans]
    known = {
        "marketplace": marketplaces,
        "account": [account.name for account in accounts],
        "trade_policy": sorted({a.trade_policy for a in accounts if a.trade_policy}),
    }
    for one in loaded:
        _check_head(one, known, facts, zone, findings)
    _check_doubles(loaded, zone, findings)
    plans = {
        plan.account.name: tuple(
            _compiled(one, plan.account, plan.scope, facts, rules.words, findings)
            for one in applying(loaded, plan.account)
        )
        for plan in rules.plans
    }
    return RoutingSet(plans, facts.entities), findings.items


def _check_head(
    loaded: Loaded[RoutingDocument],
    known: Mapping[str, Sequence[str]],
    facts: RoutingFacts,
    zone: ZoneInfo,
    findings: Findings,
) -> None:
    at = loaded.located.at
    check_scope(loaded, known, findings)
    check_window(loaded.document.valid, zone, at(("valid", "before")), f"`{loaded.name}`", findings)
    if not facts.has_nodes:
        findings.say(
            "NO_NODES", at(("kind",)), "no facts document says what is known of a node",
            "add `kind: facts` with `of: node`, and a source with one row per node",
        )  # fmt: skip


def _check_doubles(
    loaded: Sequence[Loaded[RoutingDocument]], zone: ZoneInfo, findings: Findings
) -> None:
    """Two documents with one `for` cannot both route an order."""
    for one, other in combinations(sorted(loaded, key=lambda d: d.name), 2):
        if one.document.for_ != other.document.for_:
            continue
        windows = [window(d.document.valid, zone) for d in (one, other)]
        starts = [w[0] for w in windows if w[0] is not None]
        ends = [w[1] for w in windows if w[1] is not None]
        if not starts or not ends or max(starts) < min(ends):
            findings.say(
                "SCOPE_CONFLICT", other.located.at(("name",)),
                f"`{other.name}` and `{one.name}` both route the same orders",
                "give one a narrower `for`, or windows that do not meet",
                related=(Related(one.located.at(("name",)), "the other stands here"),),
            )  # fmt: skip


def _compiled(
    loaded: Loaded[RoutingDocument],
    account: Account,
    priced: Scope,
    facts: RoutingFacts,
    words: Words,
    findings: Findings,
) -> RoutingPlan:
    document = loaded.document
    scope = replace(routing_scope(facts, account.currency, priced.names), maps=priced.maps)
    setting = Setting(loaded, scope, words, findings)
    derived, scope = _derived(loaded, scope, findings)
    setting = replace(setting, scope=scope)
    cost = _ship_cost(setting, account)
    more = {LOAD: INTEGER} | ({"ship_cost": money(account.currency)} if cost else {})
    attempts = compile_attempts(replace(setting, scope=with_names(scope, more)), facts)
    _check_stock(setting, facts)
    _check_capacity(setting)
    if not facts.has_coordinates:
        _check_distance(setting, cost, derived)
    return RoutingPlan(
        document=DocumentInfo(
            document.kind, document.name, loaded.file, loaded.revision, document.for_.width,
            document.override, window(document.valid, words.zone),
        ),
        span=loaded.located.at(("name",)),
        stock=StockPlan(
            document.stock.on_hand, document.stock.allocated, document.stock.reserved,
            document.stock.keep,
        ),
        unknown_km=document.distance.unknown_km,
        zip_digits=tuple(sorted(document.distance.zip_digits)),
        capacity=document.capacity,
        derived=derived,
        ship_cost=cost,
        attempts=attempts,
        queue=document.otherwise.queue,
        cancel_after_s=_seconds(document.otherwise.cancel_after),
        maps=scope.maps,
    )  # fmt: skip


def _seconds(duration: str | None) -> int | None:
    return None if duration is None else parse_duration(duration)


def _derived(
    loaded: Loaded[RoutingDocument], scope: Scope, findings: Findings
) -> tuple[tuple[tuple[str, Typed], ...], Scope]:
    found: list[tuple[str, Typed]] = []
    for name, expression in loaded.document.derive.items():
        if name in scope.types or name in ("ship_cost", "parcels", "has_stock_for"):
            findings.say(
                "RESERVED_NAME", loaded.located.key(("derive", name)),
                f"`{name}` is a word of the language", f"choose another name: `{name}_here`",
            )  # fmt: skip
            continue
        typed = compile_expression(expression, loaded.located.at(("derive", name)), scope, findings)
        if typed is not None:
            found.append((name, typed))
            scope = with_names(scope, {name: replace(typed.type, bare=False)})
    return tuple(found), scope


def _ship_cost(setting: Setting, account: Account) -> TablePlan | None:
    table = setting.loaded.document.ship_cost
    if table is None:
        return None
    path = ("ship_cost",)
    if not table.is_table:
        setting.say("NOTHING_SET", path, "the cost of shipping has no rows and no `otherwise`")
    if table.hit == "collect":
        setting.say("WRONG_HIT", ("ship_cost", "hit"), "a cost has one row: unique, first or any")
    label = f"{setting.loaded.name}/ship_cost"
    currency = money(account.currency)
    made = compile_table(table, path, setting, label, dict.fromkeys(COST_RESULTS, currency))
    _prove(made, setting)
    known = setting.scope.types
    for name, needed in (("per_kg", "weight_kg"), ("per_km", "distance_km")):
        if made.result(name) is not None and needed not in known:
            setting.say(
                "UNKNOWN_FACT", path, f"`{name}` needs `{needed}`, and no SKU has a weight",
                "declare the fact `weight` of type weight, or drop `per_kg`",
            )  # fmt: skip
    return made


def _prove(table: TablePlan, setting: Setting) -> None:
    """Rows of the cost that overlap or never win; a gap leaves the cost missing, which is fine."""
    domains = {name: Domain(is_nullable=False) for name in setting.scope.always}
    for name, (low, high) in setting.scope.bounds.items():
        domains[name] = Domain(low, high, None, name not in setting.scope.always)
    grid = grid_of(table, domains)
    setting.findings.items += [*overlaps(grid, setting.words.zone), *said_dead(grid)]


def _check_stock(setting: Setting, facts: RoutingFacts) -> None:
    for key in ("on_hand", "allocated", "reserved"):
        name = getattr(setting.loaded.document.stock, key)
        if name is None:
            continue
        fact = facts.schema.facts.get(name) or facts.entities.facts("node").get(name)
        path = ("stock", key)
        if fact is None:
            known = [n for n, f in _unit_facts(facts)]
            near = did_you_mean(name, known)
            setting.say("UNKNOWN_FACT", path, f"no fact is called `{name}`", near or NODE_STOCK)
        elif not _is_units(fact):
            setting.say("WRONG_TYPE", path, f"`{name}` is {fact.type}; units by node stand here",
                        NODE_STOCK)  # fmt: skip


def _unit_facts(facts: RoutingFacts) -> Iterator[tuple[str, FactDef]]:
    for known in (facts.schema.facts, facts.entities.facts("node")):
        yield from ((name, fact) for name, fact in known.items() if _is_units(fact))


def _is_units(fact: FactDef) -> bool:
    return fact.type.name == "map" and fact.element.name == "integer"


def _check_capacity(setting: Setting) -> None:
    name = setting.loaded.document.capacity
    if name is None:
        return
    found = setting.scope.types.get(name)
    if found is None or not name.startswith("node."):
        setting.say(
            "UNKNOWN_FACT", ("capacity",), f"no fact of a node is called `{name}`",
            did_you_mean(name, [n for n in setting.scope.types if n.startswith("node.")])
            or "write `node.` and a fact of `of: node`: node.capacity",
        )  # fmt: skip
    elif found.name != "integer":
        setting.say("WRONG_TYPE", ("capacity",), f"`{name}` is {found}; parcels are counted",
                    "declare it `type: integer`")  # fmt: skip


def _check_distance(
    setting: Setting, cost: TablePlan | None, derived: Sequence[tuple[str, Typed]]
) -> None:
    """A distance that can never be known decides nothing; it is said where it is asked for."""
    hint = (
        "give nodes the facts `latitude` and `longitude`, or a `zip` and places that have them "
        "(`of: place`)"
    )
    places: dict[tuple[str | int, ...], bool] = {
        ("derive", name): "distance_km" in columns(typed) for name, typed in derived
    }
    if cost is not None:
        asked = (test.fact for row in cost.rows for test in tests(row.condition))
        places["ship_cost",] = "distance_km" in asked
    for index, attempt in enumerate(setting.loaded.document.attempts):
        places["attempts", index, "where", "distance_km"] = "distance_km" in attempt.where
        for key, rank in enumerate(attempt.rank):
            places["attempts", index, "rank", key, "by"] = rank.by == "distance_km"
    for path, asks in places.items():
        if asks:
            setting.say("NO_COORDINATES", path, "no node has a place on the map: `distance_km` is "
                        "never known", hint)  # fmt: skip
