"""
A review as one JSON document: the master that every rendering is made of.

`schemas/output/review.schema.json` describes it. Amounts and shares are exact text; shares are of
the old amount, so that 50 → 100 is 1; lists are sorted, and no clock is in it but `as_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl

from offerwright.review.agreed import approvals
from offerwright.review.aspects import ORDER
from offerwright.review.attribution import CAUSES, TOGETHER
from offerwright.review.documents import DocumentChange, FileChange
from offerwright.review.gaps import Gaps
from offerwright.review.reach import Stock
from offerwright.review.review import AccountReview, Review
from offerwright.review.side import Side
from offerwright.review.suspects import may_move
from offerwright.review.verdicts import GuardResult
from offerwright.review.version import VERSION

MOVERS = 25
OFFENDERS = 10
EDGES = ("-0.5", "-0.3", "-0.1", "-0.02", "0", "0.02", "0.1", "0.3", "0.5")
"""Where the spread of changes is cut; a change stands in the part that ends with its edge."""
CHANGES = ("new", "gone", "blocked", "unblocked", "changed")
MOVES = ("up", "down", "from_zero", "to_zero")
_SHARE = Decimal("0.000001")
_MARGIN = Decimal("0.0001")
_PRICE = ("price", "sale_price", "list_price", "tiers", "sale_from", "sale_before", "currency")
_STOCK = ("quantity", "node_stock")


def master(found: Review, most: int) -> dict[str, Any]:
    """
    The whole document.

    Args:
        found: the review.
        most: so many offers that differ are told one by one, the largest changes first.
    """
    changed = _with_rules(found)
    ranked = _ranked(changed)
    return {
        "version": VERSION,
        "base": _side(found.base),
        "head": _side(found.head),
        "as_of": found.as_of.isoformat(),
        "snapshot": {"base": found.base.snapshot_id, "head": found.head.snapshot_id},
        "differs": bool(len(changed)),
        "blocks": found.blocks,
        "totals": {
            "offers": sum(found.untouched.values()) + sum(a.after.offers for a in found.accounts),
            **_counts(changed),
        },
        "accounts": [_account(one, changed, found) for one in found.accounts],
        "untouched": [{"account": a, "offers": n} for a, n in found.untouched.items()],
        "guards": [_guard(one, changed) for one in found.guards],
        "approvals": approvals(found),
        "periods": [],
        "movers": {move: [_offer(o) for o in _movers(ranked, move)] for move in ("up", "down")},
        "spread": _spread(changed),
        "rules": _rules(found.causes),
        "documents": [_document(one, found) for one in found.documents],
        "files": [
            _file(one) for one in found.files
        ],
        "offers": [_offer(row) for row in ranked.head(most).iter_rows(named=True)],
        **found.gaps.as_json,
    }  # fmt: skip


def ranked_offers(found: Review) -> pl.DataFrame:
    """Every offer that differs, `Pairs.frame` with the columns of `CAUSES` of the rule that moved
    it; in the order of the document's `offers`."""
    return _ranked(_with_rules(found))


@dataclass(frozen=True, slots=True)
class Named:
    """A state of the rules by its name and commit, which is empty where it has none."""

    name: str
    commit: str


def broken(base: Named, head: Named, files: Sequence[FileChange], gaps: Gaps) -> dict[str, Any]:
    """The document of a head that cannot be evaluated: it blocks, and says why."""
    sides = {
        side: {"name": one.name, "commit": one.commit or None, "rules": None}
        for side, one in (("base", base), ("head", head))
    }
    return {
        "version": VERSION,
        **sides,
        "as_of": None, "snapshot": None, "differs": False, "blocks": True,
        "totals": None, "accounts": [], "untouched": [], "guards": [],
        "approvals": [], "periods": [],
        "movers": {"up": [], "down": []}, "spread": [], "rules": [], "documents": [],
        "files": [_file(one) for one in files], "offers": [], **gaps.as_json,
    }  # fmt: skip


def _file(one: FileChange) -> dict[str, Any]:
    return {"file": one.file, "was": one.was or None, "before": one.before, "after": one.after}


def _side(side: Side) -> dict[str, Any]:
    return {"name": side.name, "commit": side.commit or None, "rules": side.loadout.digest}


def _with_rules(found: Review) -> pl.DataFrame:
    """The offers that differ, with the first rule that moved the price, else any aspect; a document
    of which no rule is known is named where no other is."""
    changed = found.changed
    if not len(changed):
        return changed
    order = pl.col("aspect").replace_strict({one: n for n, one in enumerate(ORDER)})
    unnamed = pl.col("rule") == ""
    first = found.causes.sort(order, unnamed, maintain_order=True).unique(
        ["account", "sku"], keep="first", maintain_order=True
    )
    causes = first.select(CAUSES.keys()).rename({"aspect": "cause_aspect"})
    return changed.join(causes, on=["account", "sku"], how="left", maintain_order="left")


