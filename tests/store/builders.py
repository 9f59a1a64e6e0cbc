"""Operations and owners for the tests of store and sync, with every field spelled out once."""

from __future__ import annotations

from decimal import Decimal

from offerwright.frames import Aspect
from offerwright.marketplaces.operation import Action, Operation, Values
from offerwright.store.protocol import Owner

OWNER = Owner("run-1", "host-a", 101)
OTHER = Owner("run-2", "host-b", 202)


def price(sku: str, amount: str, *, account: str = "meli", sale: str | None = None) -> Operation:
    values = Values(
        sku=sku,
        price=Decimal(amount),
        sale_price=None if sale is None else Decimal(sale),
        currency="BRL",
    )
    return made(sku, "price", "update", values, account, {"price": f"price {amount} {sale}"})


def stock(sku: str, quantity: int, *, account: str = "meli") -> Operation:
    values = Values(sku=sku, quantity=quantity)
    return made(sku, "stock", "update", values, account, {"stock": f"stock {quantity}"})


def content(sku: str, title: str, *, account: str = "meli") -> Operation:
    return made(sku, "content", "update", Values(sku=sku), account, {"content": f"content {title}"})


def create(sku: str, amount: str, quantity: int, *, account: str = "meli") -> Operation:
    values = Values(sku=sku, price=Decimal(amount), quantity=quantity, currency="BRL")
    covers: dict[Aspect, str] = {
        "content": "content first",
        "price": f"price {amount} None",
        "stock": f"stock {quantity}",
    }
    return made(sku, "content", "create", values, account, covers)


def end(sku: str, *, account: str = "meli") -> Operation:
    return made(sku, "stock", "end", Values(sku=sku), account, {"stock": "ended"})


def made(
    sku: str,
    aspect: Aspect,
    action: Action,
    values: Values,
    account: str,
    covers: dict[Aspect, str],
) -> Operation:
    body = f'{{"sku": "{sku}", "say": "{covers[aspect]}"}}'.encode()
    return Operation(
        account=account,
        marketplace="mercadolibre",
        sku=sku,
        aspect=aspect,
        action=action,
        generation=0,
        payload=aspect,
        parts=(("body", body),),
        covers=covers,
        values=values,
        guard_inputs='{"floor": "1.00"}',
        plan_id="",
    )
