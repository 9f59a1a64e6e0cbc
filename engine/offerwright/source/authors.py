"""
A range of commits → who wrote each of them, which files it touches, and whether it is signed.

Commits are read as Git stores them: no `.mailmap` counts, for a change could bring one along that
makes two people of one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from offerwright.source.history import bodies, git

_IDENTITY = re.compile(r"(?P<name>.*?) ?<(?P<email>[^<>]*)>")
_CO_AUTHOR = re.compile(r"^co-authored-by:\s*(.*<[^<>]*>)\s*$", re.IGNORECASE | re.MULTILINE)
_FORGES = ("noreply@github.com", "noreply@gitlab.com")
_NO_OBJECT = re.compile(r"0+")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a commit names, as it names them."""

    name: str
    email: str

    @property
    def is_program(self) -> bool:
        """A robot's account, or a forge that commits for whom it names as the author."""
        return self.email.casefold() in _FORGES or self.name.casefold().endswith("[bot]")

    def is_same(self, other: Person) -> bool:
        """One e-mail, or one name; the case of letters aside."""
        mine, theirs = (
            {part.strip().casefold() for part in (one.name, one.email)} - {""}
            for one in (self, other)
        )
        return not mine.isdisjoint(theirs)

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True)
class Touched:
    """
    One file that a commit has otherwise than every one of its parents.

    `before` are the objects that the parents have, `after` its own; none where it is not there.
    """

    file: str
    before: tuple[str, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, with the files that it touches itself: a merge only those it has anew."""

    id: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    co_authors: tuple[Person, ...]
    touched: tuple[Touched, ...]

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody who has a part in it; programs are nobody."""
        every = dict.fromkeys((self.author, self.committer, *self.co_authors))
        return tuple(one for one in every if not one.is_program)


def commits_between(root: Path, base: str, head: str) -> tuple[Commit, ...]:
    """
    The commits that `head` has and `base` has not, newest first.

    Files are named from `root`, the folder with `offerwright.yaml`; those outside are left out.
    """
    listed = git(root, "rev-list", "--topo-order", "--end-of-options", f"{base}..{head}") or b""
    ids = listed.decode().split()
    prefix = (git(root, "rev-parse", "--show-prefix") or b"").decode().rstrip("\n")
    touched = _touched(root, ids, prefix)
    stored = bodies(root, ids)
    return tuple(_commit(one, stored[one], touched.get(one, ())) for one in ids if one in stored)


def _commit(id_: str, stored: bytes, touched: Sequence[Touched]) -> Commit:
    head, _, message = stored.decode("utf-8", "replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.split("\n"):
        name, _, value = line.partition(" ")
        fields.setdefault(name, []).append(value)
    author, committer = (_person(fields.get(who, [""])[0]) for who in ("author", "committer"))
    others = tuple(_person(found) for found in _CO_AUTHOR.findall(message))
    return Commit(id_, tuple(fields.get("parent", ())), author, committer, others, tuple(touched))


def _person(written: str) -> Person:
    found = _IDENTITY.match(written)
    return Person(found["name"], found["email"]) if found else Person(written, "")


def _touched(root: Path, ids: Sequence[str], prefix: str) -> dict[str, list[Touched]]:
    """By commit, the files that are other ones than in all of its parents."""
    if not ids:
        return {}
    output = git(
        root, "diff-tree", "--stdin", "-r", "--root", "-c", "-z", "--raw", "--no-renames",
        "--no-abbrev", given="".join(f"{one}\n" for one in ids),
    )  # fmt: skip
    found: dict[str, list[Touched]] = {}
    commit, fields = "", iter((output or b"").decode("utf-8", "surrogateescape").split("\0"))
    for field in fields:
        if field.startswith(":"):
            file = next(fields, "")
            if file.startswith(prefix):
                found[commit].append(_file(field, file.removeprefix(prefix)))
        elif field:
            commit = field
            found.setdefault(commit, [])
    return found


def _file(raw: str, file: str) -> Touched:
    """`:mode mode object object M`, with one more mode and object for every further parent."""
    parents = len(raw) - len(raw.lstrip(":"))
    objects = raw.lstrip(":").split(" ")[parents + 1 : 2 * parents + 2]
    *before, after = (None if _NO_OBJECT.fullmatch(one) else one for one in objects)
    return Touched(file, tuple(one for one in before if one is not None), after)


def signer_of(root: Path, commit: str) -> str | None:
    """
    Whom the signature of a commit names, as `gpg.ssh.allowedSignersFile` or the keys of this
    computer know them; None where it is not signed, or by nobody who is known.
    """
    if git(root, "verify-commit", "--end-of-options", commit) is None:
        return None
    name = git(root, "show", "-s", "--format=%GS", commit) or b""
    return name.decode("utf-8", "replace").strip()