def _ranked(changed: pl.DataFrame) -> pl.DataFrame:
    """The worst first: what is lost, then the largest moves; the same bytes for the same offers."""
    if not len(changed):
        return changed
    rank = pl.col("change").replace_strict(
        {"gone": 0, "blocked": 1, "new": 2, "unblocked": 2, "changed": 3}
    )
    zero = pl.col("move").is_in(["to_zero", "from_zero"]).fill_null(False)
    return changed.sort(
        [rank, ~zero, pl.col("share").abs(), "account", "sku"],
        descending=[False, False, True, False, False], nulls_last=True, maintain_order=True,
    )  # fmt: skip


def _movers(ranked: pl.DataFrame, move: str) -> Iterator[Mapping[str, Any]]:
    if len(ranked):
        here = ranked.filter(pl.col("move") == move).sort(
            [pl.col("share").abs(), "account", "sku"], descending=[True, False, False]
        )
        yield from here.head(MOVERS).iter_rows(named=True)


def _counts(changed: pl.DataFrame) -> dict[str, Any]:
    """How many offers change how, and what that means on average."""
    if not len(changed):
        nothing = dict.fromkeys(("changed_offers", *CHANGES, *MOVES, *_ASPECTS), 0)
        return {**nothing, "mean_share": None, "margin_before": None, "margin_after": None}
    return {
        "changed_offers": len(changed),
        **{one: int((changed["change"] == one).sum()) for one in CHANGES},
        **{one: int((changed["move"] == one).sum()) for one in MOVES},
        **{name: _with_fields(changed, fields) for name, fields in _ASPECTS.items()},
        "mean_share": _mean(changed["share"]),
        **_margins(changed),
    }


_ASPECTS: Mapping[str, Sequence[str]] = {"price": _PRICE, "stock": _STOCK}


def _with_fields(changed: pl.DataFrame, fields: Sequence[str]) -> int:
    named = pl.col("fields").list.eval(pl.element().is_in(list(fields))).list.any()
    return int(changed.select(named.sum()).item())


def _mean(shares: pl.Series) -> str | None:
    """The mean of the changes of all prices that move, each offer alike."""
    units, scale = _units(shares.drop_nulls())
    moved = units.filter(units != 0)
    if not len(moved):
        return None
    return _text(Decimal(int(moved.sum())) / scale / len(moved), _SHARE)


def _units(amounts: pl.Series) -> tuple[pl.Series, int]:
    """Decimals as whole numbers of their last place, and how many of those make one."""
    assert isinstance(amounts.dtype, pl.Decimal)
    return amounts.to_physical(), int(10**amounts.dtype.scale)


def _margins(changed: pl.DataFrame) -> dict[str, str | None]:
    """What is left of one sale of every offer that changes, where both sides know it."""
    names = [f"{name}_{side}" for name in ("margin", "paid") for side in ("before", "after")]
    both = changed.select(names).drop_nulls()
    found = {}
    for side in ("before", "after"):
        shares, one = _units(both[f"margin_{side}"])
        paid, _ = _units(both[f"paid_{side}"])
        whole = int(paid.sum())
        earned = Decimal(int((shares * paid).sum())) / one
        found[f"margin_{side}"] = _text(earned / whole, _MARGIN) if whole else None
    return found


def _text(value: Decimal | None, step: Decimal | None = None) -> str | None:
    if value is None:
        return None
    return f"{value.quantize(step, ROUND_HALF_UP) if step is not None else value:f}"


def _account(one: AccountReview, changed: pl.DataFrame, found: Review) -> dict[str, Any]:
    own = changed.filter(pl.col("account") == one.account) if len(changed) else changed
    account = (found.base.accounts | found.head.accounts)[one.account]
    return {
        "account": one.account,
        "marketplace": account.marketplace,
        "currency": account.currency,
        "because": sorted(one.why),
        "before": _stock(one.before),
        "after": _stock(one.after),
        **_counts(own),
    }


def _stock(stock: Stock) -> dict[str, int]:
    return {"offers": stock.offers, "priced": stock.priced, "stocked": stock.stocked}


