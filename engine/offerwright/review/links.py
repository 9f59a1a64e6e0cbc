"""A place in a file → the address of its line on a code host, at the commit that was reviewed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from offerwright.errors import OfferwrightError

Record = Mapping[str, Any]
Host = Literal["github", "gitlab"]
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/@%+-]+")


@dataclass(frozen=True, slots=True)
class Links:
    """
    Where the files of the head can be looked at.

    Args:
        repository: the address of the repository on the web.
        host: whose addresses these are.
        commit: the head; empty where it has none, and then there are no addresses.
        folder: where `offerwright.yaml` lies in the repository; empty at its root.
    """

    repository: str
    host: Host
    commit: str
    folder: str = ""

    def to(self, file: str, line: int) -> str | None:
        """The address of a line."""
        if not self.commit:
            return None
        path = quote(f"{self.folder}/{file}".strip("/"))
        blob = "/-/blob/" if self.host == "gitlab" else "/blob/"
        return f"{self.repository}{blob}{quote(self.commit)}/{path}#L{line}"


def links(repository: str, commit: str | None, folder: str = "") -> Links:
    """
    Links for the address of a repository; one with `gitlab` in its host is read as GitLab.

    Raises:
        OfferwrightError: the address is none of the web.
    """
    address = repository.rstrip("/").removesuffix(".git")
    if not _ADDRESS.fullmatch(address):
        raise OfferwrightError(
            f"{repository!r} is no address of a repository; write https://github.com/OWNER/NAME"
        )
    host: Host = "gitlab" if "gitlab" in (urlsplit(address).hostname or "") else "github"
    return Links(address, host, commit or "", folder_of(folder))


def addressed(record: Record, links: Links) -> dict[str, Any]:
    """The document with an `address` beside every file and line that a comment shows."""

    def with_address(place: Record) -> dict[str, Any]:
        at = None if place["file"] is None else links.to(place["file"], place["line"])
        return dict(place) if at is None else {**place, "address": at}

    return _placed(record, with_address)


def in_folder(record: Record, folder: str) -> dict[str, Any]:
    """The document with every file of a remark named from the root of the Git repository."""

    def within(place: Record) -> dict[str, Any]:
        file = place["file"]
        return {**place, "file": file if file is None else f"{folder}/{file}"}

    return _placed(record, within) if folder else dict(record)


def _placed(record: Record, changed: Callable[[Record], dict[str, Any]]) -> dict[str, Any]:
    """The document with every place changed, but for those of the offers one by one."""

    def moved(offer: Record) -> dict[str, Any]:
        return {**offer, "rule": offer["rule"] and changed(offer["rule"])}

    return {
        **record,
        "findings": [changed(one) for one in record["findings"]],
        "guards": [
            {**changed(one), "offers": [moved(o) for o in one["offers"]]}
            for one in record["guards"]
        ],
        "movers": {name: [moved(o) for o in found] for name, found in record["movers"].items()},
        "rules": [changed(one) for one in record["rules"]],
        "approvals": [changed(one) for one in record.get("approvals", ())],
    }


def folder_of(written: str) -> str:
    """A folder as it stands in addresses: `shops/br`, empty for the root."""
    return "/".join(part for part in written.split("/") if part not in ("", "."))
