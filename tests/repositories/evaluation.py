"""The whole way from a repository's files to its offers, room by room, for the tests here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from repositories.documents import MODELS, ROOT

from offerwright.errors import Diagnostic
from offerwright.evaluate.run import Executor, Offers
from offerwright.facts.link import link_facts
from offerwright.facts.snapshot import build_snapshot
from offerwright.marketplaces.load import load_marketplaces
from offerwright.rules.document import FeesDocument
from offerwright.rules.link import Documents, link
from offerwright.source.load import load_documents, load_one
from offerwright.source.located import Loaded
from offerwright.source.repository import Repository, read_repository

BLACK_FRIDAY = datetime.fromisoformat("2026-11-27T09:30:00-03:00")


@dataclass(frozen=True)
class Evaluated:
    """Offers by account, and everything that was found wrong on the way."""

    offers: Mapping[str, Offers]
    found: list[Diagnostic]

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
    repository = Repository(repository.root, files)
    documents, wrong = linkable(repository)
    rules, unlinked = link(documents)
    snapshot = build_snapshot(documents.schema, documents.shop.document, root, data_root=data_root)
    offers = Executor(rules).run(snapshot.frame, as_of)
    return Evaluated({o.account.name: o for o in offers}, [*found, *wrong, *unlinked])


def linkable(repository: Repository) -> tuple[Documents, list[Diagnostic]]:
    kinds = {kind: model for kind, model in MODELS.items() if kind != "shop"}
    loaded, found = load_documents(repository, kinds)
    shop, wrong = load_one(repository, "offerwright.yaml", MODELS["shop"])
    assert shop is not None, wrong
    by_kind: dict[str, tuple[Loaded[Any], ...]] = {
        kind: tuple(one for one in loaded if one.document.kind == kind) for kind in kinds
    }
    schema, unlinked = link_facts(by_kind["facts"], shop)  # type: ignore[arg-type]
    marketplaces, broken = load_marketplaces(repository.files)
    schedules = [
        load_one(repository, file, FeesDocument)[0]
        for name in marketplaces
        if (file := f"marketplaces/{name}/fees.yaml") in repository.files
    ]
    documents = Documents(
        shop=shop,  # type: ignore[arg-type]
        schema=schema,
        marketplaces={name: m.document for name, m in marketplaces.items()},
        pricing=by_kind["pricing"],
        inventory=by_kind["inventory"],
        mapping=by_kind["mapping"],
        fees=by_kind["fees"],
        own_fees=tuple(one for one in schedules if one is not None),
        lists=by_kind["lists"],
    )
    return documents, [*found, *unlinked, *broken]
