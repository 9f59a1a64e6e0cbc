"""The way back: the operations that make live again what was live after a run, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import polars as pl

from offerwright.expressions.parse import microseconds
from offerwright.frames import ASPECTS, Aspect
from offerwright.runs.again import Again, rows_again
from offerwright.runs.before import before, who_said
from offerwright.runs.folder import Kept
from offerwright.runs.keeping import Bounds
from offerwright.runs.present import Present, without_steps
from offerwright.runs.record import RunRecord, RunRefused
from offerwright.runs.said import said
from offerwright.runs.telling import Telling
from offerwright.store.protocol import Reading
from offerwright.sync.account_part import Run, account_part
from offerwright.sync.known import Known, live_frame, read_known
from offerwright.sync.plan import OPERATIONS, Basis, PlanRows, SyncPlan

CONTENT: tuple[Aspect, ...] = ("price", "content")
"""What goes back unless asked otherwise: an old number of units would be sold twice."""
LEFT: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "account": pl.String, "sku": pl.String, "aspect": pl.String, "why": pl.String,
}  # fmt: skip
NEW = "it was not live then; end it by its rules, or on the marketplace"
ENDED = "it was live then and is ended now; the next sync lists it if the rules still say so"
UNKNOWN = "no run on record said what was live then"
NO_ACCOUNT = "the shop has no such account now"
OTHERWISE = "what was live then cannot be computed again byte for byte"


@dataclass(frozen=True)
class History:
    """
    The runs that sent, the newest first, and how to read what is kept of them.

    Of the newest `complete` none is ever dropped.
    """

    runs: Sequence[RunRecord]
    kept: Callable[[RunRecord], Kept]
    again: Callable[[RunRecord], Again]
    complete: int = Bounds.sent


@dataclass(frozen=True)
class Back:
    """Where to go back to, of what, and what the plan says that it stands on."""

    run: RunRecord
    basis: Basis
    now: Present
    accounts: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    aspects: tuple[Aspect, ...] = CONTENT


@dataclass(frozen=True)
class WayBack:
    """The plan, not sealed yet, and what stays as it is, `LEFT`."""

    plan: SyncPlan
    left: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LEFT))


def way_back(back: Back, history: History, reading: Reading) -> WayBack:
    """
    Plan the operations that make live again what was live when a run had ended.

    Only offers that a later run touched and of which something else is confirmed, or under way, get
    one. A body is that of the run which said it then, computed again; one whose hash is another is
    not sent. It has to pass the guards of that run, with the facts and the live prices of then, and
    those of now, with the facts of now; but for those that compare with what is live: that is the
    accident, and the value was confirmed before.

    Raises:
        RunRefused: the run sent nothing itself, what is kept of a later one is gone, or may be.
    """
    at = _place(back.run, history)
    later = [one for one in reversed(history.runs[:at]) if one.operations]
    wanted = _asked(before(history.kept(one) for one in later), back)
    here = pl.col("account").is_in(sorted(back.now.accounts))
    away, wanted = wanted.filter(~here), wanted.filter(here)
    unmoved, wanted = _sorted_out(wanted, _now(wanted, reading))
    named = who_said(wanted, _speakers(history, at))
    left = [_left(away, NO_ACCOUNT), unmoved, _left(named.filter(pl.col("run").is_null()), UNKNOWN)]
    parts: dict[str, list[PlanRows]] = {}
    by_id = {one.id: one for one in history.runs}
    for run, some in _groups(named):
        record = by_id[run]
        speaker = _Speaker(history.again(record), history.kept(record), back.now)
        for account, rows, told in _told_again(speaker, some, reading):
            parts.setdefault(account, []).append(rows)
            missing = some.filter(pl.col("account") == account).join(
                told, on=["account", "sku", "aspect"], how="anti"
            )
            left.append(_left(missing, OTHERWISE))
    return WayBack(plan_of(back.basis, parts, back.now), pl.concat(left).sort(*LEFT))


def _place(run: RunRecord, history: History) -> int:
    """Which of the runs it is, from the newest. Raises `RunRefused` as `way_back`."""
    if not run.sends:
        raise RunRefused(f"run {run.id[:12]} only planned; name one that sent: `offerwright runs`")
    at = next(n for n, one in enumerate(history.runs) if one.id == run.id)
    if at >= history.complete:
        raise RunRefused(
            f"run {run.id[:12]} is older than the newest {history.complete} runs; of those "
            "since then some may have been dropped, so nobody knows what was live; go back to its "
            f"rules: offerwright rollback {run.commit[:12] or 'COMMIT'}"
        )
    return at


def _speakers(history: History, at: int) -> Iterator[tuple[str, Kept]]:
    """The runs up to one that said something by their own rules, the newest first."""
    for one in history.runs[at:]:
        # A rollback says what another run had said, by that one's rules.
        if one.operations and not one.returns_to:
            with suppress(RunRefused):
                yield one.id, history.kept(one)


def _asked(found: pl.DataFrame, back: Back) -> pl.DataFrame:
    found = found.filter(pl.col("aspect").is_in(back.aspects))
    for name, some in (("account", back.accounts), ("sku", back.skus)):
        if some:
            found = found.filter(pl.col(name).is_in(sorted(some)))
    return found


def _now(wanted: pl.DataFrame, reading: Reading) -> dict[str, Known]:
    """The ledger of now, by account, of the offers that may go back."""
    return {
        str(account): read_known(reading, str(account), rows["sku"].unique().sort())
        for (account,), rows in wanted.group_by("account", maintain_order=True)
    }


def _sorted_out(
    wanted: pl.DataFrame, now: Mapping[str, Known]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What stays as it is and why, and what has to be told: `LEFT` and `BEFORE`."""
    left, kept = [pl.DataFrame(schema=LEFT)], [wanted.clear()]
    for (account,), rows in wanted.group_by("account", maintain_order=True):
        known = now[str(account)]
        ledger = known.ledger.select("sku", "aspect", "confirmed_hash", "desired_hash", "state")
        here = rows.join(ledger, on=["sku", "aspect"], how="left", maintain_order="left")
        settled = pl.col("confirmed_hash").eq_missing(pl.col("hash")) & (
            (pl.col("state") == "confirmed") | pl.col("desired_hash").eq_missing(pl.col("hash"))
        )
        here = here.filter(~settled.fill_null(True))
        is_listed = here["sku"].is_in(known.listed.implode())
        was = here["was_listed"] & here["hash"].is_not_null()
        left += [
            _left(here.filter(~was & is_listed), NEW),
            _left(here.filter(was & ~is_listed), ENDED),
        ]
        kept.append(here.filter(was & is_listed).select(wanted.columns))
    return pl.concat(left), pl.concat(kept)


