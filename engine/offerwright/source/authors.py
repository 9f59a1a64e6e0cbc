"""
A range of commits → who wrote each of them, which files it touches, and whether it is signed.

Commits are read as Git stores them: no `.mailmap` counts, for a change could bring one along that
makes two people of one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from offerwright.source.history import bodies, git

_IDENTITY = re.compile(r"(?P<name>.*?) ?<(?P<email>[^<>]*)>")
_CO_AUTHOR = re.compile(r"^co-authored-by:\s*(.*<[^<>]*>)\s*$", re.IGNORECASE | re.MULTILINE)
_FORGES = ("noreply@github.com", "noreply@gitlab.com")
_NO_OBJECT = re.compile(r"0+")
_RAW = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-color")


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
        """One e-mail, or one name; the case of letters and how they are stored aside."""
        mine, theirs = (
            {_folded(part) for part in (one.name, one.email)} - {""} for one in (self, other)
        )
        return not mine.isdisjoint(theirs)

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


def _folded(part: str) -> str:
    """One accented letter may be stored as one sign or as two."""
    return unicodedata.normalize("NFKC", " ".join(part.split())).casefold()


@dataclass(frozen=True, slots=True)
class Touched:
    """
    One file that a commit has otherwise than its parents, or a merge otherwise than they give.

    `before` are the objects that the parents have, `after` its own; none where it is not there.
    """

    file: str
    before: tuple[str, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Commit:
    """
    One commit, with the files that it touches itself: a merge those that it does not just join.

    `is_cut`: this clone is shallow, and has not what came before it.
    """

    id: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    co_authors: tuple[Person, ...]
    touched: tuple[Touched, ...]
    is_cut: bool = False

    @property
    def named(self) -> tuple[Person, ...]:
        """Everybody who has a part in it, programs too."""
        return tuple(dict.fromkeys((self.author, self.committer, *self.co_authors)))

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody who has a part in it; programs are nobody."""
        return tuple(one for one in self.named if not one.is_program)


def commits_between(root: Path, base: str, head: str) -> tuple[Commit, ...]:
    """
    The commits that `head` has and `base` has not, newest first.

    Files are named from `root`, the folder with `offerwright.yaml`; those outside are left out.
    """
    found = git(
        root, "rev-list", "--topo-order", "--parents", "--end-of-options", f"{base}..{head}"
    )
    # With the parents that this clone knows: a shallow one leaves some out.
    known = {one: parents for one, *parents in map(str.split, (found or b"").decode().splitlines())}
    prefix = (git(root, "rev-parse", "--show-prefix") or b"").decode().rstrip("\n")
    merges = [one for one, parents in known.items() if len(parents) == 2]
    touched = _touched(root, list(known), prefix) | _joined(root, merges, prefix)
    stored = bodies(root, known)
    return tuple(
        _commit(one, stored[one], touched.get(one, ()), len(parents))
        for one, parents in known.items()
        if one in stored
    )


def _commit(id_: str, stored: bytes, touched: Sequence[Touched], known: int) -> Commit:
    head, _, message = stored.decode("utf-8", "replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.split("\n"):
        name, _, value = line.partition(" ")
        fields.setdefault(name, []).append(value)
    author, committer = (_person(fields.get(who, [""])[0]) for who in ("author", "committer"))
    others = tuple(_person(found) for found in _CO_AUTHOR.findall(message))
    parents = tuple(fields.get("parent", ()))
    return Commit(id_, parents, author, committer, others, tuple(touched), len(parents) > known)


def _person(written: str) -> Person:
    found = _IDENTITY.match(written)
    return Person(found["name"], found["email"]) if found else Person(written, "")


def _touched(root: Path, ids: Collection[str], prefix: str) -> dict[str, list[Touched]]:
    """By commit, the files that are other ones than in all of its parents."""
    output = _of_commits(root, ids, "diff-tree", "--stdin", "--root", "-c", *_RAW)
    found: dict[str, list[Touched]] = {}
    for commit, raw, file in _changes(output or b"", prefix):
        found.setdefault(commit, []).append(_file(raw, file))
    return found


def _joined(root: Path, merges: Collection[str], prefix: str) -> dict[str, list[Touched]]:
    """
    By merge of two, the files that are other ones than Git makes of both sides: conflicts that
    somebody settled, and changes of a side that the merge drops or adds to.

    Nothing where Git is older than 2.35, and cannot say.
    """
    output = _of_commits(
        root, merges, "log", "--stdin", "--no-walk=unsorted", "--format=%H", "--no-show-signature",
        "--remerge-diff", *_RAW,
    )  # fmt: skip
    if output is None:
        return {}
    settled: dict[str, set[str]] = {}
    for commit, _, file in _changes(output, prefix):
        settled.setdefault(commit, set()).add(file)
    found: dict[str, dict[str, Touched]] = {one: {} for one in merges}
    # What Git made of a conflict is stored nowhere; the files of the parents are.
    sides = _of_commits(root, settled, "diff-tree", "--stdin", "-m", *_RAW)
    for commit, raw, file in _changes(sides or b"", prefix):
        if file in settled[commit]:
            one, known = _file(raw, file), found[commit].get(file)
            before = (*(known.before if known else ()), *one.before)
            found[commit][file] = Touched(file, before, one.after)
    return {one: list(files.values()) for one, files in found.items()}


def _of_commits(root: Path, ids: Collection[str], *command: str) -> bytes | None:
    return git(root, *command, given="".join(f"{one}\n" for one in ids)) if ids else b""


def _changes(output: bytes, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Commit, modes and objects, and file below `prefix` of every change that Git lists."""
    commit, fields = "", iter(output.decode("utf-8", "surrogateescape").split("\0"))
    for field in map(str.strip, fields):
        if field.startswith(":"):
            file = next(fields, "")
            if file.startswith(prefix):
                yield commit, field, file.removeprefix(prefix)
        elif field:
            commit = field


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
