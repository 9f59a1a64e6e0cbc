"""Every case of `tests/cases/routing`: a routing document, SKUs, orders, and what becomes of them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from orders.small_world import order, routed, said, world_of

from offerwright.orders.engines import matcher_of
from offerwright.orders.route import Settings
from offerwright.source.yaml import read_yaml

CASES = Path(__file__).resolve().parents[1] / "cases" / "routing"
HEAD = "kind: routing\nname: routing\notherwise: {queue: manual, cancel_after: 48 hours}\n"


def cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        located, wrong = read_yaml(path.read_bytes(), path.name)
        assert located is not None, wrong
        found += [pytest.param(one, id=one["name"]) for one in located.data["cases"]]
    return found


def lines_of(written: list[Any]) -> list[Any]:
    """`[A, 2]` is a line of two units."""
    return [
        (line[0], int(line[1])) if isinstance(line, list) else {**line, "quantity": int(line["quantity"])}
        for line in written
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ["twin", "auto"])
@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any], engine: str, tmp_path: Path) -> None:
    world = world_of(tmp_path, HEAD + textwrap.dedent(case["routing"]), typed(case["skus"]))
    orders = [
        order(one["id"], *lines_of(one["lines"]),
              **{k: v for k, v in one.items() if k not in ("id", "lines", "expect")})
        for one in case["orders"]
    ]  # fmt: skip
    decisions = routed(tmp_path, world, orders, Settings(matcher_of(engine)[0]))

    expected = [one["expect"] for one in case["orders"]]
    found = [
        said(decision) | ({"notes": list(decision.notes)} if "notes" in wanted else {})
        for decision, wanted in zip(decisions, expected, strict=True)
    ]
    assert found == expected


def typed(skus: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Units are whole numbers."""
    units = ("stock", "promised")
    return [
        {k: {n: int(u) for n, u in v.items()} if k in units else v for k, v in sku.items()}
        for sku in skus
    ]
