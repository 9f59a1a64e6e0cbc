"""A repository → its documents: typed models with the place of every value and their tables."""

from __future__ import annotations

import pathlib
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from offerwright.errors import ConfigError, Diagnostic, Related, Span
from offerwright.profile import staged
from offerwright.source.csv import read_csv_table
from offerwright.source.document import Document
from offerwright.source.garbage import without_garbage_collection
from offerwright.source.located import CsvTable, Loaded, Located, Path
from offerwright.source.model_errors import explain_errors
from offerwright.source.repository import Repository
from offerwright.source.spellings import shown
from offerwright.source.suggest import allowed_words, did_you_mean, suggest, suggest_among
from offerwright.source.yaml import read_yaml

D = TypeVar("D", bound=Document)

_YAML = (".yaml", ".yml")
_TESTS = (".test.yaml", ".test.yml")

Tables = dict[str, tuple[CsvTable | None, list[Diagnostic]]]


@staged("documents")
def load_documents(
    repository: Repository,
    kinds: Mapping[str, type[Document]],
    under: str = "rules/",
    *,
    tests: bool = False,
) -> tuple[tuple[Loaded[Document], ...], list[Diagnostic]]:
    """
    Read every YAML file whose path begins with `under`, one document each.

    Args:
        repository: the files.
        kinds: the model of every `kind`.
        under: a folder with its slash, or one file.
        tests: read the files named `*.test.yaml`, which hold tests of rules, and no others; else
            they are left out.

    Returns:
        The documents that are well formed, by file name, with the CSV tables they name; and what
        is wrong with the others. A mistake stops only its own file.
    """
    loaded: list[Loaded[Document]] = []
    found: list[Diagnostic] = []
    tables: Tables = {}
    with without_garbage_collection():
        for file in sorted(repository.files):
            if not file.startswith(under) or not _is_document(file, tests):
                continue
            document, wrong = _load(repository, file, kinds, tables)
            found += wrong
            if document is not None:
                loaded.append(document)
    found += _same_names(loaded)
    return tuple(loaded), found


def load_one(
    repository: Repository, file: str, model: type[D]
) -> tuple[Loaded[D] | None, list[Diagnostic]]:
    """
    Read one file whose model is known: the shop, a marketplace's manifest. Its `file:` keys are
    not followed.
    """
    if file not in repository.files:
        hint = "write the file"
        return None, [Diagnostic("FILE_NOT_FOUND", f"{file} is missing", None, hint)]
    located, found = read_yaml(repository.files[file], file)
    if located is None:
        return None, found
    document, found = _validate(model, located)
    return (None if document is None else Loaded(document, located)), found


def read_document(path: pathlib.Path, model: type[D]) -> D:
    """
    One file outside of a repository: a folder of a marketplace by itself, a script of faults.

    Raises:
        ConfigError: it cannot be read or does not fit the model; every finding has its place.
    """
    file = f"{path.parent.name}/{path.name}"
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise ConfigError([Diagnostic("UNREADABLE", message)]) from error
    located, found = read_yaml(content, file)
    if located is not None:
        document, found = _validate(model, located)
        if document is not None:
            return document
    raise ConfigError(found)


def is_test_file(file: str) -> bool:
    """Whether a file holds tests of rules, by its name."""
    return file.lower().endswith(_TESTS)


def _is_document(file: str, tests: bool) -> bool:
    return file.lower().endswith(_YAML) and is_test_file(file) == tests


def _load(
    repository: Repository, file: str, kinds: Mapping[str, type[Document]], tables: Tables
) -> tuple[Loaded[Document] | None, list[Diagnostic]]:
    located, found = read_yaml(repository.files[file], file)
    if located is None:
        return None, found
    kind = located.data.get("kind")
    model = kinds.get(kind) if isinstance(kind, str) else None
    if model is None:
        return None, [_no_kind(located, kinds)]
    document, found = _validate(model, located)
    if document is None:
        return None, found
    named, found = _tables(repository, document, located, tables)
    return (None if found else Loaded(document, located, named)), found


