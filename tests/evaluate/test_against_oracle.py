"""Generated repositories and products: the engine and the oracle say the same, offer by offer."""

from __future__ import annotations

from typing import Any

from engine_under_test import offers_of, sound, told
from evaluate.generated_repository import Generated, repositories
from evaluate.generated_shop import AS_OF
from hypothesis import given, settings

EXAMPLES = settings.default.max_examples if settings.default else 50
_ENGINE_ONLY: set[str] = set()


def by_account(generated: Generated, rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    offers = offers_of(sound(generated.files), rows, AS_OF, generated.live)
    return {account: told(found) for account, found in offers.items()}


def comparable(offer: dict[str, Any]) -> dict[str, Any]:
    """What both must agree on: why something is blocked, and all of what is not."""
    blocked = {aspect for aspect, _ in offer["blocks"]}
    found: dict[str, Any] = {"blocks": offer["blocks"]}
    if "price" not in blocked:
        steps = {k: v for k, v in offer["fired"].items()
                 if not k.endswith(("/safety_stock", "/category"))}  # fmt: skip
        names = {n: v for n, v in offer["names"].items() if v is not None}
        found |= {"price": offer.get("price"), "sale_price": offer.get("sale_price"),
                  "sale_from": offer.get("sale_from"), "sale_before": offer.get("sale_before"),
                  "tiers": offer["tiers"],
                  "names": names, "notes": offer["notes"], "fired": steps}  # fmt: skip
    if "stock" not in blocked:
        found["quantity"] = offer["quantity"]
    if "content" not in blocked:
        keys = ("category", "title", "description", "attributes", "images")
        found |= {key: offer[key] for key in keys}
    return found


@settings(max_examples=EXAMPLES)
@given(repositories())
def test_engine_and_oracle_agree(generated: Generated) -> None:
    found = by_account(generated, generated.rows)

    for account, offers in found.items():
        for row, offer in zip(generated.rows, offers, strict=True):
            expected = generated.expected(account, row)
            assert comparable(offer) == comparable(expected), (account, row["sku"])
