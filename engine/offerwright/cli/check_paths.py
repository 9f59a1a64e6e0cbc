"""The paths that `check` is given → the repositories to read, and which findings to show."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from offerwright.cli.options import found_root
from offerwright.errors import Diagnostic, OfferwrightError, Span
from offerwright.source.repository import SHOP_FILE, find_root

MAX_FOLDERS = 20_000


@dataclass(frozen=True)
class Target:
    """One repository. `prefix` leads from where the command runs to its root; `only` are the files
    and folders of it to speak of, all of them if there are none."""

    root: Path
    prefix: str = ""
    only: tuple[str, ...] = ()

    def holds(self, found: Diagnostic) -> bool:
        """Whether a finding is to be shown; one without a place always is."""
        if not self.only or found.span is None:
            return True
        file = found.span.file
        return any(file == one or file.startswith(f"{one}/") for one in self.only)

    def unread(self, files: Collection[str]) -> list[str]:
        """Which of `only` are not among the files that were read, nor around one of them."""
        return [
            self.named(one)
            for one in self.only
            if not any(file == one or file.startswith(f"{one}/") for file in files)
        ]

    def named(self, file: str) -> str:
        """The name of a file of the repository, from where the command runs."""
        return f"{self.prefix}{file}"

    def placed(self, found: Diagnostic) -> Diagnostic:
        """A finding whose places are named from where the command runs."""
        if not self.prefix:
            return found
        related = tuple(replace(r, span=self._span(r.span)) for r in found.related)
        fix = found.fix and replace(found.fix, span=self._span(found.fix.span))
        span = found.span and self._span(found.span)
        return replace(found, span=span, related=related, fix=fix)

    def _span(self, span: Span) -> Span:
        return replace(span, file=self.named(span.file))


def targets(paths: Sequence[Path], root: Path | None) -> list[Target]:
    """
    The repositories to check, each once, by place.

    A folder with `offerwright.yaml` is a repository; a folder that holds such folders stands for
    all of them; any other path limits what is said of the repository it lies in.

    Raises:
        OfferwrightError: a path that lies in no repository and holds none.
    """
    if not paths:
        home = found_root(root)
        return [Target(home, _prefix(home))]
    if root is not None:
        return [_limited(found_root(root), paths)]
    whole: set[Path] = set()
    parts: dict[Path, list[Path]] = {}
    for path in paths:
        inside = _repositories(path)
        above = None if inside else find_root(path if path.is_dir() else path.parent)
        if above is not None:
            parts.setdefault(above, []).append(path)
        elif not inside:
            raise OfferwrightError(f"{path} lies in no repository: there is no {SHOP_FILE} above")
        whole |= inside
    limited = [_limited(home, below) for home, below in parts.items() if home not in whole]
    full = [Target(home, _prefix(home)) for home in whole]
    return sorted([*full, *limited], key=lambda target: target.root)


def _limited(home: Path, paths: Sequence[Path]) -> Target:
    """A repository of which only some files and folders count."""
    base, only = home.resolve(), []
    for path in paths:
        place = path.resolve()
        if place == base:
            return Target(home, _prefix(home))
        if not place.is_relative_to(base):
            raise OfferwrightError(f"{path} does not lie in {home}")
        only.append(place.relative_to(base).as_posix())
    return Target(home, _prefix(home), tuple(sorted(only)))


def _repositories(path: Path) -> set[Path]:
    """The repositories at or below a folder; inside one no other is looked for."""
    if not path.is_dir():
        return set()
    found: set[Path] = set()
    for number, (folder, below, files) in enumerate(os.walk(path)):
        if number == MAX_FOLDERS:
            raise OfferwrightError(f"{path} has more than {MAX_FOLDERS:,} folders; name one in it")
        below[:] = sorted(b for b in below if not b.startswith("."))
        if SHOP_FILE in files:
            found.add(Path(folder).resolve())
            below.clear()
    return found


def _prefix(home: Path) -> str:
    """How to write the root in front of a file: empty where the command runs in or above it."""
    place, here = home.resolve(), Path.cwd().resolve()
    if place == here or not place.is_relative_to(here):
        return ""
    return f"{place.relative_to(here).as_posix()}/"