def _validate(model: type[D], located: Located) -> tuple[D | None, list[Diagnostic]]:
    try:
        return model.model_validate(located.data), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
        return None, explain_errors(model, errors, located)


def _no_kind(located: Located, kinds: Mapping[str, type[Document]]) -> Diagnostic:
    known = sorted(kinds)
    if "kind" not in located.data:
        hint = f"write `kind: …` on the first line; {allowed_words(known)}"
        near = [key for key in located.data if did_you_mean(key, ["kind"])]
        if near:
            hint = f"write `kind` instead of {near[0]!r}"
        at = located.key((next(iter(located.data), "kind"),))
        return Diagnostic("MISSING_KEY", "`kind` is missing in the document", at, hint)
    kind = located.data["kind"]
    hint = suggest_among(str(kind), known)
    if kind == "test":
        hint = f"tests stand in files named {pathlib.PurePosixPath(located.file).stem}.test.yaml"
    elif is_test_file(located.file):
        hint = "a file named *.test.yaml holds `kind: test`; give other documents another name"
    message = f"there is no kind {shown(kind)}"
    return Diagnostic("UNKNOWN_KIND", message, located.at(("kind",)), hint)


def _tables(
    repository: Repository, document: Document, located: Located, tables: Tables
) -> tuple[dict[str, CsvTable], list[Diagnostic]]:
    """The CSV files that the document names; `tables` keeps what was read for other documents."""
    named: dict[str, CsvTable] = {}
    found: list[Diagnostic] = []
    if b"file" not in repository.files[located.file]:
        return named, found
    for path, written in _file_fields(document):
        file, problem = _resolve(repository, located, path, written)
        if problem is not None:
            found.append(problem)
            continue
        if file not in tables:
            tables[file] = read_csv_table(repository.files[file], file)
        table, wrong = tables[file]
        found += wrong
        if table is not None:
            named[written] = table
    return named, found


def _file_fields(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Path and value of every field `file` of the models in a document."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            below = getattr(value, name)
            here = (*path, field.alias or name)
            if name == "file" and isinstance(below, str):
                yield here, below
            elif isinstance(below, BaseModel | list | dict):
                yield from _file_fields(below, here)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _file_fields(element, (*path, index))
    elif isinstance(value, dict):
        for key, element in value.items():
            if isinstance(element, BaseModel):
                yield from _file_fields(element, (*path, key))


def _resolve(
    repository: Repository, located: Located, path: Path, written: str
) -> tuple[str, Diagnostic | None]:
    """The repository's name for a file that a document names relative to itself."""
    span = located.at(path)
    if written.startswith("/") or "\\" in written or ":" in written:
        hint = f"write it relative to {located.file}, with forward slashes"
        return "", Diagnostic(
            "PATH_OUTSIDE", f"{shown(written)} is not a relative path", span, hint
        )
    file = posixpath.normpath(posixpath.join(posixpath.dirname(located.file), written))
    if file == ".." or file.startswith("../"):
        message = f"{shown(written)} lies outside the repository"
        return "", Diagnostic("PATH_OUTSIDE", message, span, "move the file into the repository")
    if file in repository.files:
        return file, None
    others = [name for name in repository.files if name.lower().endswith(".csv")]
    folder = posixpath.dirname(located.file) or "."
    near = suggest(written, [posixpath.relpath(name, folder) for name in others])
    return "", Diagnostic("FILE_NOT_FOUND", f"there is no file {file}", span, near)


def _same_names(loaded: list[Loaded[Document]]) -> list[Diagnostic]:
    """Documents of one kind that have one name; the first by file name keeps it."""
    first: dict[tuple[str, str], Span] = {}
    found = []
    for document in loaded:
        kind, name = document.document.kind, document.name
        span = document.located.at(("name",))
        taken = first.setdefault((kind, name), span)
        if taken is not span:
            related = (Related(taken, "first used here"),)
            message = f"{kind} {name!r} exists already in {taken.file}"
            hint = "give each document of one kind its own name"
            found.append(Diagnostic("DUPLICATE_NAME", message, span, hint, related=related))
    return found
