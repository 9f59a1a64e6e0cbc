"""Which approval lets which offer pass: looked at for the offers that lean on one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from offerwright.errors import Span
from offerwright.evaluate.match import Walks, holds
from offerwright.evaluate.run import Offers
from offerwright.guards.judge import Verdict, again, said_by

LEANS: Mapping[str, type[pl.DataType]] = {
    "approval": pl.String, "account": pl.String, "sku": pl.String,
}  # fmt: skip
"""One row per approval and offer that passes because of it; an offer may have several."""


def approval_key(document: str, span: Span) -> str:
    """One approval of a state of the rules, by its document and its place."""
    return f"{document} {span}"


def leaning(verdict: Verdict, offers: Offers, as_of: int, walks: Walks) -> pl.DataFrame:
    """The offers that one guard lets pass for an approval: `LEANS`."""
    found = [pl.DataFrame(schema=LEANS)]
    if not verdict.approved.any():
        return found[0]
    said, skus = said_by(offers), offers.frame["sku"]
    for approval in verdict.guard.approvals:
        if as_of < approval.until:
            chosen = holds(approval.select, offers.rows, as_of, walks)
            passes = chosen & ~again(verdict.guard, approval, said, verdict.inputs)
            here = skus.filter(pl.Series(np.asarray(verdict.approved & passes)))
            found.append(here.to_frame("sku").select(
                pl.lit(approval_key(approval.document, approval.span)).alias("approval"),
                pl.lit(offers.account.name).alias("account"), "sku",
            ))  # fmt: skip
    return pl.concat(found)
