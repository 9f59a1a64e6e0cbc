"""Changed files of two states → whether they can say anything of the values of one account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from offerwright.source.repository import MARKETPLACES, RULES
from offerwright.source.yaml import read_yaml

SILENT = frozenset({"approvals", "guards", "lifecycle", "routing", "test"})
"""Kinds of documents that say no value of an offer: they judge, or speak of orders."""


def can_reach(
    changed: Iterable[str], states: Iterable[Mapping[str, bytes]], account: tuple[str, str]
) -> bool:
    """
    Whether one of these files may decide a value of an account (its name, its marketplace).

    False is certain; files are looked at in every state that has them.
    """
    every = tuple(states)
    return any(
        not _is_apart(file, files, account) for file in changed for files in every if file in files
    )


def _is_apart(file: str, files: Mapping[str, bytes], account: tuple[str, str]) -> bool:
    place = PurePosixPath(file)
    if place.parts[0] == MARKETPLACES:
        return len(place.parts) > 2 and place.parts[1] != account[1]
    if place.parts[0] != RULES:
        return False
    if place.suffix == ".yaml":
        return _is_elsewhere(files[file], account)
    # A table is named by the document whose rows it has.
    name = place.name.encode()
    users = [body for one, body in files.items() if one.endswith(".yaml") and name in body]
    return bool(users) and all(_is_elsewhere(body, account) for body in users)


def _is_elsewhere(body: bytes, account: tuple[str, str]) -> bool:
    """Whether a document says no value of the account."""
    located, _ = read_yaml(body, "")
    if located is None or not isinstance(located.data, dict):
        return False
    scope = located.data.get("for")
    if located.data.get("kind") in SILENT:
        return True
    if not isinstance(scope, dict):
        return False
    named = zip(("account", "marketplace"), account, strict=True)
    return any(key in scope and one not in _names(scope[key]) for key, one in named)


def _names(written: object) -> list[object]:
    return written if isinstance(written, list) else [written]
