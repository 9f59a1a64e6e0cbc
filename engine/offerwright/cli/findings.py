"""One repository → what `check` says of it, computed or remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offerwright.cli.cache import Cache, key_of
from offerwright.cli.report import diagnostic_json, diagnostics_from_json
from offerwright.errors import Diagnostic, sorted_diagnostics
from offerwright.facts.delivered import read_heading, undelivered
from offerwright.source.exact_fix import with_fixes
from offerwright.source.repository import (
    MARKETPLACES,
    Repository,
    read_repository,
    shipped_marketplaces,
)


@dataclass(frozen=True)
class Found:
    """The findings of a repository, sorted by place, and the files they point into."""

    found: list[Diagnostic]
    files: Mapping[str, bytes]


def findings_in(root: Path, cache: Cache | None) -> Found:
    """
    What is wrong in a repository.

    The same with and without a cache: an entry is kept under the hash of all files and of the
    engine, and counts only while the sources that were looked into begin as they did.
    """
    repository, unread = read_repository(root, shipped_marketplaces())
    key = key_of(repository.files)
    found = None if cache is None else _remembered(cache.read(key), repository.root)
    if found is None:
        found, looked_at = _computed(repository, cache)
        found = with_fixes(found, repository.files)
        if cache is not None:
            heads = {file: _head(repository.root, file) for file in looked_at}
            cache.write(key, {"found": diagnostic_json(found), "heads": heads})
    return Found(sorted_diagnostics([*unread, *found]), repository.files)


def _computed(
    repository: Repository, cache: Cache | None
) -> tuple[list[Diagnostic], Iterable[str]]:
    """Everything that can be said without data, and the sources whose first line was read."""
    from offerwright.pipeline import compile_repository, findings_of
    from offerwright.source.garbage import without_garbage_collection

    with without_garbage_collection():
        loadout, found = compile_repository(repository)
        found = [*found, *_of_folders(repository, loadout, cache)]
        if loadout is None:
            return found, ()
        found += findings_of(loadout, found)
    files: list[str] = []
    for schema in (loadout.schema, *loadout.routing.entities.schemas.values()):
        absent, looked_at = undelivered(schema, repository.root)
        found, files = [*found, *absent], [*files, *looked_at]
    return found, sorted(set(files))


def _remembered(entry: Any, root: Path) -> list[Diagnostic] | None:
    """The findings of an entry; None for none, for one of another shape, and for one whose
    sources have changed."""
    try:
        if any(_head(root, file) != head for file, head in entry["heads"].items()):
            return None
        return diagnostics_from_json(entry["found"])
    except (KeyError, TypeError, AttributeError):
        return None


def _head(root: Path, file: str) -> str | None:
    """A hash of how a source begins; None where there is none to read."""
    line = read_heading(root, file)
    return None if line is None else hashlib.sha256(line).hexdigest()


def _of_folders(repository: Repository, loadout: Any, cache: Cache | None) -> list[Diagnostic]:
    """What is wrong with the folders of marketplaces, which change less often than rules."""
    if cache is None:
        return _folders(repository, loadout)
    own = {f: body for f, body in repository.files.items() if f.startswith("marketplaces/")}
    key = key_of(own, "folders", "" if loadout is None else "contracts")
    found = _remembered(cache.read(key), repository.root)
    if found is None:
        found = _folders(repository, loadout)
        cache.write(key, {"found": diagnostic_json(found), "heads": {}})
    return found


def _folders(repository: Repository, loadout: Any) -> list[Diagnostic]:
    """What is wrong with the files of marketplaces that no price or payload is made of.

    Only of folders that the repository brings: those that ship are the engine's own, and checked
    with it.
    """
    own = sorted(
        n for n in _folder_names(repository) if (repository.root / MARKETPLACES / n).exists()
    )
    if not own:
        return []
    from offerwright.connectors.document import ConnectorDocument
    from offerwright.marketplaces.load import check_contracts
    from offerwright.sandbox.document import SandboxDocument
    from offerwright.source.load import load_one

    linked = {} if loadout is None else loadout.marketplaces
    found = check_contracts(linked[name] for name in own if name in linked)
    for name, model in (("connector", ConnectorDocument), ("sandbox", SandboxDocument)):
        for file in (f"{MARKETPLACES}/{folder}/{name}.yaml" for folder in own):
            if file in repository.files:
                found += load_one(repository, file, model)[1]
    return found


def _folder_names(repository: Repository) -> set[str]:
    start = f"{MARKETPLACES}/"
    return {file.split("/")[1] for file in repository.files if file.startswith(start)}
