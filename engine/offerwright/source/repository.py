"""A folder on disk → the bytes of every file that counts."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from offerwright.errors import Diagnostic, Related, Span
from offerwright.profile import staged
from offerwright.source.text import MAX_CSV_BYTES, MAX_YAML_BYTES, too_large

SHOP_FILE = "offerwright.yaml"
RULES = "rules"
MARKETPLACES = "marketplaces"
MAX_FILES = 10_000
MAX_LEVELS = 32

RULE_ENDINGS = (".yaml", ".yml", ".csv")
_YAML_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Repository:
    """The configuration of one shop. `files` maps paths relative to `root`, with forward slashes,
    to bytes; folders of marketplaces that ship with the engine are among them."""

    root: Path
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Found:
    """One regular file: its name in the repository and where its bytes are."""

    name: str
    path: str
    size: int


@staged("files")
def read_repository(root: Path, shipped: Path | None = None) -> tuple[Repository, list[Diagnostic]]:
    """
    Read `offerwright.yaml`, the YAML and CSV files under `rules/`, and all of `marketplaces/`.

    Args:
        root: the folder with `offerwright.yaml`.
        shipped: a folder of marketplaces; one that `root` has no folder for is taken from here.

    Returns:
        The repository and what was left out of it and why: links that leave the root, files that
        are not regular, too large or unreadable, names that differ only in case or accents.
    """
    base = root.resolve()
    found: list[Diagnostic] = []
    files = [*_single(base, SHOP_FILE, found), *_walk(base, base / RULES, RULES, found)]
    files = [f for f in files if f.name.lower().endswith(RULE_ENDINGS)]
    own = base / MARKETPLACES
    files += _walk(base, own, MARKETPLACES, found)
    if shipped is not None and shipped.resolve() != own:
        named = os.listdir(own) if own.is_dir() else ()
        files += _shipped(named, shipped.resolve(), found)
    if len(files) > MAX_FILES:
        message = f"more than {MAX_FILES:,} files under {RULES}/ and {MARKETPLACES}/"
        return Repository(base, {}), [Diagnostic("TOO_MANY_FILES", message, None, _TABLE_HINT)]
    if not any(file.name == SHOP_FILE for file in files):
        hint = "run the command inside the repository, or write the file"
        found.append(Diagnostic("NO_SHOP", f"there is no {SHOP_FILE} in this folder", None, hint))
    found += _twins(files)
    read = ((file.name, _read(file, found)) for file in files)
    return Repository(base, {name: data for name, data in sorted(read) if data is not None}), found


def with_shipped(repository: Repository, shipped: Path) -> tuple[Repository, list[Diagnostic]]:
    """The repository with the shipped marketplaces that it has no folder for; see
    `read_repository`."""
    found: list[Diagnostic] = []
    own = {name.split("/")[1] for name in repository.files if name.startswith(f"{MARKETPLACES}/")}
    base = shipped.resolve()
    more = ((file.name, _read(file, found)) for file in _shipped(own, base, found))
    files = {**repository.files, **{name: data for name, data in more if data is not None}}
    return Repository(repository.root, dict(sorted(files.items()))), found


def find_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds `offerwright.yaml`."""
    here = start.resolve()
    return next((f for f in (here, *here.parents) if (f / SHOP_FILE).is_file()), None)


