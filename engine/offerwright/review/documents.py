"""Which documents two states of a repository have apart, and the files that they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from offerwright.loadout import TOLD, Loadout
from offerwright.source.document import Document
from offerwright.source.located import Loaded
from offerwright.source.repository import MARKETPLACES, SHOP_FILE

Change = Literal["new", "gone", "changed", "moved"]
Files = Mapping[str, bytes]
_Both: TypeAlias = "tuple[Loaded[Document] | None, Loaded[Document] | None]"


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """
    One document that two states have apart.

    `moved` means the same in another file. `before` and `after` are the files that it is made of,
    the document itself first, then its tables; empty where it is not there. `place` is the first
    line that the two states have apart: at the head, else at the base.
    """

    kind: str
    name: str
    change: Change
    before: tuple[str, ...]
    after: tuple[str, ...]
    place: tuple[str, int]

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def file(self) -> str:
        """Where to look: at the head, else at the base."""
        return (self.after or self.before)[0]

    def undone(self, base: Files, head: Files) -> dict[str, bytes]:
        """The files of the head with this document as the base has it."""
        kept = {file: body for file, body in head.items() if file not in self.after}
        return {**kept, **{file: base[file] for file in self.before}}


@dataclass(frozen=True, slots=True)
class FileChange:
    """
    One file that two states have apart: `before` and `after` are its size, None if not there.

    `was` is the name that it had at the base, empty where it is the same.
    """

    file: str
    before: int | None
    after: int | None
    was: str = ""


def changed_documents(base: Loadout, head: Loadout) -> tuple[DocumentChange, ...]:
    """Documents by kind and name, then folders of marketplaces, then the shop."""
    old, new = _documents(base), _documents(head)
    before, after = base.repository.files, head.repository.files
    found = [
        _document(key, (old.get(key), new.get(key)), before, after) for key in sorted({*old, *new})
    ]
    return (
        *(one for one in found if one is not None),
        *_marketplaces(before, after),
        *_shop(before, after, head.shop.name),
    )


def changed_files(
    base: Files, head: Files, documents: Sequence[DocumentChange] = ()
) -> tuple[FileChange, ...]:
    """
    All files that are not the same bytes or not where they were, by name.

    A file that is gone and one that is new are one renamed file where they are the same bytes, or
    the same document.
    """
    renamed = _renamed(base, head, documents)
    found = [
        FileChange(file, _size(base, renamed.get(file, file)), _size(head, file),
                   renamed.get(file, ""))
        for file in sorted({*base, *head} - {*renamed.values()})
        if file in renamed or base.get(file) != head.get(file)
    ]  # fmt: skip
    return tuple(found)


def _renamed(base: Files, head: Files, documents: Sequence[DocumentChange]) -> dict[str, str]:
    """By its new name, the old one of every file that was renamed."""
    gone = {file: body for file, body in sorted(base.items()) if file not in head}
    by_body = {body: file for file, body in reversed(gone.items())}
    found: dict[str, str] = {}
    pairs = [(a, b) for one in documents for a, b in zip(one.after, one.before, strict=False)]
    same = [(file, by_body.get(body, "")) for file, body in sorted(head.items())]
    for new, old in (*same, *pairs):
        is_free = new not in found and old not in found.values()
        if new not in base and old in gone and is_free:
            found[new] = old
    return found


def _size(files: Files, file: str) -> int | None:
    return len(files[file]) if file in files else None


def _documents(loadout: Loadout) -> dict[tuple[str, str], Loaded[Document]]:
    documents: list[Loaded[Document]] = [*loadout.documents, *map(_plain, loadout.own_fees)]
    return {(one.document.kind, one.name): one for one in documents}


def _plain(loaded: Any) -> Loaded[Document]:
    """A document of one kind as one of any."""
    found: Loaded[Document] = loaded
    return found


def _document(key: tuple[str, str], both: _Both, base: Files, head: Files) -> DocumentChange | None:
    old, new = both
    before, after = _files(old), _files(new)
    if old is None or new is None:
        change: Change = "new" if old is None else "gone"
    elif old.revision != new.revision:
        change = "changed"
    elif before != after:
        change = "moved"
    else:
        return None
    return _change(key, change, (before, base), (after, head))


def _change(
    key: tuple[str, str],
    change: Change,
    old: tuple[Sequence[str], Files],
    new: tuple[Sequence[str], Files],
) -> DocumentChange:
    (before, base), (after, head) = old, new
    return DocumentChange(
        *key, change, tuple(before), tuple(after), _place(before, after, base, head)
    )


def _place(
    before: Sequence[str], after: Sequence[str], base: Files, head: Files
) -> tuple[str, int]:
    """The first file that is not as it was, and the line in it; of a new document its first."""
    was = dict(zip(after, before, strict=False))
    for file in after:
        if file not in base and was.get(file) not in base:
            return file, 1
        old = base[file] if file in base else base[was[file]]
        if old != head[file]:
            return file, _first_line_apart(old, head[file])
    return (*(after or before), "")[0], 1


def _first_line_apart(old: bytes, new: bytes) -> int:
    left, right = (body.split(b"\n") for body in (old, new))
    same = next(
        (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
        min(len(left), len(right)),
    )
    return min(same, max(len(right) - 1, 0)) + 1


def _files(loaded: Loaded[Document] | None) -> tuple[str, ...]:
    if loaded is None:
        return ()
    return loaded.file, *sorted({table.file for table in loaded.tables.values()})


def _marketplaces(base: Files, head: Files) -> Iterator[DocumentChange]:
    """Folders of marketplaces, without their fees: those are documents."""
    names = sorted({f.split("/")[1] for f in (*base, *head) if f.startswith(f"{MARKETPLACES}/")})
    for name in names:
        before, after = (_folder(files, name) for files in (base, head))
        if before != after:
            change: Change = "changed" if before and after else "gone" if before else "new"
            yield _change(("marketplace", name), change, (_told_first(before), base),
                          (_told_first(after), head))  # fmt: skip


def _folder(files: Files, name: str) -> dict[str, bytes]:
    folder = f"{MARKETPLACES}/{name}/"
    return {
        file: body
        for file, body in sorted(files.items())
        if file.startswith(folder) and file != f"{folder}fees.yaml"
    }


def _told_first(files: Files) -> list[str]:
    """What decides what is sent before what says how, and what nobody reads as a rule."""
    last = len(TOLD)
    rank = {name: next((n for n, t in enumerate(TOLD) if t in name), last) for name in files}
    return sorted(files, key=lambda name: (rank[name], name))


def _shop(base: Files, head: Files, name: str) -> Iterator[DocumentChange]:
    if base.get(SHOP_FILE) != head.get(SHOP_FILE):
        yield _change(("shop", name), "changed", ((SHOP_FILE,), base), ((SHOP_FILE,), head))
