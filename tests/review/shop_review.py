"""A small shop, a change of it, and the review: in memory but for the sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cli.shop import AS_OF, FILES, quick_market

from offerwright.errors import has_errors
from offerwright.facts.manifest import schema_hash
from offerwright.facts.snapshot import build_snapshot
from offerwright.loadout import Loadout
from offerwright.pipeline import compile_repository
from offerwright.review.master import master
from offerwright.review.review import Asked, Review, review
from offerwright.review.side import Side
from offerwright.source.repository import Repository

NOON = datetime.fromisoformat(AS_OF)
Edits = Mapping[str, str | tuple[str, str] | None]


@dataclass(frozen=True)
class Shops:
    """Where the sources are, and the files that the base has."""

    folder: Path
    files: Mapping[str, str]

    def edited(self, edits: Edits) -> Shops:
        """Files written anew (text), changed (old, new) or deleted (None)."""
        files = dict(self.files)
        for file, edit in edits.items():
            if edit is None:
                del files[file]
            elif isinstance(edit, str):
                files[file] = edit
            else:
                assert edit[0] in files[file], f"{edit[0]!r} is not in {file}"
                files[file] = files[file].replace(*edit)
        return Shops(self.folder, files)

    def side(self, name: str) -> Side:
        loadout = compiled(self.repository)
        assert loadout is not None, compile_repository(self.repository)[1]
        shop = loadout.shop.document
        found = build_snapshot(loadout.schema, shop, self.folder)
        return Side(name, "", loadout, found.frame, schema_hash(loadout.schema))

    @property
    def repository(self) -> Repository:
        files = {name: text.encode() for name, text in sorted(self.files.items())}
        return Repository(self.folder, files)

    def review(self, edits: Edits, as_of: datetime = NOON) -> Review:
        """What these edits do."""
        return review(self.side("base"), self.edited(edits).side("head"), Asked(as_of, compiled))

    def record(self, edits: Edits, as_of: datetime = NOON) -> dict[str, Any]:
        return master(self.review(edits, as_of), 1000)


def compiled(repository: Repository) -> Loadout | None:
    loadout, found = compile_repository(repository)
    return None if has_errors(found) else loadout


def shops(folder: Path) -> Shops:
    """The small shop of `cli.shop`, its data on disk."""
    for name in ("catalogue", "stock"):
        path = folder / f"data/{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[f"data/{name}.csv"], encoding="utf-8")
    rules = {name: text for name, text in FILES.items() if not name.startswith("data/")}
    return Shops(folder, {**rules, **market_files()})


@cache
def market_files() -> Mapping[str, str]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        quick_market(root / "marketplaces/quick-market")
        paths = [path for path in root.rglob("*") if path.is_file()]
        return {str(path.relative_to(root)): path.read_text("utf-8") for path in paths}


def causes_of(found: Review) -> set[tuple[str, str, str, str]]:
    """Aspect, kind and rule or document, and place, over all offers."""
    return {
        (c["aspect"], c["kind"], c["rule"] or c["document"], f"{c['file']}:{c['line']}")
        for c in found.causes.iter_rows(named=True)
    }


def uncaused(found: Review) -> list[tuple[str, str]]:
    """Offers that differ, and nobody says why."""
    left = found.changed.join(found.causes, on=["account", "sku"], how="anti")
    return list(left.select("account", "sku").iter_rows())
