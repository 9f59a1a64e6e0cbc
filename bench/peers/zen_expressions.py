"""What the tables do not say, in the expression language of zen-engine; amounts in cents."""

from __future__ import annotations

from collections.abc import Sequence

from markets import Market

from peers.outputs import COLUMNS

Steps = dict[str, dict[str, str]]
"""Expressions by node; a node sees what the nodes before it have set."""


def names_of(market: Market) -> list[str]:
    """The names of one account's outputs, in the order of `COLUMNS`."""
    return [f"{name}_{market.account}_out" for name in COLUMNS]


def expressions(markets: Sequence[Market]) -> Steps:
    """The nodes in order."""
    steps: Steps = {
        "shared": {
            "markup": "conditional ?? table_markup",
            "whole": 'brand + " " + name + " " + color + " " + size',
            "free": "on_hand - ceil(safe_units + on_hand * safe_share / 10000)",
            "rest": "grams % 1000",
        },
        "shared2": {
            "pool": "max([0, free])",
            # The longest start of at most 60 characters that ends before a blank or at the end.
            "title": 'extract(whole, "^(.{1,60})(?: |$)")[1]',
            "kilograms": 'string(floor(grams / 1000)) + "." + (rest < 10 ? "00" : rest < 100 ? '
            '"0" : "") + string(rest)',
        },
        "parts": {
            key: value
            for m in markets
            for key, value in (
                (f"floor_{m.account}", f"floor(pool * {m.share} / 10000)"),
                (f"rest_{m.account}", f"(pool * {m.share}) % 10000"),
                (f"kept_{m.account}", f"cost * (10000 + markup + {m.adjust})"),
            )
        },
    }
    left = " - ".join(["pool", *(f"floor_{m.account}" for m in markets)])
    steps["left"] = {"left": left, "low": "cost * 1.05", "high": "listed * 2.2"}
    for market in markets:
        steps |= _price(market)
    steps["out"] = {key: value for m in markets for key, value in _outputs(m, markets).items()}
    return {f"x-{name}": held for name, held in steps.items()}


def _price(market: Market) -> Steps:
    a = market.account
    gross = ""
    for number, (start, fee) in reversed(list(enumerate(market.bands))):
        solved = f"max([{start}, ceil((kept_{a} + {fee * 10_000}) / left_{a})])"
        if gross:
            gross = f"({solved} < {market.bands[number + 1][0]} ? {solved} : {gross})"
        else:
            gross = solved
    return {
        f"gross-{a}": {f"gross_{a}": gross},
        f"rival-{a}": {
            f"seen_{a}": f"rival_{a} == null ? gross_{a} : min([gross_{a}, rival_{a} - 1])"
        },
        f"exact-{a}": {f"exact_{a}": f"min([max([seen_{a}, low]), high])"},
        f"ending-{a}": {f"ending_{a}": f"exact_{a} >= 10000 ? 90 : 99"},
        f"point-{a}": {
            f"up_{a}": f"ceil((exact_{a} - ending_{a}) / 100) * 100 + ending_{a}",
            f"down_{a}": f"floor((high - ending_{a}) / 100) * 100 + ending_{a}",
        },
    }


def _outputs(market: Market, markets: Sequence[Market]) -> dict[str, str]:
    a = market.account
    at = markets.index(market)
    before = [f"(rest_{m.account} >= rest_{a} ? 1 : 0)" for m in markets[:at]]
    after = [f"(rest_{m.account} > rest_{a} ? 1 : 0)" for m in markets[at + 1 :]]
    units = f"floor_{a} + ({' + '.join([*before, *after, '0'])} < left ? 1 : 0)"
    if market.cap is not None:
        units = f"min([{units}, {market.cap}])"
    texts = {
        "category": f"mapped_{a}", "title": "title", "brand": "brand",
        "color": f"mapped_color_{a} ?? color", "size": f'mapped_size_{a} ?? "Other"',
        "material": f"mapped_material_{a}", "gender": "gender", "weight": "kilograms",
    }  # fmt: skip
    shown = {n: f"mapped_material_{a} == null ? null : ({e})" for n, e in texts.items()}
    price = f"up_{a} > high ? (down_{a} >= low ? down_{a} : floor(high)) : up_{a}"
    held = {"price": price, "quantity": units, **shown}
    return {f"{name}_{a}_out": held[name] for name in COLUMNS}
