"""Fees documents → the fees of one account: tables whose cut points on `price` are brackets."""

from __future__ import annotations

from collections.abc import Sequence

from offerwright.errors import Span
from offerwright.expressions.cells import Words
from offerwright.expressions.syntax import columns
from offerwright.expressions.types import PERCENT, money
from offerwright.expressions.typing import Scope
from offerwright.rules.document import FeesDocument
from offerwright.rules.plan import Account, FeePlan
from offerwright.rules.rows import Findings
from offerwright.rules.scope import extended
from offerwright.rules.tables import Setting, compile_table
from offerwright.source.located import Loaded


def compile_fees(
    documents: Sequence[tuple[int, Loaded[FeesDocument]]],
    account: Account,
    scope: Scope,
    words: Words,
    findings: Findings,
) -> tuple[FeePlan, ...]:
    """All fees of all documents that apply; which of them count at a moment is decided later."""
    currency = money(account.currency)
    priced = extended(scope, {"price": currency})
    found: list[FeePlan] = []
    for number, loaded in documents:
        setting = Setting(loaded, priced, words, findings)
        for index, fee in enumerate(loaded.document.fees):
            path = ("fees", index)
            places = {"rate": PERCENT, "fee": currency}
            label = f"{loaded.name}/{fee.id}"
            if not fee.is_table:
                setting.say("NOTHING_SET", path, "this fee has no rows and no `otherwise`")
            if fee.hit == "collect":
                setting.say("WRONG_HIT", (*path, "hit"), "a fee has one row: unique, first or any")
            table = compile_table(fee, path, setting, label, places)
            span = loaded.located.at((*path, "id"))
            _check_no_price(table.results, span, findings)
            found.append(FeePlan(fee.id, number, table))
    return tuple(found)


def _check_no_price(results: Sequence[object], span: Span, findings: Findings) -> None:
    for result in results:
        for choice in getattr(result, "choices", ()):
            if "price" in columns(choice):
                findings.say(
                    "FEE_READS_PRICE", span, "a fee's cell may not read `price`",
                    "write a `rate`, or rows with `when: {price: 0..79}`",
                )  # fmt: skip
                return
