"""From a repository's files to its offers and what the guards say of them, for the tests here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from repositories.documents import ROOT

from offerwright.errors import Diagnostic
from offerwright.evaluate.match import Walks
from offerwright.evaluate.run import Executor, Offers
from offerwright.expressions.parse import microseconds
from offerwright.facts.snapshot import build_snapshot
from offerwright.guards.judge import judge
from offerwright.pipeline import Loadout, compile_repository
from offerwright.source.repository import Repository, read_repository

BLACK_FRIDAY = datetime.fromisoformat("2026-11-27T09:30:00-03:00")


@dataclass(frozen=True)
class Evaluated:
    """Offers by account, and everything that was found wrong on the way."""

    offers: Mapping[str, Offers]
    found: list[Diagnostic]
    loadout: Loadout
    as_of: datetime

    def blocked(self, account: str) -> dict[tuple[str, str], int]:
        """How many offers each (aspect, code) blocks."""
        offers = self.offers[account]
        skus = offers.frame["sku"].to_list()
        blocked = {
            (block.aspect, block.code, sku)
            for block in offers.blocks
            for sku, hit in zip(skus, block.mask, strict=True)
            if hit
        }
        return dict(Counter((aspect, code) for aspect, code, _ in blocked))

    def objections(self, account: str) -> dict[str, int]:
        """How many priced offers each guard objects to, nothing having been sent before."""
        offers = self.offers[account]
        nothing_sent = {"sku": pl.String, "live_paid": pl.Decimal(38, 2), "was_sent": pl.Boolean}
        verdicts = judge(
            offers,
            self.loadout.guards.by_account[account],
            pl.DataFrame(schema=nothing_sent),
            microseconds(self.as_of),
            Walks(),
        )
        priced = offers.frame["price"].is_not_null().to_numpy()
        counts = {v.guard.id: int(((v.fails | v.missing) & priced).sum()) for v in verdicts}
        return {guard: count for guard, count in counts.items() if count}

    def column(self, account: str, name: str) -> dict[str, Any]:
        """A column of an account's offers by SKU."""
        frame = self.offers[account].frame
        return dict(zip(frame["sku"].to_list(), frame[name].to_list(), strict=True))


def evaluated(
    root: Path,
    data_root: Path | None = None,
    as_of: datetime = BLACK_FRIDAY,
    edits: Mapping[str, tuple[bytes, bytes]] | None = None,
) -> Evaluated:
    """Evaluate a repository. `edits` replace text in its files: file → (old, new)."""
    repository, found = read_repository(root, ROOT / "marketplaces")
    files = dict(repository.files)
    for file, (old, new) in (edits or {}).items():
        assert old in files[file]
        files[file] = files[file].replace(old, new)
    loadout, wrong = compile_repository(Repository(repository.root, files))
    assert loadout is not None, wrong
    snapshot = build_snapshot(loadout.schema, loadout.shop.document, root, data_root=data_root)
    offers = Executor(loadout.rules).run(snapshot.frame, as_of)
    return Evaluated({o.account.name: o for o in offers}, [*found, *wrong], loadout, as_of)
