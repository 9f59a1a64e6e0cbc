"""A repository → the same one without some of its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from offerwright.errors import OfferwrightError
from offerwright.pipeline import KINDS
from offerwright.rules.document import FeesDocument
from offerwright.source.load import load_documents, load_one
from offerwright.source.located import Loaded
from offerwright.source.repository import MARKETPLACES, Repository
from offerwright.whatif.blanked import emptied, without_node, without_row
from offerwright.whatif.parts import OTHERWISE, Part, find_part, parts_of, whole

Documents = Sequence[Loaded[Any]]


def without(repository: Repository, documents: Documents, part: Part) -> Repository:
    """
    The files without a part; all others keep their bytes, and the rest of its file its lines.

    What would leave its container empty takes it along: an only row without `otherwise` its step,
    an only step its document. A list stays, with nothing on it: rules name it. Raises
    `OfferwrightError` where the file cannot be cut.
    """
    loaded = _loaded(documents, part)
    part = _with_container(loaded, part)
    files = dict(repository.files)
    if part.kind == "lists" and _named_values(loaded):
        files[part.file] = emptied(files[part.file], loaded.located, _named_values(loaded))
    elif not part.path and not part.csv:
        del files[part.file]
    elif part.csv:
        table = next(one for one in loaded.tables.values() if one.file == part.csv)
        files[part.csv] = without_row(files[part.csv], table, part.row)
    else:
        files[part.file] = without_node(files[part.file], loaded.located, part.path)
    return Repository(repository.root, files)


def readers(documents: Documents, part: Part) -> tuple[Part, ...]:
    """The same row of a CSV file as the other documents have it that read the file: they lose it
    too."""
    if not part.csv:
        return ()
    return tuple(
        one
        for loaded in documents
        if (loaded.document.kind, loaded.name) != (part.kind, part.document)
        for one in parts_of(loaded)
        if (one.csv, one.row) == (part.csv, part.row)
    )


def _named_values(loaded: Loaded[Any]) -> tuple[str, ...]:
    """Where a list has what is on it; nothing of rates, and of values in a file."""
    return next(((key,) for key in ("values", "map") if loaded.located.data.get(key)), ())


def _loaded(documents: Documents, part: Part) -> Loaded[Any]:
    return next(
        one for one in documents if (one.document.kind, one.name) == (part.kind, part.document)
    )


def _with_container(loaded: Loaded[Any], part: Part) -> Part:
    """The part, or what would be empty without it."""
    if not part.name:
        return part
    if part.is_of_table:
        return (
            part
            if _is_table_without(loaded, part)
            else _with_container(loaded, _table(loaded, part))
        )
    container = _at(loaded, part)
    if len(container) > 1 or part.path[:-1] == ("pool",):
        return part
    if part.path[0] == "attributes":
        return _of_path(part, ("attributes",))
    return whole(loaded)


def _is_table_without(loaded: Loaded[Any], part: Part) -> bool:
    """Whether the table says something without this row, or without its `otherwise`."""
    if part.is_otherwise:
        table: Mapping[str, Any] = _data(loaded, part.path[:-1])
        return bool(table.get("rules") or table.get("file"))
    table = _data(loaded, part.path if part.csv else part.path[:-2])
    rows = len(next(t.rows for t in loaded.tables.values() if t.file == part.csv)) if part.csv \
        else len(table["rules"])  # fmt: skip
    return rows > 1 or OTHERWISE in table


def _table(loaded: Loaded[Any], row: Part) -> Part:
    if "/" not in row.name:
        return whole(loaded)
    return next(one for one in parts_of(loaded) if one.name == row.step)


def _at(loaded: Loaded[Any], part: Part) -> Any:
    return _data(loaded, part.path[:-1])


def _data(loaded: Loaded[Any], path: Sequence[str | int]) -> Any:
    found = loaded.located.data
    for one in path:
        found = found[one]
    return found


def _of_path(part: Part, path: tuple[str | int, ...]) -> Part:
    return Part(part.kind, part.document, part.file, part.name, path, part.span)


def without_all(
    repository: Repository, addresses: Sequence[str]
) -> tuple[Repository, tuple[Part, ...]]:
    """
    The files without each of several parts, read anew after every cut.

    Raises `OfferwrightError` for a name that stands for nothing, or for what is gone with a part
    before it.
    """
    gone: list[Part] = []
    at_first = documents = documents_of(repository)
    for address in dict.fromkeys(addresses):
        find_part(at_first, address)  # what never was there has words of its own
        try:
            part = find_part(documents, address)
        except OfferwrightError:
            done = ", ".join(one.title for one in gone)
            raise OfferwrightError(f"without {done} there is no {address} to leave out") from None
        repository = without(repository, documents, part)
        documents = documents_of(repository)
        gone.append(part)
    return repository, tuple(gone)


def documents_of(repository: Repository) -> Documents:
    """The documents that can be read, those of marketplaces' own fees among them."""
    found = list(load_documents(repository, KINDS)[0])
    for file in sorted(repository.files):
        if file.startswith(f"{MARKETPLACES}/") and file.endswith("/fees.yaml"):
            loaded: Any = load_one(repository, file, FeesDocument)[0]
            found += [loaded] if loaded is not None else []
    return found
