"""What `check` says of routing documents and of the facts that they use, and where."""

from __future__ import annotations

import pytest
from orders.small_world import FILES, checked

from offerwright.errors import Diagnostic

HEAD = "kind: routing\nname: r\notherwise: {queue: manual}\n"


def found(text: str, **files: str) -> list[Diagnostic]:
    named = {f"rules/{name}.yaml": content for name, content in files.items()}
    said = checked({"rules/r.yaml": text, **named})[1]
    # The small shop has no guards, which is not what these tests are about.
    return [one for one in said if one.code != "NO_FLOOR"]


def attempts(*lines: str) -> str:
    return HEAD + "attempts:\n" + "".join(f"  - {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        (
            attempts("{id: a, where: {node.opn: true}, rank: [{by: node.id}]}"),
            "UNKNOWN_FACT", "5:21", "did you mean 'node.open'?",
        ),
        (
            attempts("{id: a, rank: [{by: distance}, {by: node.id}]}"),
            "UNKNOWN_FACT", "5:25", "did you mean 'distance_km'?",
        ),
        (
            attempts("{id: a, where: {order.priority: expres}, rank: [{by: node.id}]}"),
            "WRONG_CONDITION", "5:37", "did you mean 'express'?",
        ),
        (
            attempts("{id: a, rank: [{by: distance_km, band: 0}, {by: node.id}]}"),
            "BAD_BAND", "5:44", "wider than nought, not 0",
        ),
        (
            attempts("{id: a, rank: [{by: distance_km, band: -50}, {by: node.id}]}"),
            "BAD_BAND", "5:44", "wider than nought",
        ),
        (
            attempts("{id: a, rank: [{by: node.zone, band: 5}, {by: node.id}]}"),
            "BAD_BAND", "5:42", "`node.zone` is path, which has no bands",
        ),
        (
            attempts("{id: a, rank: [{by: distance_km}]}"),
            "RANK_NOT_TOTAL", "5:13", "the last key `node.id` is added",
        ),
        (
            attempts("{id: a, rank: [{by: node.id}, {by: distance_km}]}"),
            "RANK_KEY_IDLE", "5:40", "no two nodes have one `node.id`",
        ),
        (
            attempts("{id: a, rank: [{by: parcels}, {by: node.id}]}"),
            "RANK_KEY_IDLE", "5:25", "without a split there is one parcel",
        ),
        (
            attempts("{id: a, where: {has_stock_for: any_line}, rank: [{by: node.id}]}"),
            "WRONG_STOCK_TEST", "5:36", "one node carries every line",
        ),
        (
            attempts(
                "{id: a, where: {has_stock_for: every_line}, rank: [{by: node.id}], "
                "split: {max_parcels: 2}}"
            ),
            "WRONG_STOCK_TEST", "5:36", "nothing would ever be split",
        ),
        (
            attempts("{id: a, where: {has_stock_for: all}, rank: [{by: node.id}]}"),
            "WRONG_STOCK_TEST", "5:36", "`all` is no test of stock write `every_line` or `any_line`",
        ),
        (
            attempts("{id: a, rank: [{by: node.id}]}", "{id: a, rank: [{by: node.id}]}"),
            "DUPLICATE_ID", "6:10", "the id `a` is used twice",
        ),
        (
            attempts(
                "{id: a, where: {distance_km: '<= 300'}, rank: [{by: node.id}]}",
                "{id: b, where: {distance_km: '<= 100', node.open: true}, rank: [{by: node.id}]}",
            ),
            "ATTEMPT_UNREACHABLE", "6:10", "whatever it can carry, `a` carries before it",
        ),
        (
            attempts("{id: a, where: {all: [{node.load: '< 2'}, {node.load: '> 5'}]}, rank: [{by: node.id}]}"),
            "ATTEMPT_UNREACHABLE", "5:10", "no node can pass all filters of `a`",
        ),
        (
            attempts(
                "{id: a, rank: [{by: node.id}], split: {max_parcels: 3}}",
                "{id: b, rank: [{by: node.id}], split: {max_parcels: 2, min_value: 5}}",
            ),
            "ATTEMPT_UNREACHABLE", "6:10", "`a` carries before it",
        ),
        (
            attempts("{id: a, rank: [{by: node.id}], split: {max_parcels: 2, keep_together: [kt]}}"),
            "UNKNOWN_FACT", "5:76", "did you mean 'kit'?",
        ),
        (
            attempts("{id: a, rank: [{by: node.id}], split: {max_parcels: 2, keep_together: [weight]}}"),
            "WRONG_TYPE", "5:76", "a word that lines share stands here",
        ),
        (
            HEAD + "capacity: capacity\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "UNKNOWN_FACT", "4:11", "did you mean 'node.capacity'?",
        ),
        (
            HEAD + "capacity: node.zone\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "WRONG_TYPE", "4:11", "parcels are counted",
        ),
        (
            HEAD + "stock: {on_hand: stok}\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "UNKNOWN_FACT", "4:18", "did you mean 'stock'?",
        ),
        (
            HEAD + "stock: {on_hand: weight}\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "WRONG_TYPE", "4:18", "units by node stand here",
        ),
        (
            HEAD + "derive: {late: order.tme > node.cut_off}\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "UNKNOWN_NAME", "4:16", "did you mean 'order.time'?",
        ),
        (
            HEAD + "derive: {busy: node.load > 3}\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "UNKNOWN_NAME", "4:16", "nothing is called `node.load` here",
        ),
        (
            HEAD + "derive: {ship_cost: 5}\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "RESERVED_NAME", "4:10", "`ship_cost` is a word of the language",
        ),
        (
            HEAD + "ship_cost: {otherwise: {cost: 5}}\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "UNKNOWN_RESULT", "4:31", "results: `ship_cost`, `per_kg`, `per_km`",
        ),
        (
            HEAD + "for: {category: toys}\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "UNSUPPORTED_SCOPE", "4:7", "an order may hold several of them",
        ),
        (
            HEAD + "for: {account: c}\nattempts: [{id: a, rank: [{by: node.id}]}]\n",
            "UNKNOWN_ACCOUNT", "4:16", "no account is called `c`",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_place(text: str, code: str, place: str, says: str) -> None:
    said = {f"{d.code} {d.span}": f"{d.message} {d.hint}" for d in found(text)}

    assert f"{code} rules/r.yaml:{place}" in said
    assert says in said[f"{code} rules/r.yaml:{place}"]


def test_rows_of_the_cost_that_overlap_or_never_win_are_found() -> None:
    both = "rules: [{id: x, when: {distance_km: '< 9'}, then: {ship_cost: 1}}, {id: y, when: {distance_km: '< 5'}, then: {ship_cost: 2}}]"
    tail = "attempts: [{id: a, rank: [{by: node.id}]}]\n"
    unique = found(HEAD + f"ship_cost: {{{both}}}\n" + tail)
    first = found(HEAD + f"ship_cost: {{hit: first, {both}, otherwise: {{ship_cost: 3}}}}\n" + tail)

    assert {d.code for d in unique} == {"RULES_OVERLAP"}
    assert {d.code for d in first} == {"DEAD_ROW"}


@pytest.mark.parametrize(
    ("written", "place", "says"),
    [
        ("{max_parcels: 4}", "5:57", "`max_parcels` must be at most 3"),
        ("{max_parcels: 1}", "5:57", "`max_parcels` must be at least 2"),
        ("{max_parcels: 2, among: 13}", "5:67", "`among` must be at most 12"),
        ("{max_parcels: 2, min_value: -1}", "5:71", "`min_value` must be at least 0"),
        ("{max_parcel: 2}", "5:44", "did you mean 'max_parcels'?"),
        ("sometimes", "5:43", "allowed: never"),
    ],
)
def test_a_split_out_of_its_bounds_says_what_it_may_be(written: str, place: str, says: str) -> None:
    text = attempts(f"{{id: a, rank: [{{by: node.id}}], split: {written}}}")
    (one,) = found(text)

    assert str(one.span) == f"rules/r.yaml:{place}"
    assert says in f"{one.message} {one.hint}"


def test_a_filter_that_cannot_be_read_covers_no_other_attempt() -> None:
    text = attempts(
        "{id: a, where: {node.opn: true}, rank: [{by: node.id}]}",
        "{id: b, where: {node.open: true}, rank: [{by: node.id}]}",
    )

    assert {d.code for d in found(text)} == {"UNKNOWN_FACT"}


def test_an_attempt_that_only_may_be_covered_is_not_called_unreachable() -> None:
    text = attempts(
        "{id: a, where: {distance_km: '<= 300'}, rank: [{by: node.id}]}",
        "{id: b, where: {distance_km: '<= 400', node.open: true}, rank: [{by: node.id}]}",
        "{id: c, where: {distance_km: missing}, rank: [{by: node.id}]}",
        "{id: d, where: {distance_km: '<= 300'}, rank: [{by: node.id}], split: {max_parcels: 2}}",
        "{id: e, rank: [{by: node.load}, {by: node.id}], split: {max_parcels: 2}}",
    )

    assert [d.code for d in found(text)] == []


def test_two_documents_for_the_same_orders_at_one_time_conflict() -> None:
    other = attempts("{id: a, rank: [{by: node.id}]}").replace("name: r", "name: s")
    dated = "valid: {{{}: 2026-12-01}}\n"
    one = attempts("{id: a, rank: [{by: node.id}]}")

    assert "SCOPE_CONFLICT" in {d.code for d in found(one, s=other)}
    assert [
        d.code for d in found(dated.format("before") + one, s=dated.format("from") + other)
    ] == []
    assert [d.code for d in found(one, s="for: {account: b}\n" + other)] == []


def test_routing_without_nodes_is_said_once() -> None:
    one = attempts("{id: a, rank: [{by: node.id}]}")
    files = {"rules/nodes.yaml": FILES["rules/lines.yaml"].replace("name: lines", "name: other")}

    assert [d.code for d in checked({"rules/r.yaml": one, **files})[1]].count("NO_NODES") == 1


def test_a_distance_that_can_never_be_known_is_said_where_it_is_asked_for() -> None:
    facts = "kind: facts\nname: nodes\nof: node\nfacts: {open: {type: boolean, from: nodes.open}}\n"
    text = attempts(
        "{id: a, where: {distance_km: '< 5'}, rank: [{by: distance_km}, {by: node.id}]}"
    )
    said = [f"{d.code} {d.span}" for d in found(text, nodes=facts)]

    assert "NO_COORDINATES rules/r.yaml:5:34" in said
    assert "NO_COORDINATES rules/r.yaml:5:54" in said


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ("of: node\nfacts: {id: {type: text, from: nodes.id}}", "RESERVED_NAME"),
        ("of: node\nfacts: {a: {type: text, from: nodes.a, per: account}}", "WRONG_FACT"),
        ("of: place\nfacts: {a: {type: map of integer, from: places.a, key: b}}", "WRONG_FACT"),
        ("of: line\nfacts: {a: {type: text, from: catalogue.a}}", "UNKNOWN_SOURCE"),
        ("of: node\nfacts: {a: {type: text, from: nodes.a}}\nderive: {b: 1}", "WRONG_FACT"),
        ("of: node\nfacts: {a: {type: txt, from: nodes.a}}", "UNKNOWN_TYPE"),
    ],
)
def test_facts_of_nodes_and_orders_are_checked_as_those_of_skus(facts: str, code: str) -> None:
    assert code in {d.code for d in found(attempts(), x=f"kind: facts\nname: x\n{facts}\n")}


def test_one_name_may_be_a_fact_of_a_node_and_of_an_order() -> None:
    facts = "kind: facts\nname: x\nof: order\nfacts: {zone: {type: text, from: orders.zone}}\n"
    text = attempts("{id: a, where: {order.zone: x, node.zone: br}, rank: [{by: node.id}]}")

    assert found(text, x=facts) == []
