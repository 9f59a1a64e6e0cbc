"""What `check` says when it may look at more than the files: a snapshot, an older commit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from offerwright.cli.options import STATE, moment
from offerwright.cli.report import tell
from offerwright.errors import Diagnostic, OfferwrightError, has_errors

NEWEST = "newest"
_EXPIRES = re.compile(rb"check:\s*[\"']?expires\b")


def version_findings(root: Path, ref: str) -> list[Diagnostic]:
    """Labelled documents that changed since a commit under a `version` that did not rise."""
    from offerwright.pipeline import KINDS
    from offerwright.source.history import base_commit, repository_at
    from offerwright.source.labels import not_raised
    from offerwright.source.load import load_documents
    from offerwright.source.repository import read_repository

    before = repository_at(root, base_commit(root, ref))
    if not before.files:
        tell(f"note: {ref} has no rules in this folder: no version is compared")
        return []
    now, _ = read_repository(root)
    if all(now.files.get(file) == body for file, body in before.files.items()):
        return []
    return not_raised(load_documents(now, KINDS)[0], load_documents(before, KINDS)[0], ref)


def overrides(root: Path, files: Mapping[str, bytes], as_of: str | None) -> list[Diagnostic]:
    """
    What has no end, or a late one, where a guard with `check: expires` asks for it.

    It depends on the day, so it is not among what is remembered; without such a guard nothing is
    read.
    """
    rules = (body for file, body in files.items() if file.startswith("rules/"))
    if not any(_EXPIRES.search(body) for body in rules):
        return []
    from offerwright.guards.expiry import expiry_findings
    from offerwright.pipeline import compile_repository
    from offerwright.source.repository import read_repository, shipped_marketplaces

    repository, _ = read_repository(root, shipped_marketplaces())
    loadout, found = compile_repository(repository)
    if loadout is None or has_errors(found):
        return []
    now = moment(as_of, loadout.schema.time_zone)
    return expiry_findings(loadout.rules, loadout.guards, now)


def match_findings(root: Path, snapshot: str, as_of: str | None) -> list[Diagnostic]:
    """Rows that match other numbers of SKUs of a snapshot than they should; idle approvals."""
    from offerwright.evaluate.matched import count_matches
    from offerwright.facts.manifest import schema_hash
    from offerwright.facts.snapshot import load_snapshot
    from offerwright.guards.approved import approval_findings
    from offerwright.pipeline import compile_repository
    from offerwright.rules.findings.expected import judge_matches
    from offerwright.source.repository import read_repository, shipped_marketplaces

    repository, _ = read_repository(root, shipped_marketplaces())
    loadout, found = compile_repository(repository)
    if loadout is None or has_errors(found):
        tell("note: no matches are counted while there are errors")
        return []
    folder = _snapshot_folder(root, snapshot)
    held = load_snapshot(folder)
    if held.manifest.schema_sha256 != schema_hash(loadout.schema):
        raise OfferwrightError(
            f"the snapshot {folder.name[:12]} is of other facts; run: offerwright snapshot"
        )
    now = moment(as_of, loadout.schema.time_zone)
    matches = judge_matches(count_matches(loadout.rules, held.frame, now))
    return [*matches, *approval_findings(loadout.guards, loadout.rules, held.frame, now)]


def _snapshot_folder(root: Path, snapshot: str) -> Path:
    from offerwright.facts.snapshot import newest_snapshot

    if snapshot != NEWEST:
        return Path(snapshot)
    newest = newest_snapshot(root / STATE / "snapshots")
    if newest is None:
        raise OfferwrightError("there is no snapshot yet; run: offerwright snapshot")
    return newest