def shipped_marketplaces() -> Path:
    """The marketplaces that come with the engine: in the wheel, else in the source checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_shipped" / MARKETPLACES
    return installed if installed.is_dir() else package.parent.parent / MARKETPLACES


_TABLE_HINT = "put rules of one kind into one file, and long tables into CSV files"


def _single(base: Path, name: str, found: list[Diagnostic]) -> list[_Found]:
    return [f for f in _entries(base, base, "", found, only=name) if isinstance(f, _Found)]


def _walk(base: Path, folder: Path, name: str, found: list[Diagnostic]) -> list[_Found]:
    """All regular files below `folder`, by name; each real folder is entered once."""
    files: list[_Found] = []
    pending, entered = [(folder, name)], {os.path.realpath(folder)}
    if not folder.is_dir():
        return []
    if not _inside(os.path.realpath(folder), base):
        found.append(link_outside(name))
        return []
    while pending and len(files) <= MAX_FILES:
        path, prefix = pending.pop()
        if prefix.count("/") >= MAX_LEVELS:
            message = f"folders are nested more than {MAX_LEVELS} deep"
            found.append(problem("TOO_DEEP", message, prefix, "write the folders flatter"))
            continue
        for entry in _entries(base, path, prefix, found):
            if isinstance(entry, _Found):
                files.append(entry)
                continue
            real = os.path.realpath(entry[0])
            if real in entered:
                found.append(problem("LINK_LOOP", "the folder it leads to is read already",
                                      entry[1], "delete the link"))  # fmt: skip
                continue
            entered.add(real)
            pending.append(entry)
    return sorted(files, key=lambda file: file.name)


def _entries(
    base: Path, folder: Path, prefix: str, found: list[Diagnostic], only: str | None = None
) -> Iterator[_Found | tuple[Path, str]]:
    """Files and folders directly in `folder`, by name; hidden ones do not count."""
    try:
        names = sorted(os.listdir(folder)) if only is None else [only]
    except OSError as error:
        found.append(_unreadable(prefix, error))
        return
    for name in names:
        if name.startswith("."):
            continue
        shown = f"{prefix}/{name}" if prefix else name
        if not name.isprintable():
            found.append(problem("BAD_FILE_NAME", "the name holds characters that cannot be shown",
                                  prefix or ".", f"rename {name!a}"))  # fmt: skip
            continue
        path = folder / name
        try:
            status = path.stat()
        except FileNotFoundError:
            if path.is_symlink():
                found.append(problem("UNREADABLE", "the link leads nowhere", shown, "delete it"))
            continue
        except OSError as error:
            found.append(_unreadable(shown, error))
            continue
        if path.is_symlink() and not _inside(os.path.realpath(path), base):
            found.append(link_outside(shown))
        elif stat.S_ISDIR(status.st_mode):
            yield path, shown
        elif stat.S_ISREG(status.st_mode):
            yield _Found(shown, str(path), status.st_size)
        else:
            found.append(problem("NOT_A_FILE", "this is a pipe, a socket or a device", shown,
                                  "delete it; only regular files are read"))  # fmt: skip


def _shipped(own: Collection[str], shipped: Path, found: list[Diagnostic]) -> list[_Found]:
    """The files of every shipped marketplace that the repository has no folder for."""
    names = sorted(f.name for f in shipped.iterdir() if f.is_dir()) if shipped.is_dir() else []
    return [
        file
        for name in names
        if name not in own and not name.startswith(".")
        for file in _walk(shipped, shipped / name, f"{MARKETPLACES}/{name}", found)
    ]


def _read(file: _Found, found: list[Diagnostic]) -> bytes | None:
    """The bytes of a file; looked at again once it is open, because it may have changed."""
    limit = limit_of(file.name)
    if file.size > limit:
        found.append(too_large(file.name, file.size, limit))
        return None
    try:
        real = os.path.realpath(file.path)
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("it is no longer a regular file")
            content = stream.read(limit + 1)
    except OSError as error:
        found.append(_unreadable(file.name, error))
        return None
    if len(content) > limit:
        found.append(too_large(file.name, len(content), limit))
        return None
    return content


def limit_of(name: str) -> int:
    """So many bytes of a file are read at most."""
    return MAX_YAML_BYTES if name.lower().endswith(_YAML_ENDINGS) else MAX_CSV_BYTES


def _twins(files: list[_Found]) -> list[Diagnostic]:
    """Names that are one file on some computers: they differ only in case or in how accents are
    written."""
    found: list[Diagnostic] = []
    first: dict[str, str] = {}
    for name in sorted(file.name for file in files):
        same = first.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if same != name:
            related = Related(_whole(same), "the other one")
            found.append(
                Diagnostic("NAME_TWINS", f"{name} and {same} are one file on some computers",
                           _whole(name), "rename one of them", related=(related,))
            )  # fmt: skip
    return found


def _inside(path: str, base: Path) -> bool:
    return path == str(base) or path.startswith(f"{base}{os.sep}")


def _whole(name: str) -> Span:
    return Span(name, 1, 1, 1, 1)


def problem(code: str, message: str, name: str, hint: str) -> Diagnostic:
    """What is wrong with a whole file."""
    return Diagnostic(code, message, _whole(name), hint)


def link_outside(name: str) -> Diagnostic:
    """A link that leads out of the repository is not followed."""
    hint = "copy the file into the repository"
    return problem("LINK_OUTSIDE", "the link leaves the repository", name, hint)


def _unreadable(name: str, error: OSError) -> Diagnostic:
    reason = error.strerror or str(error)
    return problem("UNREADABLE", f"cannot be read: {reason}", name, "check its permissions")
