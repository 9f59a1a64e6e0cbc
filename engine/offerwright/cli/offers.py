"""`offers`: the computed offers of all accounts, as a table, JSON lines, CSV or Parquet."""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright.cli.loadouts import bundle_option, ready
from offerwright.cli.options import (
    account_option,
    as_of_option,
    data_option,
    known_accounts,
    moment,
    output_option,
    root_option,
)
from offerwright.cli.report import VERSION, echo, escaped, put, table, tell
from offerwright.cli.snapshot import current_snapshot, known_skus
from offerwright.errors import OfferwrightError

ATTRIBUTE = "attribute."

if TYPE_CHECKING:
    import polars as pl

    from offerwright.evaluate.run import Offers


@click.command()
@root_option
@bundle_option
@data_option
@as_of_option
@account_option
@output_option("text", "jsonl", "csv", "parquet")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write to this file instead of stdout.")  # fmt: skip
@click.option("--sku", "skus", multiple=True, help="Only this SKU (repeatable).")
@click.option("--fail-on", type=click.Choice(["never", "blocked"]), default="never")
def offers(
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    output: str,
    out: Path | None,
    skus: tuple[str, ...],
    fail_on: str,
) -> None:
    """Compute the offers of all accounts: price, stock, content, and what is blocked and why."""
    import polars as pl

    from offerwright.evaluate.listing import listing
    from offerwright.evaluate.run import Executor

    home, loadout = ready(root, bundle)
    wanted = known_accounts(accounts, [p.account.name for p in loadout.rules.plans])
    snapshot_ = current_snapshot(loadout, home, data)
    known_skus(skus, snapshot_)
    at = moment(as_of, loadout.rules.time_zone)
    executor = Executor(loadout.rules)
    computed = executor.run(snapshot_.frame, at, None, wanted, skus or None)
    listings = [listing(one) for one in computed]
    if output == "text" and out is None:
        _summary(listings)
        _oversell(computed)
    else:
        _write(pl.concat(listings, how="diagonal_relaxed"), output, out)
    blocked = any((one["status"] == "blocked").any() for one in listings)
    sys.exit(1 if blocked and fail_on == "blocked" else 0)


def _summary(listings: list[pl.DataFrame]) -> None:
    """Counts per account, and what is blocked by reason."""
    rows = []
    for one in listings:
        counts = Counter(one["status"].to_list())
        account = one["account"][0] if len(one) else "–"
        rows.append(
            (
                account,
                str(len(one)),
                str(counts["offer"]),
                str(counts["partial"]),
                str(counts["blocked"]),
            )
        )
    for line in table(
        ("account", "offers", "whole", "partial", "blocked"), rows, frozenset({1, 2, 3, 4})
    ):
        echo(line)
    reasons: Counter[tuple[str, str, str]] = Counter()
    for one in listings:
        for record in (
            one.select("account", "blocked").explode("blocked").drop_nulls("blocked").iter_rows()
        ):
            account, block = record
            reasons[(account, block["aspect"], block["code"])] += 1
    if reasons:
        echo()
        body = [(*key, str(count)) for key, count in sorted(reasons.items())]
        for line in table(("account", "aspect", "blocked by", "SKUs"), body, frozenset({3})):
            echo(line)


def _oversell(computed: Sequence[Offers]) -> None:
    """How much could be sold twice, of every pool that is shared; of one said once."""
    pools = {o.allocation.plan.span: o for o in computed if o.allocation is not None}
    rows = []
    for _, offers in sorted(pools.items()):
        allocation = offers.allocation
        assert allocation is not None
        above = allocation.oversell[allocation.is_known]
        if above.any():
            document = offers.plan.documents[allocation.plan.document].name
            rows.append((document, str(int(above.sum())), str(int((above > 0).sum()))))
    if rows:
        echo()
        for line in table(("pool", "units that could be sold twice", "SKUs"), rows,
                          frozenset({1, 2})):  # fmt: skip
            echo(line)


def _write(frame: pl.DataFrame, output: str, out: Path | None) -> None:
    if output == "parquet":
        if out is None and sys.stdout.isatty():
            raise OfferwrightError("Parquet is not for the terminal; give --out FILE")
        held = io.BytesIO()
        frame.write_parquet(held if out is None else out)
        put(held.getvalue())
    elif output == "csv":
        text = _flat(frame).write_csv()
        _put(text, out)
    else:
        _put("".join(line + "\n" for line in json_lines(frame)), out)
    if out is not None:
        tell(f"Wrote {len(frame)} offers to {out}")


def _put(text: str, out: Path | None) -> None:
    if out is None:
        put(text)
    else:
        out.write_text(text, encoding="utf-8", newline="\n")


def json_lines(frame: pl.DataFrame) -> Iterable[str]:
    """One object per offer (`schemas/output/offers.schema.json`); money as exact text."""
    for record in frame.iter_rows(named=True):
        held: dict[str, Any] = {"version": VERSION}
        held |= {k: v for k, v in record.items() if not k.startswith(ATTRIBUTE)}
        held["attributes"] = {
            k.removeprefix(ATTRIBUTE): v
            for k, v in record.items()
            if k.startswith(ATTRIBUTE) and v is not None
        }
        text = json.dumps(held, ensure_ascii=False, separators=(",", ":"), default=_plain)
        yield escaped(text)


def _plain(value: object) -> str:
    """What JSON has no word for: exact amounts, and moments with their offset."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} in an offer")


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text; cells that a spreadsheet would run are disarmed."""
    import polars as pl

    blocked = pl.col("blocked").list.eval(pl.element().struct.field("code")).list.join(" ")
    lists = [pl.col(n).list.join(" ") for n in ("rules", "images") if n in frame.columns]
    if "tiers" in frame.columns:
        part = pl.element().struct
        tier = pl.format("{}: {}", part.field("quantity"), part.field("price"))
        lists.append(pl.col("tiers").list.eval(tier).list.join(", "))
    flat = frame.with_columns(blocked.alias("blocked"), *lists)
    texts = [n for n, t in flat.schema.items() if t == pl.String]
    risky = r"^[=+\-@\t\r]"
    return flat.with_columns(
        pl.when(pl.col(n).str.contains(risky)).then("'" + pl.col(n)).otherwise(pl.col(n)).alias(n)
        for n in texts
    )