def _left(rows: pl.DataFrame, why: str) -> pl.DataFrame:
    return rows.select("account", "sku", "aspect", pl.lit(why).alias("why"))


def _groups(named: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (run,), some in named.drop_nulls("run").group_by("run", maintain_order=True):
        yield str(run), some


@dataclass(frozen=True)
class _Speaker:
    """A run that said something, there again, and what looks at it today."""

    found: Again
    kept: Kept
    now: Present


def _told_again(
    speaker: _Speaker, wanted: pl.DataFrame, reading: Reading
) -> Iterator[tuple[str, PlanRows, pl.DataFrame]]:
    """
    By account, the operations that say what is wanted, and which aspects they or an objection of a
    guard are about.
    """
    found = speaker.found
    skus = wanted["sku"].unique().sort()
    # All accounts of then: rules may look at what is live on another one.
    then = {
        name: live_frame(known) for name, known in speaker.kept.known(found.record.accounts).items()
    }
    now = {name: read_known(reading, name, skus) for name in found.record.accounts}
    relaxed = replace(found, loadout=without_steps(found.loadout))
    telling = Telling(then, then, speaker.now.passed)
    for account, rows in rows_again(relaxed, now, skus.to_list(), telling):
        mine = wanted.filter(pl.col("account") == account)
        operations = _saying(rows.operations.collect(), mine)
        withheld = rows.withheld.collect().join(mine, on=["sku", "aspect"], how="semi")
        told = pl.concat([operations.select("sku", "aspect"), withheld.select("sku", "aspect")])
        yield (
            account,
            replace(
                rows, operations=operations.lazy(), withheld=withheld.lazy(),
                warnings=rows.warnings.filter(pl.col("sku").is_in(mine["sku"].implode())),
                offers=mine["sku"].n_unique(), unchanged=0, waiting=0,
            ),
            told.with_columns(pl.lit(account).alias("account")),
        )  # fmt: skip


def _saying(operations: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """The updates that say one of these hashes: nothing else is a way back."""
    updates = operations.filter(pl.col("action") == "update")
    if not len(updates):
        return updates
    marked = hashed(updates)
    keys = wanted.select("sku", "aspect", "hash")
    kept = marked.join(keys, on=["sku", "aspect", "hash"], how="semi", maintain_order="left")
    return kept.select(*OPERATIONS)


def hashed(operations: pl.DataFrame) -> pl.DataFrame:
    """The operations with the `hash` of their own aspect."""
    hashes = said(operations["line"])
    own = pl.coalesce(
        pl.when(pl.col("aspect") == aspect).then(pl.col(f"covers.{aspect}")) for aspect in ASPECTS
    )
    return operations.with_columns(hashes.select(own.alias("hash"))["hash"])


def plan_of(basis: Basis, parts: Mapping[str, Iterable[PlanRows]], now: Present) -> SyncPlan:
    """
    The plan of some rows by account, with what the sources of now stop.

    Guards on the whole run look at it when it is applied.
    """
    moment = microseconds(now.as_of)
    return SyncPlan(
        "", basis,
        tuple(
            account_part(
                name, tuple(rows),
                Run(now.of_sources(name), moment, first_publication=False, sources=now.sources),
            )
            for name, rows in sorted(parts.items())
        ),
    )  # fmt: skip