def _guard(one: GuardResult, changed: pl.DataFrame) -> dict[str, Any]:
    guard, new = one.guard, one.said.filter("is_new")
    counts = {
        word: int((new["verdict"] == word).sum()) for word in ("fails", "missing", "approved")
    }
    objected = new.filter(pl.col("verdict") != "approved")
    return {
        "guard": guard.id,
        "document": guard.document,
        "check": guard.check,
        "else": guard.else_,
        "owner": guard.owner,
        "file": guard.span.file,
        "line": guard.span.line,
        "result": _result(one, counts),
        "judged": one.judged,
        **counts,
        "before": len(one.said) - len(new),
        "offers": [_offer(row) for row in _offenders(objected, changed)],
        "runs": [
            {"account": a, "failed": v.failed, "reason": v.reason, "approved_by": v.approved_by}
            for a, v in one.runs
        ],
    }


def _result(one: GuardResult, counts: Mapping[str, int]) -> str:
    if one.blocks:
        return "blocks"
    if counts["fails"] or any(v.failed for _, v in one.runs):
        return "warns"
    return "approved" if counts["approved"] or any(v.approved_by for _, v in one.runs) else "passes"


def _offenders(said: pl.DataFrame, changed: pl.DataFrame) -> Iterator[Mapping[str, Any]]:
    """The offers that a guard objects to, the largest moves first."""
    if len(said) and len(changed):
        found = said.unique(["account", "sku"], maintain_order=True).select("account", "sku")
        rows = _ranked(changed.join(found, on=["account", "sku"], how="semi"))
        yield from rows.head(OFFENDERS).iter_rows(named=True)


def _spread(changed: pl.DataFrame) -> list[dict[str, Any]]:
    """How many prices move by how much, between the edges."""
    edges = [Decimal(edge) for edge in EDGES]
    shares = (
        changed["share"].drop_nulls() if len(changed) else pl.Series([], dtype=pl.Decimal(38, 6))
    )
    shares = shares.filter(shares != 0)
    found = []
    for low, high in zip([None, *edges], [*edges, None], strict=True):
        here = pl.Series([True]).new_from_index(0, len(shares))
        if low is not None:
            here &= (shares > low) if low >= 0 else (shares >= low)
        if high is not None:
            here &= (shares <= high) if high > 0 else (shares < high)
        found.append({"from": _text(low), "to": _text(high), "offers": int(here.sum())})
    return found


def _rules(causes: pl.DataFrame) -> list[dict[str, Any]]:
    """How many offers each rule moves, most first."""
    key = ["kind", "document", "rule", "file", "line"]
    counted = causes.group_by(key).agg(
        pl.struct("account", "sku").n_unique().alias("offers"),
        pl.col("aspect").unique().sort().alias("aspects"),
        pl.col("account").unique().sort().alias("accounts"),
    )
    ordered = counted.sort(["offers", *key], descending=[True, *[False] * len(key)])
    return ordered.to_dicts()


def _document(one: DocumentChange, found: Review) -> dict[str, Any]:
    mine = found.causes.filter((pl.col("kind") == one.kind) & (pl.col("document") == one.name))
    return {
        "kind": one.kind,
        "name": one.name,
        "change": one.change,
        "before": list(one.before),
        "after": list(one.after),
        "offers": _offers_of(one, mine, found),
    }


def _offers_of(one: DocumentChange, mine: pl.DataFrame, found: Review) -> int | None:
    """How many offers it moves; None where nobody can tell it apart from the others."""
    if not may_move(one):
        return 0
    if sum(may_move(d) for d in found.documents) == 1:
        return len(found.changed)
    if len(mine):
        return mine.n_unique(["account", "sku"])
    is_open = len(found.changed) and ((one.kind, one.name) in found.untold or _unexplained(found))
    return None if is_open else 0


def _unexplained(found: Review) -> bool:
    """Whether an offer differs that no single document accounts for."""
    told = found.causes.filter(pl.col("kind") != TOGETHER)
    return len(found.changed.join(told, on=["account", "sku"], how="anti")) > 0


_OFFER = (
    "status", "price", "sale_price", "paid", "list_price", "margin", "quantity", "category",
    "title", "withheld",
)  # fmt: skip


def _offer(row: Mapping[str, Any]) -> dict[str, Any]:
    """One offer: what differs of it, with both values, and the rule that moved it."""
    values = {
        name: {"before": _json(row[f"{name}_before"]), "after": _json(row[f"{name}_after"])}
        for name in _OFFER
        if row[f"{name}_before"] != row[f"{name}_after"]
    }
    rule = {key: row.get(key) for key in ("kind", "document", "rule", "file", "line")}
    return {
        "account": row["account"],
        "sku": row["sku"],
        "title": row["title_after"] or row["title_before"],
        "change": row["change"],
        "move": row["move"],
        "share": _text(row["share"]),
        "fields": list(row["fields"]),
        "values": values,
        "rule": rule if rule["kind"] else None,
    }


def _json(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value
