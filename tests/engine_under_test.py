"""YAML texts → a linked rule set → offers, in the words in which tests compare them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from typed_rows import frame_from_rows

from offerwright.errors import Diagnostic, has_errors, sorted_diagnostics
from offerwright.evaluate.columns import Decimals, decimal_at
from offerwright.evaluate.match import Match
from offerwright.evaluate.run import Executor, Offers
from offerwright.pipeline import Loadout, compile_repository
from offerwright.rules.plan import FeesStep, RoundStep, SetStep
from offerwright.source.repository import Repository

Row = Mapping[str, Any]
Live = Mapping[str, Mapping[str, Mapping[str, Any]]]

MARKETPLACE = """\
kind: marketplace
name: {name}
title: {name}
currencies: [BRL, CLP, USD]
aspects: [price, stock, content]
create: true
"""
TWO_ACCOUNTS = {"a": "alpha", "b": "beta"}
PRICES = ("price", "sale_price")
SHOWN = (
    *PRICES, "sale_from", "sale_before", "quantity", "category", "title", "description",
)  # fmt: skip
PROVED = (
    "RULES_OVERLAP", "DEAD_ROW", "RESULTS_CONFLICT", "ROW_NEVER_MATCHES", "TABLE_GAP",
)  # fmt: skip


def shop_files(
    *sources: str,
    accounts: Mapping[str, str] = TWO_ACCOUNTS,
    keys: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """
    `offerwright.yaml` of a shop with these sources, and the folders of its marketplaces.

    `accounts` names the marketplace of each; `keys` the column of a source that is not by SKU.
    """
    own = {name: f", sku: {column}" for name, column in (keys or {}).items()}
    lines = [
        "kind: shop", "name: shop", "time_zone: America/Sao_Paulo", "currency: BRL", "accounts:",
        *(f"  {name}: {{marketplace: {marketplace}}}" for name, marketplace in accounts.items()),
        "sources:",
        *(f"  {name}: {{file: data/{name}.csv{own.get(name, '')}}}" for name in sources),
    ]  # fmt: skip
    return {
        "offerwright.yaml": "".join(f"{line}\n" for line in lines),
        **marketplace_files(*dict.fromkeys(accounts.values())),
    }


def marketplace_files(*names: str) -> dict[str, str]:
    """A folder with a manifest, and nothing else, for every marketplace."""
    return {f"marketplaces/{n}/marketplace.yaml": MARKETPLACE.format(name=n) for n in names}


def compiled(files: Mapping[str, str]) -> tuple[Loadout | None, list[Diagnostic]]:
    """What the files say, and everything that is wrong with them, by place."""
    contents = {name: text.encode() for name, text in files.items()}
    loadout, found = compile_repository(Repository(Path("/shop"), contents))
    return loadout, sorted_diagnostics(found)


def sound(files: Mapping[str, str]) -> Loadout:
    """
    What the files say; the test fails when anything is wrong with them.

    What `check` proves about the rows of a table is left aside: such a table still runs, and blocks
    the offers that several rows match.
    """
    loadout, found = compiled(files)
    wrong = [d for d in found if d.code not in PROVED]
    assert loadout is not None and not has_errors(wrong), wrong
    return loadout


def offers_of(
    loadout: Loadout, rows: Sequence[Row], as_of: datetime, live: Live | None = None
) -> dict[str, Offers]:
    """The offers of every account. `live` by account and SKU: `price`, `quantity`."""
    frame = frame_from_rows(loadout.schema, rows)
    known = {account: live_frame(offers) for account, offers in (live or {}).items()}
    return {o.account.name: o for o in Executor(loadout.rules).run(frame, as_of, known)}


def live_frame(offers: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            pl.Series("sku", list(offers), dtype=pl.String),
            pl.Series("live_price", [o.get("price") for o in offers.values()],
                      dtype=pl.Decimal(38, 2)),
            pl.Series("live_quantity", [o.get("quantity") for o in offers.values()],
                      dtype=pl.Int64),
        ]
    )  # fmt: skip


def told(offers: Offers) -> list[dict[str, Any]]:
    """
    Every offer in the words of `oracle.evaluate_offer`.

    `names` holds what steps set where a value is there; `fired` the steps that ran.
    """
    frame = offers.frame.to_dicts()
    names = sorted(
        {n for s in offers.plan.steps if isinstance(s, SetStep) for n, _ in s.sets} - {*PRICES}
    )
    columns = {name: _decimals(offers, name) for name in names}
    return [
        {
            **{key: shown[key] for key in SHOWN if key in shown},
            "sku": shown["sku"],
            "tiers": {t["quantity"]: t["price"] for t in shown.get("tiers") or ()},
            "names": {n: v for n, c in columns.items() if (v := decimal_at(c, row)) is not None},
            "attributes": {
                key.removeprefix("attribute."): value
                for key, value in shown.items()
                if key.startswith("attribute.") and value is not None
            },
            "images": shown["images"] or [],
            "blocks": {(b.aspect, b.code) for b in offers.blocks if b.mask[row]},
            "notes": {n.code for n in offers.notes if n.mask[row]},
            "fired": _fired(offers, row),
        }
        for row, shown in enumerate(frame)
    ]  # fmt: skip


def _decimals(offers: Offers, name: str) -> Decimals:
    found = offers.rows.get(name)
    assert isinstance(found, Decimals), name
    return found


def _fired(offers: Offers, row: int) -> dict[str, Any]:
    fired: dict[str, Any] = {}
    for ran in offers.ran:
        step = ran.step
        if not isinstance(step, SetStep | FeesStep | RoundStep) or not ran.active[row]:
            continue
        key = f"{offers.plan.documents[step.document].name}/{step.id}"
        if ran.match is None:
            fired[key] = None
        elif ran.match.picked[row] >= 0:
            fired[key] = fired_row(ran.match, row)
    return fired


def fired_row(match: Match, row: int) -> str | list[str]:
    """The id of the row that counts; the ids of all that match under `any` and `collect`."""
    picked, table = int(match.picked[row]), match.table
    if picked == len(table.rows):
        return "otherwise"
    if table.hit in ("any", "collect"):
        return [table.rows[n].id for n in match.rows_of(int(match.states[row]))]
    return table.rows[picked].id


# --- data → text ------------------------------------------------------------------------------


def yaml_of(data: Any) -> str:
    """Plain data as one line of YAML: texts in double quotes, decimals as they are."""
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, Decimal):
        return f"{data:f}"
    if isinstance(data, int):
        return str(data)
    if isinstance(data, Mapping):
        inside = ", ".join(f"{yaml_of(str(key))}: {yaml_of(value)}" for key, value in data.items())
        return f"{{{inside}}}"
    if isinstance(data, list | tuple):
        return f"[{', '.join(map(yaml_of, data))}]"
    escaped = str(data).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def document_files(documents: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """A file for every document, named by kind and name."""
    return {
        f"rules/{d['kind']}/{d['name']}.yaml": "".join(
            f"{key}: {yaml_of(value)}\n" for key, value in d.items()
        )
        for d in documents
    }
