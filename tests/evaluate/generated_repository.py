"""Whole repositories with products: what the engine reads and what the oracle reads, alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine_under_test import Live, document_files, marketplace_files, yaml_of
from evaluate.generated_pricing import Drawn, fees, in_pesos, pricing
from evaluate.generated_shop import (
    ACCOUNTS,
    AS_OF,
    LISTS,
    POLICIES,
    ZONE,
    Pick,
    facts_document,
    rows,
    seen_by,
    shop_file,
)
from evaluate.generated_stock_and_content import inventory, mapping
from hypothesis import strategies as st
from oracle import evaluate_offer
from oracle.tables import rules_of_csv


@dataclass(frozen=True)
class Generated:
    """One repository, its products and the last confirmed values."""

    files: Mapping[str, str]
    documents: list[dict[str, Any]]
    currency: str
    rows: list[dict[str, Any]]
    live: Live

    def expected(self, account: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """What the oracle says of one offer."""
        own = {"name": account, "marketplace": ACCOUNTS[account], "currency": self.currency}
        own |= {"trade_policy": POLICIES[account]} if account in POLICIES else {}
        facts = seen_by(dict(row), account)
        known = self.live.get(account, {}).get(row["sku"])
        return evaluate_offer(self.documents, {}, facts, own, {}, AS_OF, ZONE, known)

    def __repr__(self) -> str:
        shown = "\n".join(f"--- {name}\n{text}" for name, text in self.files.items()
                          if name.startswith(("rules/", "marketplaces/")) and "/lists/" not in name
                          and "marketplace.yaml" not in name and "/facts/" not in name)  # fmt: skip
        return f"{self.currency}\n{shown}\nrows={self.rows}\nlive={self.live}"


@st.composite
def repositories(draw: Any, most_rows: int = 6) -> Generated:
    pick, drawn = Pick(draw), Drawn()
    currency = pick.one("BRL", "BRL", "BRL", "CLP")
    has_freight = pick.chance(30)
    pricing(pick, drawn)
    own = fees(pick, drawn)
    inventory(pick, drawn)
    mapping(pick, drawn)
    if currency == "CLP":
        drawn.documents = [
            in_pesos(d) if d["kind"] == "pricing" else d for d in drawn.documents
        ]  # fmt: skip
    documents = [facts_document(has_freight), *LISTS, *drawn.documents]
    products = rows(pick, most_rows, has_freight)
    return Generated(
        files={
            "offerwright.yaml": shop_file(currency),
            **marketplace_files("alpha", "beta"),
            **{f"marketplaces/{d['name']}/fees.yaml": _text(d) for d in own},
            **document_files(documents),
            **drawn.files,
        },
        documents=[
            *(_expanded(d, drawn.files) for d in documents),
            *({**d, "own": True} for d in own),
        ],
        currency=currency,
        rows=products,
        live=_live(pick, products),
    )


def _text(document: Mapping[str, Any]) -> str:
    return "".join(f"{key}: {yaml_of(value)}\n" for key, value in document.items())


def _expanded(document: dict[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """The document with the rows of its CSV files in their place."""
    if document["kind"] != "pricing":
        return document
    steps = []
    for step in document["steps"]:
        if "file" in step:
            step = {**step, "rules": rules_of_csv(files[f"rules/pricing/{step['file']}"])}
            del step["file"]
        steps.append(step)
    return {**document, "steps": steps}


def _live(pick: Pick, products: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    live: dict[str, dict[str, dict[str, Any]]] = {}
    for account in pick.some(ACCOUNTS, 0, 2):
        live[account] = {
            row["sku"]: {
                "price": pick.maybe(80, lambda: Decimal(pick.number(100, 30_000)) / 100),
                "quantity": pick.maybe(80, lambda: pick.number(0, 20)),
            }
            for row in products
            if pick.chance(60)
        }
    return live
