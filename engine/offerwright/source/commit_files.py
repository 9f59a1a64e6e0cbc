"""
The tree of a commit, as Git lists it → the files of a configuration, and what is left out and why.

Links inside of the repository are followed, as they are on disk (`repository.read_repository`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from offerwright.errors import Diagnostic, OfferwrightError
from offerwright.source.repository import (
    MARKETPLACES,
    MAX_LEVELS,
    RULE_ENDINGS,
    limit_of,
    link_outside,
    problem,
)
from offerwright.source.text import too_large

Kind = Literal["file", "link", "submodule", "other"]
_KINDS: Mapping[str, Kind] = {
    "100644": "file", "100755": "file", "120000": "link", "160000": "submodule",
}  # fmt: skip
_MAX_HOPS = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tree: what it is, the name of its object, and its bytes."""

    kind: Kind
    blob: str
    size: int


@dataclass(frozen=True)
class Tree:
    """The entries of a commit by their path in the repository, and where each link leads."""

    entries: Mapping[str, Entry]
    links: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def folders(self) -> Mapping[str, list[str]]:
        """What lies directly in every folder, by name; the topmost one is called `""`."""
        found: dict[str, set[str]] = {}
        for path in self.entries:
            folder, _, name = path.rpartition("/")
            while name not in found.setdefault(folder, set()):
                found[folder].add(name)
                folder, _, name = folder.rpartition("/")
        return {folder: sorted(names) for folder, names in found.items()}

    def real(self, path: str) -> str | None:
        """Where a path leads, links followed; None outside of the repository or in a circle."""
        left, here, hops = path.split("/")[::-1], list[str](), 0
        while left:
            part = left.pop()
            if part == ".." and not here:
                return None
            if part in ("", ".", ".."):
                here = here[:-1] if part == ".." else here
                continue
            target = self.links.get("/".join([*here, part]))
            if target is None:
                here.append(part)
                continue
            hops += 1
            if hops > _MAX_HOPS or target.startswith("/"):
                return None
            left += target.split("/")[::-1]
        return "/".join(here)


def tree_of(listed: bytes, prefix: str) -> Tree:
    """
    What `ls-tree -r -z -l --full-tree` prints, without where links lead.

    Args:
        listed: its output.
        prefix: the folder of the configuration in the Git repository, with a slash; may be empty.
    """
    found = {}
    for line in listed.split(b"\0"):
        head, _, path = line.partition(b"\t")
        mode, _, blob, size = (*head.decode().split(), "", "", "", "")[:4]
        if mode:
            name = path.decode("utf-8", "backslashreplace").removeprefix(prefix)
            own = int(size) if size.isdigit() else 0
            found[name] = Entry(_KINDS.get(mode, "other"), blob, own)
    return Tree(found)


def chosen(tree: Tree, places: Mapping[str, bool]) -> tuple[dict[str, str], list[Diagnostic]]:
    """
    The object of every file that counts, by name, and what was left out and why.

    Args:
        tree: of the commit.
        places: a file, or a folder with all that is below it (True).

    Raises:
        OfferwrightError: a submodule stands where rules should.
    """
    found: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for place, is_folder in places.items():
        walked = _walk(tree, place) if is_folder else _one(tree, place)
        for name, seen in walked:
            if isinstance(seen, Diagnostic):
                problems.append(seen)
            elif isinstance(seen, str) or not _counts(name):
                continue
            elif seen.size > limit_of(name):
                problems.append(too_large(name, seen.size, limit_of(name)))
            else:
                found[name] = seen.blob
    return dict(sorted(found.items())), problems


def _counts(name: str) -> bool:
    return name.lower().endswith(RULE_ENDINGS) or name.startswith(f"{MARKETPLACES}/")


def _walk(tree: Tree, folder: str) -> Iterator[tuple[str, Entry | Diagnostic]]:
    """All files below a folder; each real folder is entered once."""
    pending, entered = [(folder, folder)], {tree.real(folder)}
    while pending:
        shown, real = pending.pop()
        if shown.count("/") >= MAX_LEVELS:
            message = f"folders are nested more than {MAX_LEVELS} deep"
            yield shown, problem("TOO_DEEP", message, shown, "write the folders flatter")
            continue
        for child in tree.folders.get(real, []):
            for name, seen in _one(tree, f"{real}/{child}", f"{shown}/{child}"):
                if isinstance(seen, Entry | Diagnostic):
                    yield name, seen
                elif seen in entered:
                    message = "the folder it leads to is read already"
                    yield name, problem("LINK_LOOP", message, name, "delete the link")
                else:
                    entered.add(seen)
                    pending.append((name, seen))


def _one(tree: Tree, path: str, shown: str = "") -> Iterator[tuple[str, Entry | Diagnostic | str]]:
    """What stands at a path: a file, a problem, or the path of the folder that it leads to."""
    name = shown or path
    last = name.rpartition("/")[2]
    if last.startswith("."):
        return
    if not last.isprintable() or "\\" in last:
        message = "the name holds characters that cannot be shown"
        place = name.rpartition("/")[0] or "."
        yield name, problem("BAD_FILE_NAME", message, place, f"rename {last!a}")
        return
    real = tree.real(path)
    if real is None:
        yield name, link_outside(name)
    elif real in tree.entries:
        yield from _entry(tree.entries[real], name)
    elif real in tree.folders:
        yield name, real
    elif path in tree.links:
        yield name, problem("UNREADABLE", "the link leads nowhere", name, "delete it")


def _entry(entry: Entry, name: str) -> Iterator[tuple[str, Entry]]:
    if entry.kind == "submodule":
        raise OfferwrightError(
            f"{name} is a submodule: its files are in another Git repository, and a commit does "
            "not have them; check both states out and compare the folders: "
            "offerwright diff BEFORE AFTER"
        )
    if entry.kind == "file":
        yield name, entry
