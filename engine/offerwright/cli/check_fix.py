"""Certain fixes of findings, written into the files, and shown as a diff."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from offerwright.errors import Diagnostic, Fix
from offerwright.source.text import LINE_BREAK


def fix_files(root: Path, found: Iterable[Diagnostic], files: Mapping[str, bytes]) -> str:
    """
    Write every certain fix; what changed, as a unified diff.

    A file that is not in the repository itself, or that is no longer what was checked, is left
    alone, and so is a fix that overlaps another one.
    """
    by_file: dict[str, list[Fix]] = {}
    for one in dict.fromkeys(d.fix for d in found if d.fix is not None):
        by_file.setdefault(one.span.file, []).append(one)
    return "".join(
        _fix_file(root / file, file, fixes, files[file])
        for file, fixes in sorted(by_file.items()) if file in files
    )  # fmt: skip


def _fix_file(path: Path, name: str, fixes: list[Fix], checked: bytes) -> str:
    try:
        if path.is_symlink() or path.read_bytes() != checked:
            return ""
    except OSError:
        return ""
    before = checked.decode("utf-8")
    after = fixed_text(before, fixes)
    _replace(path, after.encode("utf-8"))
    return "".join(
        line if line.endswith("\n") else f"{line}\n"
        for line in difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True),
            f"a/{name}", f"b/{name}", n=0,
        )
    )  # fmt: skip


def fixed_text(text: str, fixes: Iterable[Fix]) -> str:
    """The text with the fixes in it; of two that overlap the later one is left out."""
    mark = len(text) - len(text.removeprefix("\ufeff"))
    starts = [mark, *(found.end() for found in LINE_BREAK.finditer(text))]
    end_before, parts, at = 0, [], 0
    for fix in sorted(fixes, key=lambda fix: fix.span):
        span = fix.span
        start = starts[span.line - 1] + span.column - 1
        end = starts[span.end_line - 1] + span.end_column - 1
        if start < end_before:
            continue
        parts += [text[at:start], fix.text]
        at = end_before = end
    return "".join([*parts, text[at:]])


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all, with the mode that it has."""
    mode = path.stat().st_mode & 0o777
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(fresh, mode)
        os.replace(fresh, path)
    except OSError:
        os.unlink(fresh)
        raise
