"""A place in a file → the address of its line on a code host, at the commit that was reviewed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from offerwright.errors import OfferwrightError

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
    return Links(address, host, commit or "", folder.strip("/").removeprefix("./"))
